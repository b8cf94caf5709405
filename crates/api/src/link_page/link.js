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
  entry: {
    title: "Confirm or refuse",
    about: "The mail says what was entered for your firm, and by whom. Confirm it if it is right: a mail will then tell you how to act for your firm yourself. Refuse it if not: what was entered leaves the market, nobody acts for your firm any more, and your name and address are erased.",
    send: "Confirm",
    path: "/api/v1/organisations/confirm",
    done: "You confirmed it. A mail is on its way that tells how to act for your firm yourself.",
    refuse: "/api/v1/organisations/refuse",
    sure: "Refuse what was entered for your firm? The link works once.",
    refused: "You refused it. Nobody acts for your firm any more.",
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

// Sends a body, and says what became of it.
async function post(path, body, done) {
  const form = part("form");
  const buttons = [part("send"), part("refuse")];
  for (const button of buttons) button.disabled = true;
  show([]);
  try {
    const headers = { "Content-Type": "application/json" };
    const answer = await fetch(path, { method: "POST", headers, body: JSON.stringify(body) });
    if (answer.ok) {
      form.hidden = true;
      part("title").textContent = "Done";
      part("about").textContent = done;
    } else {
      show(told(await answer.json()));
    }
  } catch {
    show(["The service cannot be reached; try again in a moment."]);
  }
  for (const button of buttons) button.disabled = false;
}

async function send(event) {
  event.preventDefault();
  const form = part("form");
  const wanted = purposes[purpose];
  const body = { token };
  if (wanted.fields) {
    if (form.password.value !== form.again.value) {
      show(["The two passwords differ; type them again."]);
      form.again.focus();
      return;
    }
    body.password = form.password.value;
    for (const field of wanted.fields) body[field] = form[field].value;
  }
  await post(wanted.path, body, wanted.done);
}

if (purposes[purpose] && token) {
  const wanted = purposes[purpose];
  document.title = `${wanted.title} - Muster`;
  part("title").textContent = wanted.title;
  part("about").textContent = wanted.about;
  part("send").textContent = wanted.send;
  const asked = wanted.fields ? [...wanted.fields, "password", "again"] : [];
  for (const field of asked) {
    part(`${field}-field`).hidden = false;
    part(field).required = true;
  }
  if (wanted.refuse) {
    part("refuse").hidden = false;
    const refuse = () => confirm(wanted.sure) && post(wanted.refuse, { token }, wanted.refused);
    part("refuse").addEventListener("click", refuse);
  }
  part("form").hidden = false;
  part("form").addEventListener("submit", send);
  part(asked[0] || "send").focus();
} else {
  part("title").textContent = "This link is not complete";
  part("about").textContent = "Copy the whole link from the mail, up to its last letter, or ask for another.";
}
