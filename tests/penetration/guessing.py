"""Finding out by asking often: passwords, addresses, and ways around what limits that."""

import http.client
import json
import statistics
import time

import people
from report import tried

GUESSES = 10_000
# Tries that an account lets in at once, and seconds after which there is another.
AT_ONCE, AGAIN = 10, 30
# What the medians of known and unknown addresses may differ by: a part of the median, or so many seconds. Beyond what
# chance makes of 40 interleaved pairs on a busy machine, and far below the cost of a hash.
PART, SECONDS = 0.2, 0.004
PAIRS = 40


def attack(service, market):
    _passwords(service)
    _times(service)
    _query_strings(service, market)
    _links(service)


def _passwords(service):
    people.account(service, "ann@example.org", "Ann Example")
    connection = http.client.HTTPConnection(service.address, timeout=60)
    for address, known in (("ann@example.org", "known"), ("nobody@example.org", "unknown")):
        began, judged, refused = time.monotonic(), 0, 0
        for guess in range(GUESSES):
            body = json.dumps({"email": address, "password": f"the guess of number {guess}"})
            # Another way to write the address is the same account.
            body = body.replace("@", "@" if guess % 2 else "\\u0040")
            headers = {"Content-Type": "application/json", "X-Forwarded-For": f"203.0.{guess % 250}.{guess % 199}"}
            connection.request("POST", "/api/v1/sessions", body, headers)
            answer = connection.getresponse()
            answer.read()
            judged += answer.status == 401
            refused += answer.status == 429
        allowed = AT_ONCE + 1 + (time.monotonic() - began) / AGAIN
        held = judged <= allowed and judged + refused == GUESSES
        tried(f"{GUESSES} guesses on one {known} account: at most {allowed:.0f} are judged", held, (judged, refused))
        # At once, before another guess is allowed again.
        right = {"email": address, "password": people.PASSWORD}
        status, _, answer = service.call("POST", "/api/v1/sessions", right)
        tried(f"after these the right password of the {known} account is a guess as any other", status == 429,
              (status, answer))


def _times(service):
    names = [f"known{number}@example.org" for number in range(PAIRS // 2)]
    for name in names:
        people.account(service, name, "Known Example")
    asked = {
        "sign-in": ("/api/v1/sessions", lambda email: {"email": email, "password": "a guess that is long enough"}),
        "registration": ("/api/v1/people", lambda email: {"email": email, "name": "Some Body"}),
        "reset": ("/api/v1/passwords/reset", lambda email: {"email": email}),
    }
    for what, (path, body) in asked.items():
        times, answers = ([], []), set()
        for pair in range(PAIRS):
            # A fresh unknown address for each that is known, since mails to one address are few.
            for side, email in enumerate((names[pair % len(names)], f"{what}{pair % len(names)}@example.net")):
                began = time.perf_counter()
                status, _, answer = service.call("POST", path, body(email))
                times[side].append(time.perf_counter() - began)
                if isinstance(answer, dict):
                    answer.pop("request_id", None)
                answers.add((status, json.dumps(answer).replace(email, "ADDRESS")))
        tried(f"enumeration: {what} has one answer", len(answers) == 1, answers)
        known, unknown = map(statistics.median, times)
        bound = max(PART * max(known, unknown), SECONDS)
        shown = f"{known * 1000:.1f} ms and {unknown * 1000:.1f} ms, bound {bound * 1000:.1f} ms"
        tried(f"enumeration: {what} takes as long for known and unknown: {shown}", abs(known - unknown) <= bound, shown)


def _query_strings(service, market):
    key = market["buyer"]["key"]
    for name in ("key", "api_key", "apikey", "access_token", "token", "authorization", "bearer", "auth"):
        status, _, answer = service.call("GET", f"/api/v1/sites?{name}={key}")
        tried(f"key in the query string as {name}", status in (400, 401), (status, answer))
    secret = key.rpartition("_")[2]
    tried("key in the query string: it stands in no log", not any(secret in line for line in service.log))


def _links(service):
    """Links of mails lead to the service, whatever host the request that asked for them named."""
    people.account(service, "links@example.org", "Lina Links")
    headers = {"Host": "evil.example", "X-Forwarded-Host": "evil.example", "Forwarded": "host=evil.example"}
    service.call("POST", "/api/v1/passwords/reset", {"email": "links@example.org"}, headers=headers)
    mail = service.mail("links@example.org", after=1)
    tried("links of mails: the host is the service's own", "evil.example" not in mail, mail)


def attack_limits(service):
    """On a service with its usual limits: 600 points a minute for an address."""
    spoofed = {
        "X-Forwarded-For": lambda n: f"203.0.{n // 250}.{n % 250}",
        "X-Real-Ip": lambda n: f"203.0.{n // 250}.{n % 250}",
        "Forwarded": lambda n: f"for=203.0.{n // 250}.{n % 250}",
        "X-Client-Ip": lambda n: f"203.0.{n // 250}.{n % 250}",
        "True-Client-Ip": lambda n: f"203.0.{n // 250}.{n % 250}",
        "CF-Connecting-Ip": lambda n: f"203.0.{n // 250}.{n % 250}",
    }
    # Each header may spend what a fresh bucket would hold, which is more than fills up meanwhile.
    for name, value in spoofed.items():
        refused = False
        for number in range(100):
            body = {"email": f"{name}{number}@example.net", "password": "x"}
            status, fields, _ = service.call("POST", "/api/v1/sessions", body, headers={name: value(number)})
            refused |= status == 429 and fields["Retry-After"] is not None
        tried(f"rate limit: {name} makes no other client", refused)
    for name in ("muster_000000000000_" + "0" * 64, "eyJhbGciOiJub25lIn0.e30."):
        status = service.call("GET", "/api/v1/sites", token=name)[0]
        tried(
            f"rate limit: credentials that open nothing count for the address ({name[:10]}...)", status == 429, status
        )
