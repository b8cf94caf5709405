#!/usr/bin/env python3
"""Mail of a running service, taken by an SMTP server that nobody here wrote.

    tests/mail/run.py MUSTER

MUSTER is the built program. Needs aiosmtpd, and trustme for certificates that are good for this run alone. Prints a line
for each thing that must hold, and exits with 1 when one does not.
"""

import contextlib
import email
import email.policy
import json
import logging
import pathlib
import socket
import ssl
import sys
import tempfile
import time
import warnings

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent), str(HERE.parent / "penetration")]

import trustme
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult
from report import broken, tried
from service import link_token, serving

PASSWORD = "correct horse battery staple"
USER, SECRET = "muster", "s3cret & more"
IN_URL = "muster:s3cret%20%26%20more"
FROM = "Muster <muster@example.org>"


class Inbox:
    """Keeps what the server takes; refuses recipients of some domains, as servers do."""

    def __init__(self):
        self.taken = []

    async def handle_RCPT(self, server, session, envelope, address, options):
        if address.endswith("@nobody.example"):
            return "550 no such user"
        if address.endswith("@later.example"):
            return "451 try again later"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        over_tls = server.transport.get_extra_info("sslcontext") is not None
        self.taken.append((envelope, over_tls, session.authenticated))
        return "250 taken"

    def next(self, seconds=60):
        """The next mail, once it comes; None if it does not."""
        for _ in range(seconds * 20):
            if self.taken:
                return self.taken.pop(0)
            time.sleep(0.05)
        return None


def authenticator(server, session, envelope, mechanism, data):
    right = (data.login, data.password) == (USER.encode(), SECRET.encode())
    return AuthResult(success=right, handled=right)


@contextlib.contextmanager
def server(**settings):
    """A server on a free loopback port."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    inbox = Inbox()
    controller = Controller(inbox, hostname="127.0.0.1", port=port, **settings)
    controller.start()
    try:
        yield inbox, port
    finally:
        controller.stop()


def asked(service, address):
    """Asks for an account, which sends a mail."""
    service.made("/api/v1/people", {"email": address, "name": "Ann Example"})


def failure(service):
    """The word by which the last mail failed, once one did."""
    for _ in range(600):
        told = json.loads(service.run("doctor", "--output", "json"))
        detail = next(check["detail"] for check in told["checks"] if check["check"] == "mail queue")
        if "failed as" in detail:
            return detail.rsplit(" ", 1)[1]
        time.sleep(0.1)
    return None


def plain(muster):
    with server() as (inbox, port), serving(
        muster, MUSTER_MAIL=f"smtp://127.0.0.1:{port}", MUSTER_MAIL_FROM=FROM
    ) as service:
        asked(service, "ann@example.org")
        taken = inbox.next()
        if not tried("plain, on this machine: the mail comes", taken is not None, "".join(service.log)):
            return
        envelope = taken[0]
        tried("the envelope names sender and recipient and nobody else",
              (envelope.mail_from, envelope.rcpt_tos) == ("muster@example.org", ["ann@example.org"]), envelope.rcpt_tos)
        raw = envelope.content
        tried("lines end in CRLF and are short enough", b"\n" not in raw.replace(b"\r\n", b"")
              and max(map(len, raw.split(b"\r\n"))) <= 998)
        mail = email.message_from_bytes(raw, policy=email.policy.default)
        tried("it has From, To, Subject and Date, each once, and no defect",
              all(len(mail.get_all(name, [])) == 1 for name in ("From", "To", "Subject", "Date")) and not mail.defects,
              mail.items())
        tried("it says whom it is from and to, and what about",
              (mail["From"], mail["To"], mail["Subject"]) == (FROM, "ann@example.org", "Your account at Muster"),
              mail.items())
        tried("it is one part of plain text", mail.get_content_type() == "text/plain", mail.get_content_type())
        token = link_token(mail.get_content())
        answer = service.call("POST", "/api/v1/passwords", {"token": token, "password": PASSWORD})
        tried("its link sets a password", answer[0] == 200, answer)
        tried("one mail came, once", inbox.next(1) is None)
    for address, word in [("ann@nobody.example", "refused"), ("ann@later.example", "unreachable")]:
        with server() as (inbox, port), serving(
            muster, MUSTER_MAIL=f"smtp://127.0.0.1:{port}", MUSTER_MAIL_FROM=FROM
        ) as service:
            asked(service, address)
            seen = failure(service)
            tried(f"a recipient that the server refuses: the queue says {word}", seen == word, seen)
            tried("the log does not say to whom", not any(address in line for line in service.log))


def secure(muster, authority, folder):
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("localhost", "127.0.0.1").configure_cert(context)
    trust = folder / "authority.pem"
    authority.cert_pem.write_to_path(str(trust))
    signed_in = {"authenticator": authenticator, "auth_required": True}
    # Where all is TLS the server knows nothing of it, and would not let anybody sign in.
    ways = {
        "STARTTLS": ("smtp://{}@127.0.0.1:{}?tls=required", {"tls_context": context, "require_starttls": True}),
        "TLS from the first byte": ("smtps://{}@127.0.0.1:{}", {"ssl_context": context, "auth_require_tls": False}),
    }
    for name, (url, how) in ways.items():
        with server(**how, **signed_in) as (inbox, port), serving(
            muster, MUSTER_MAIL=url.format(IN_URL, port), MUSTER_MAIL_FROM=FROM, SSL_CERT_FILE=str(trust)
        ) as service:
            asked(service, "ann@example.org")
            taken = inbox.next()
            tried(f"{name}: the mail comes, over TLS and signed in", taken is not None and all(taken[1:]),
                  "".join(service.log))
            tried(f"{name}: the password is not in the log", not any("s3cret" in line for line in service.log))
        with server(**how, **signed_in) as (inbox, port), serving(
            muster, MUSTER_MAIL=url.format("muster:wrong", port), MUSTER_MAIL_FROM=FROM, SSL_CERT_FILE=str(trust)
        ) as service:
            asked(service, "ann@example.org")
            seen = failure(service)
            tried(f"{name}: with a wrong password nothing is sent", seen == "refused" and not inbox.taken, seen)
        # Whoever answers in the server's place has no certificate that this machine trusts.
        with server(**how, **signed_in) as (inbox, port), serving(
            muster, MUSTER_MAIL=url.format(IN_URL, port), MUSTER_MAIL_FROM=FROM
        ) as service:
            asked(service, "ann@example.org")
            seen = failure(service)
            tried(f"{name}: a server without a trusted certificate gets nothing", seen == "unreachable" and not inbox.taken,
                  seen)
    with server() as (inbox, port), serving(
        muster, MUSTER_MAIL=f"smtp://127.0.0.1:{port}?tls=required", MUSTER_MAIL_FROM=FROM, SSL_CERT_FILE=str(trust)
    ) as service:
        asked(service, "ann@example.org")
        seen = failure(service)
        tried("a server that takes no TLS where it is required gets nothing", seen is not None and not inbox.taken, seen)


def main():
    (muster,) = sys.argv[1:]
    # Connections that break off are what is tried.
    logging.disable(logging.CRITICAL)
    warnings.simplefilter("ignore", UserWarning)
    plain(muster)
    with tempfile.TemporaryDirectory(prefix="muster-mail-") as folder:
        secure(muster, trustme.CA(), pathlib.Path(folder))
    print(f"mail: {len(broken)} broken")
    sys.exit(1 if broken else 0)


main()
