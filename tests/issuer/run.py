#!/usr/bin/env python3
"""Keys of an outside issuer over TLS, asked for by the built program.

    tests/issuer/run.py MUSTER

MUSTER is the built program. Needs trustme, for certificates that are good for this run alone. Prints a line for each
thing that must hold, and exits with 1 when one does not.
"""

import http.server
import json
import pathlib
import ssl
import sys
import tempfile
import threading

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent), str(HERE.parent / "penetration")]

import trustme
from report import broken, tried
from service import Service

# The public key of RFC 8037, appendix A.
KEY = {"kty": "OKP", "crv": "Ed25519", "kid": "1", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}
KEYS = json.dumps({"keys": [KEY]}).encode()


class Issuer(http.server.BaseHTTPRequestHandler):
    """Answers its keys, or sends whoever asks elsewhere."""

    def do_GET(self):
        if self.path == "/moved.json":
            self.send_response(302)
            self.send_header("Location", "/jwks.json")
            self.end_headers()
            return
        self.send_response(200)
        self.send_header("Content-Length", str(len(KEYS)))
        self.end_headers()
        self.wfile.write(KEYS)

    def log_message(self, *_):
        pass


def finding(service, port, path, host="localhost"):
    """What `muster doctor` says of the issuer at an address."""
    service.folder.mkdir(exist_ok=True)
    (service.folder / "muster.toml").write_text(
        "[[outside_issuers]]\n"
        'issuer = "https://login.example.org"\n'
        'audience = "muster"\n'
        f'jwks_url = "https://{host}:{port}{path}"\n'
        'organisation = "018f0000-0000-7000-8000-000000000001"\n'
    )
    told = json.loads(service.run("doctor", "--output", "json", good=(0, 1)))
    return next((c["verdict"], c["detail"]) for c in told["checks"] if c["check"] == "outside issuer")


def refused(verdict, detail):
    """Whether no key was read, for the certificate's sake: a warning, since it lies with the issuer to mend."""
    return verdict == "warning" and "invalid peer certificate" in detail


def main():
    (muster,) = sys.argv[1:]
    authority = trustme.CA()
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("localhost").configure_cert(context)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Issuer)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    port = server.server_address[1]
    with tempfile.TemporaryDirectory(prefix="muster-issuer-") as folder:
        folder = pathlib.Path(folder)
        trust = folder / "authority.pem"
        authority.cert_pem.write_to_path(str(trust))
        trusting = Service(muster, folder / "data", {"SSL_CERT_FILE": str(trust)})
        verdict, detail = finding(trusting, port, "/jwks.json")
        tried("keys over TLS are read, with a certificate that this machine trusts", verdict == "ok", detail)
        verdict, detail = finding(trusting, port, "/moved.json")
        tried("a redirect is not followed", verdict == "FAULT" and "302" in detail, detail)
        verdict, detail = finding(trusting, port, "/jwks.json", "127.0.0.1")
        tried("a certificate for another name is refused", refused(verdict, detail), detail)
        verdict, detail = finding(Service(muster, folder / "data", {}), port, "/jwks.json")
        tried("a certificate that nobody vouches for is refused", refused(verdict, detail), detail)
    server.shutdown()
    print(f"issuer: {len(broken)} broken")
    sys.exit(1 if broken else 0)


main()
