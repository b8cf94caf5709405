"""A `muster serve` on a data folder of its own, for the scripts that test it from outside."""

import contextlib
import json
import os
import pathlib
import re
import subprocess
import tempfile
import threading
import time
import urllib.error
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parent.parent
DOCUMENT = ROOT / "openapi" / "openapi.json"


class Service:
    """The program on a folder: its commands, and requests to what it serves."""

    def __init__(self, binary, folder, settings):
        self.binary = str(pathlib.Path(binary).resolve())
        self.folder = pathlib.Path(folder)
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("MUSTER_")}
        self.environment = inherited | {"MUSTER_DATA": str(self.folder)} | settings
        self.log = []
        self.address = None
        self.pid = None

    def run(self, *arguments, good=(0,)):
        """What a command of the program prints that ends with one of these codes."""
        done = subprocess.run(
            [self.binary, *arguments], env=self.environment, capture_output=True, text=True, check=False
        )
        if done.returncode not in good:
            raise SystemExit(f"muster {' '.join(arguments)} failed:\n{done.stderr}")
        return done.stdout.strip()

    def call(self, method, path, body=None, token=None, headers=None):
        """A request with a JSON body; answers status, headers and body, parsed where it is JSON."""
        sent = {"Accept": "application/json"} | (headers or {})
        if token:
            sent["Authorization"] = f"Bearer {token}"
        content = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        if content is not None:
            sent.setdefault("Content-Type", "application/json")
        request = urllib.request.Request(f"http://{self.address}{path}", content, sent, method=method)
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                status, fields, text = answer.status, answer.headers, answer.read()
        except urllib.error.HTTPError as refusal:
            status, fields, text = refusal.code, refusal.headers, refusal.read()
        try:
            return status, fields, json.loads(text)
        except ValueError:
            return status, fields, text.decode(errors="replace")

    def made(self, path, body, token=None):
        """What a POST that must succeed answered."""
        status, _, answer = self.call("POST", path, body, token)
        if status not in (200, 201, 202, 204):
            raise SystemExit(f"POST {path} answered {status}: {answer}")
        return answer

    def mail(self, address, after=0):
        """The text of the mail to an address, once as many as `after` lie there already; waits for it."""
        for _ in range(600):
            found = []
            for file in sorted((self.folder / "mail").glob("*"), key=lambda file: file.stat().st_mtime_ns):
                text = file.read_bytes().decode(errors="replace").replace("=\r\n", "")
                if f"To: {address}" in text and "Muster at" in text:
                    found.append(text)
            if len(found) > after:
                return found[-1]
            time.sleep(0.05)
        raise SystemExit(f"no mail came to {address}")


def link_token(text, purpose=r"\w+"):
    """The token at the end of a link that a mail or the program shows, of the first one for that."""
    return re.search(rf"/link#{purpose}\.([0-9A-Za-z]+)", text).group(1)


@contextlib.contextmanager
def serving(binary, **settings):
    """Serves on a free loopback port until the block ends; ends nothing but what it started."""
    with tempfile.TemporaryDirectory(prefix="muster-") as folder:
        service = Service(binary, pathlib.Path(folder) / "data", settings)
        server = subprocess.Popen(
            [service.binary, "serve", "--addr", "127.0.0.1:0"],
            env=service.environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
        )
        try:
            for line in server.stderr:
                service.log.append(line)
                if found := re.search(r"http://([0-9.]+:[0-9]+)", line):
                    service.address = found.group(1)
                    break
            else:
                raise SystemExit("it did not serve:\n" + "".join(service.log))
            # Read on, so that the server never waits for a full pipe.
            threading.Thread(target=service.log.extend, args=(server.stderr,), daemon=True).start()
            service.pid = server.pid
            yield service
        finally:
            server.terminate()
            server.wait(timeout=60)


def market(service):
    """Two organisations that trade, with keys, and a run: what there is to read and to steal."""
    operator = service.run("token", "create", "--operator", "--scope", "read,write,admin")
    sides = {}
    for name, country, region in [("Atelier Nord", "FR", "FR101"), ("Klinik Süd", "DE", "DE212")]:
        body = {"name": name, "kind": "firm", "country": country}
        organisation = service.made("/api/v1/organisations", body, operator)
        key = service.run("token", "create", "--org", name, "--scope", "read,write,admin")
        site = service.made("/api/v1/sites", {"name": f"{name}, Halle", "region": region}, key)
        sides[name] = {"organisation": organisation["id"], "key": key, "site": site["id"]}
    seller, buyer = sides.values()
    day = lambda ahead: time.strftime("%Y-%m-%d", time.gmtime(time.time() + ahead * 86_400))
    offer = {"site": seller["site"], "product": "apron", "stock": {"value": 5_000, "unit": "H87"}, "from": day(0)}
    seller["offer"] = service.made("/api/v1/offers", offer, seller["key"])["id"]
    need = {
        "site": buyer["site"],
        "product": "apron",
        "urgency": "high",
        "instalments": [{"quantity": {"value": 3_000, "unit": "H87"}, "due": day(30)}],
    }
    buyer["need"] = service.made("/api/v1/needs", need, buyer["key"])["id"]
    run = finished_run(service, operator)
    return {"operator": operator, "seller": seller, "buyer": buyer, "run": run}


def finished_run(service, operator):
    """The id of a run over the whole market that was started for this, and is done."""
    run = service.made("/api/v1/match-runs", {}, operator)["id"]
    for _ in range(600):
        state = service.call("GET", f"/api/v1/match-runs/{run}", token=operator)[2]["state"]
        if state not in ("queued", "running"):
            break
        time.sleep(0.1)
    if state != "done":
        raise SystemExit(f"the run {run} is {state}")
    return run
