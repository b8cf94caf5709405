"""Requests that no client library sends, by raw socket."""

import gzip
import json
import re
import socket
import time

from report import tried

SECRET = "/api/v1/regions/FR10"


def attack(service):
    _framing(service)
    _headers(service)
    _bombs(service)


def raw(service, request, patience=3):
    """Everything the service answers until it closes or is silent, and whether it closed."""
    host, port = service.address.split(":")
    with socket.create_connection((host, int(port)), timeout=patience) as connection:
        answer, closed = b"", False
        try:
            connection.sendall(request)
            while part := connection.recv(65_536):
                answer += part
            closed = True
        except TimeoutError:
            pass
        except OSError:
            closed = True
        return answer.decode(errors="replace"), closed


def statuses(answer):
    return [int(status) for status in re.findall(r"HTTP/1\.[01] (\d{3}) ", answer)]


def _framing(service):
    body = json.dumps({"email": "a@example.org", "password": "x"})
    # Whoever takes the wrong length for the right one answers this as a second request.
    inner = f"GET {SECRET} HTTP/1.1\r\nHost: x\r\n\r\n"
    chunked = f"{len(body):x}\r\n{body}\r\n0\r\n\r\n{inner}"
    length = len(chunked)
    rows = {
        "Content-Length and Transfer-Encoding": (f"Content-Length: {length}\r\nTransfer-Encoding: chunked", chunked),
        "Transfer-Encoding and Content-Length": (f"Transfer-Encoding: chunked\r\nContent-Length: {length}", chunked),
        "two different Content-Lengths": (
            f"Content-Length: {len(body)}\r\nContent-Length: {len(body + inner)}",
            body + inner,
        ),
        "two Content-Lengths in one line": (f"Content-Length: {len(body)}, {len(body + inner)}", body + inner),
        "Content-Length with a sign": (f"Content-Length: +{len(body)}", body + inner),
        "Content-Length in hex": (f"Content-Length: {len(body):#x}", body + inner),
        "negative Content-Length": ("Content-Length: -1", body + inner),
        "Content-Length past 64 bits": (f"Content-Length: {2**64 + len(body)}", body + inner),
        "Transfer-Encoding that is none": ("Transfer-Encoding: xchunked", chunked),
        "chunked not last": ("Transfer-Encoding: chunked, identity", chunked),
        "Transfer-Encoding after a tab": ("Transfer-Encoding:\tchunked\r\nContent-Length: 4", chunked),
        "Transfer-Encoding with a space before the colon": (
            "Transfer-Encoding : chunked\r\nContent-Length: 4",
            chunked,
        ),
        "Transfer-Encoding in a folded line": ("Transfer-Encoding:\r\n chunked\r\nContent-Length: 4", chunked),
        "a folded header": (f"X-Fold: a\r\n b\r\nContent-Length: {len(body)}", body + inner),
        "a chunk's size past 64 bits": (
            "Transfer-Encoding: chunked",
            f"1{len(body):016x}\r\n{body}\r\n0\r\n\r\n{inner}",
        ),
        "a chunk's size with a sign": ("Transfer-Encoding: chunked", f"+{chunked}"),
        "a header ended by a bare LF within": (
            f"X: a\nTransfer-Encoding: chunked\r\nContent-Length: {length}",
            chunked,
        ),
    }
    for name, (lines, content) in rows.items():
        head = f"POST /api/v1/sessions HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n{lines}\r\n\r\n"
        answer, _ = raw(service, (head + content).encode())
        answered = statuses(answer)
        # One refusal, after which nothing more of the connection is read as a request.
        smuggled = len(answered) > 1 or "Ile-de-France" in answer
        tried(f"smuggling: {name}", not smuggled and all(400 <= status < 500 for status in answered), answered)
    answer, _ = raw(service, f"POST /api/v1/sessions HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n{chunked}".encode())
    tried("smuggling: Transfer-Encoding in HTTP/1.0", len(statuses(answer)) <= 1, statuses(answer))


def _headers(service):
    end = "\r\nConnection: close\r\n\r\n"
    get = f"GET {SECRET} HTTP/1.1\r\nHost: x\r\n"
    for name, line in {
        "CRLF, percent-encoded, in x-request-id": "x-request-id: a%0d%0aInjected: yes",
        "bare CR in x-request-id": "x-request-id: a\rInjected: yes",
        "bare LF in x-request-id": "x-request-id: a\nInjected: yes",
        "NUL in x-request-id": "x-request-id: a\0Injected: yes",
        "bare CR in Origin": "Origin: http://a\rInjected: yes",
        "CRLF, percent-encoded, in If-None-Match": "If-None-Match: a%0d%0aInjected: yes",
    }.items():
        answer, _ = raw(service, f"{get}{line}{end}".encode())
        head = answer.partition("\r\n\r\n")[0]
        tried(f"header splitting: {name}", "injected: yes" not in head.lower(), head)
    answer, _ = raw(service, f"GET /api/v1/%0d%0aInjected:%20yes HTTP/1.1\r\nHost: x{end}".encode())
    head = answer.partition("\r\n\r\n")[0]
    tried("header splitting: CRLF, percent-encoded, in the path", "\ninjected" not in head.lower(), head)
    for name, lines in {
        "one of a megabyte": f"X-Huge: {'a' * 2**20}",
        "ten thousand": "\r\n".join(f"X-{number}: a" for number in range(10_000)),
    }.items():
        answer, closed = raw(service, f"{get}{lines}{end}".encode())
        refused = all(400 <= status < 500 for status in statuses(answer)) and closed
        tried(f"huge headers: {name}", refused, statuses(answer))
    answer, closed = raw(service, f"GET /{'a' * 2**20} HTTP/1.1\r\nHost: x{end}".encode())
    tried(
        "huge headers: an address of a megabyte",
        closed and all(400 <= s < 500 for s in statuses(answer)),
        statuses(answer),
    )
    tried("after all of these the service answers", service.call("GET", "/healthz")[0] == 200)


def _memory(service):
    """The most memory that the server has held so far, in MiB; None where the system does not tell."""
    try:
        with open(f"/proc/{service.pid}/status", encoding="ascii") as status:
            return int(re.search(r"VmHWM:\s+(\d+)", status.read()).group(1)) // 1024
    except OSError:
        return None


def _bombs(service):
    bomb = gzip.compress(bytes(400 * 2**20), 1)
    before = _memory(service)
    for encoding in ("gzip", "x-gzip", "deflate", "br", "zstd", "identity, gzip"):
        for path in ("/api/v1/sessions", "/api/v1/people"):
            began = time.monotonic()
            status, _, answer = service.call("POST", path, bomb, headers={"Content-Encoding": encoding})
            took = time.monotonic() - began
            refused = 400 <= status < 500 and took < 5
            tried(f"decompression bomb: {encoding} at {path} before login", refused, (status, answer, f"{took:.1f} s"))
    grown = None if before is None else _memory(service) - before
    tried("decompression bomb: memory grows by less than 64 MiB", grown is None or grown < 64, f"{grown} MiB")
