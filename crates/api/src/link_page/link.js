"use strict";
// A link reads /link#PURPOSE.TOKEN.
const [purpose, token] = location.hash.slice(1).split(".");
// The token does not stay in the address bar, where others may read it.
history.replaceState(null, "", location.pathname);

const part = (id) => document.getElementById(id);
const purposes = {
  password: {
    title: "Set your password",
    about: "Choose a password for your account. Whatever else is signed in with it is signed out.",
    send: "Set the password",
    path: "/api/v1/passwords",
    fields: [],
    done: "Your password is set. You can sign in with it now.",
  },
  setup: {
    title: "Set up Muster",
    about: "You will be the first person who runs this service. Others are added by you.",
    send: "Make the account",
    path: "/api/v1/setup",
    fields: ["email", "name"],
    done: "Your account is made. You can sign in with it now.",
  },
};

function show(faults) {
  const list = part("faults");
  list.replaceChildren(...faults.map((text) => Object.assign(document.createElement("li"), { textContent: text })));
  list.hidden = faults.length === 0;
}

function told(problem) {
  const errors = problem.errors || [];
  const name = (pointer) => (pointer === "/token" ? "The link" : pointer.slice(1));
  return errors.length ? errors.map((e) => `${name(e.pointer)} ${e.detail}`) : [problem.detail || "It did not work."];
}

async function send(event) {
  event.preventDefault();
  const form = part("form");
  if (form.password.value !== form.again.value) {
    show(["The two passwords differ; type them again."]);
    form.again.focus();
    return;
  }
  const wanted = purposes[purpose];
  const body = { token, password: form.password.value };
  for (const field of wanted.fields) body[field] = form[field].value;
  part("send").disabled = true;
  show([]);
  try {
    const headers = { "Content-Type": "application/json" };
    const answer = await fetch(wanted.path, { method: "POST", headers, body: JSON.stringify(body) });
    if (answer.ok) {
      form.hidden = true;
      part("title").textContent = "Done";
      part("about").textContent = wanted.done;
    } else {
      show(told(await answer.json()));
    }
  } catch {
    show(["The service cannot be reached; try again in a moment."]);
  }
  part("send").disabled = false;
}

if (purposes[purpose] && token) {
  const wanted = purposes[purpose];
  document.title = `${wanted.title} - Muster`;
  part("title").textContent = wanted.title;
  part("about").textContent = wanted.about;
  part("send").textContent = wanted.send;
  for (const field of wanted.fields) {
    part(`${field}-field`).hidden = false;
    part(field).required = true;
  }
  part("form").hidden = false;
  part("form").addEventListener("submit", send);
  part(wanted.fields[0] || "password").focus();
} else {
  part("title").textContent = "This link is not complete";
  part("about").textContent = "Copy the whole link from the mail, up to its last letter, or ask for another.";
}
