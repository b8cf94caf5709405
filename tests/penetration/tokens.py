"""Tokens that the service did not issue, and refresh tokens that were stolen."""

import base64
import hashlib
import hmac
import json
import threading

import ed25519
import people
from report import tried

ME = "/api/v1/people/me"


def _encoded(part):
    raw = part if isinstance(part, bytes) else json.dumps(part, separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _decoded(part):
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def _token(header, claims, signature):
    signed = f"{_encoded(header)}.{_encoded(claims)}"
    return f"{signed}.{_encoded(signature(signed.encode()))}"


def attack(service):
    people.account(service, "opal@example.org", "Opal Example")
    opened = people.signed_in(service, "opal@example.org")
    genuine = opened["access_token"]
    status, _, answer = service.call("GET", ME, token=genuine)
    tried("control: a genuine token opens its account", status == 200, (status, answer))
    for name, token in _forged(service, genuine):
        status, _, answer = service.call("GET", ME, token=token)
        tried(f"token: {name}", status == 401, (status, answer))
    status, _, answer = service.call("GET", ME, token=opened["refresh_token"])
    tried("token: a refresh token as access token", status == 401, (status, answer))
    _stolen(service)


def _forged(service, genuine):
    header, claims, signature = (_decoded(part) for part in genuine.split("."))
    header, claims = json.loads(header), json.loads(claims)
    keys = service.call("GET", "/.well-known/jwks.json")[2]["keys"]
    key = next(key for key in keys if key["kid"] == header["kid"])
    public = _decoded(key["x"])
    genuine_signature = lambda _: signature

    for none in ("none", "None", "NONE", "nOnE", ""):
        for name, made in (("without signature", b""), ("with the genuine signature", signature)):
            yield f"alg {none!r} {name}", _token(header | {"alg": none}, claims, lambda _, made=made: made)
    secrets = {"bytes": public, "text": key["x"].encode(), "JWK": json.dumps(key).encode(), "nothing": b""}
    for alg, digest in (("HS256", hashlib.sha256), ("HS384", hashlib.sha384), ("HS512", hashlib.sha512)):
        for name, secret in secrets.items():
            mac = lambda signed, secret=secret, digest=digest: hmac.new(secret, signed, digest).digest()
            yield f"{alg} with the public key as secret ({name})", _token(header | {"alg": alg}, claims, mac)
    own = b"an attacker's own key, 32 bytes."
    ours = lambda signed: ed25519.sign(own, signed)
    jwk = {
        "kty": "OKP",
        "crv": "Ed25519",
        "alg": "EdDSA",
        "use": "sig",
        "x": _encoded(ed25519.public(own)),
        "kid": "own",
    }
    other_kids = [other["kid"] for other in keys if other["kid"] != header["kid"]]
    for kid in ["own", "", "../../../../dev/null", "' OR 1=1 --", None, 1, *other_kids]:
        yield f"kid {kid!r} with an own signature", _token(header | {"kid": kid}, claims, ours)
        yield f"kid {kid!r} with the genuine signature", _token(header | {"kid": kid}, claims, genuine_signature)
    yield "own signature under the service's kid", _token(header, claims, ours)
    yield "embedded jwk and an own signature", _token(header | {"jwk": jwk}, claims, ours)
    yield "embedded jwk of another kid and an own signature", _token(header | {"jwk": jwk, "kid": "own"}, claims, ours)
    for member in ("jku", "x5u"):
        outside = header | {member: f"http://{service.address}/keys.json"}
        yield f"{member} and an own signature", _token(outside, claims, ours)
    yield "crit with what nobody knows", _token(header | {"crit": ["exp"]}, claims, genuine_signature)
    without = {name: value for name, value in header.items() if name != "typ"}
    for name, other in (
        ("no typ", without),
        ("typ JWT", header | {"typ": "JWT"}),
        ("typ of an id token", header | {"typ": "id+jwt"}),
    ):
        yield f"{name} with the genuine signature", _token(other, claims, genuine_signature)
        yield f"{name} with an own signature", _token(other, claims, ours)
    eternal = {name: value for name, value in claims.items() if name != "exp"}
    changes = {
        "no exp": eternal,
        "exp as text": claims | {"exp": "9999999999"},
        "exp as a fraction": claims | {"exp": 9999999999.5},
        "exp null": claims | {"exp": None},
        "exp far away": claims | {"exp": 9999999999},
        "another person": claims | {"sub": "00000000-0000-7000-8000-000000000000"},
        "another organisation": claims | {"org": "00000000-0000-7000-8000-000000000000"},
        "operator": claims | {"operator": True},
    }
    for name, changed in changes.items():
        yield f"{name} under the genuine signature", _token(header, changed, genuine_signature)
        yield f"{name} with an own signature", _token(header, changed, ours)
        yield f"{name} with alg none", _token(header | {"alg": "none"}, changed, lambda _: b"")
    scalar = int.from_bytes(signature[32:], "little") + ed25519.ORDER
    twisted = signature[:32] + scalar.to_bytes(32, "little")
    yield "the genuine signature in its other form", _token(header, claims, lambda _: twisted)
    yield "all zero signature", _token(header, claims, lambda _: bytes(64))
    yield "no third part", genuine.rpartition(".")[0]
    yield "a fourth part", f"{genuine}.{_encoded(b'x')}"


def _stolen(service):
    carry = lambda token: service.call("POST", "/api/v1/sessions/refresh", {"refresh_token": token})
    first = people.signed_in(service, "opal@example.org")
    status, _, second = carry(first["refresh_token"])
    tried("control: a refresh token carries a session on", status == 200, (status, second))
    status, _, answer = carry(first["refresh_token"])
    tried("stolen refresh token: used a second time", status == 401, (status, answer))
    for name, token in (("thief's", first["access_token"]), ("owner's", second["access_token"])):
        status, _, answer = service.call("GET", ME, token=token)
        tried(f"stolen refresh token: the {name} access token after that", status == 401, (status, answer))
    status, _, answer = carry(second["refresh_token"])
    tried("stolen refresh token: the newer one after that", status == 401, (status, answer))
    opened = people.signed_in(service, "opal@example.org")
    answers = []
    racers = [threading.Thread(target=lambda: answers.append(carry(opened["refresh_token"]))) for _ in range(8)]
    for racer in racers:
        racer.start()
    for racer in racers:
        racer.join()
    won = [answer for status, _, answer in answers if status == 200]
    ended = all(service.call("GET", ME, token=answer["access_token"])[0] == 401 for answer in won)
    tried("stolen refresh token: eight at once", len(won) <= 1 and ended, [status for status, *_ in answers])
