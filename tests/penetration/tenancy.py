"""What belongs to others: by their ids on every route of the document, and by fields that nobody may set."""

import json
import time
import uuid

import people
from report import tried
from service import DOCUMENT

# Words that only the victims' records hold.
SECRETS = ("Atelier Nord", "Klinik Süd", "victim@example.org", "Vera Victim")
# Who has nothing of his own in a run may still know that it was, and when.
OF_RUNS = {"match_runs_get", "match_runs_shortages", "match_runs_shares", "match_runs_remedies"}
# What is sent where a file is asked for.
FILE = b"%PDF-1.7"
METHODS = ("get", "post", "put", "patch", "delete")


def attack(service, market):
    document = json.loads(DOCUMENT.read_text())
    victim = _victim(service, market)
    attacker = _attacker(service, market)
    _control(service, document, victim, market["operator"])
    for name, token in (("key", attacker["key"]), ("person", attacker["access_token"])):
        for path, method, operation in _operations(document):
            _by_path(service, document, (path, method, operation), victim, token, name)
            _by_query(service, (path, method, operation), victim, token, name)
            _by_name(service, document, (path, method, operation), victim, token, name)
            if "requestBody" in operation:
                _by_body(service, document, (path, method, operation), victim, attacker, token, name)
    _untouched(service, victim)
    for path, method, operation in _operations(document):
        if "requestBody" in operation:
            _mass_assignment(service, document, (path, method, operation), attacker)


def _operations(document):
    for path, item in document["paths"].items():
        for method in METHODS:
            if method in item:
                yield path, method, item[method]


def _victim(service, market):
    """All ids of those who trade: of the buyer, with the offer and the match that it has of the seller."""
    side = market["buyer"]
    person = people.member(service, side, "victim@example.org", "Vera Victim")
    match = service.call("GET", "/api/v1/matches", token=side["key"])[2]["items"][0]["id"]
    key = service.call("GET", "/api/v1/api-keys", token=side["key"])[2]["items"][0]["id"]
    operator, organisation = market["operator"], side["organisation"]
    body = {"name": "Cluster Mitte", "kind": "cluster", "country": "DE", "verification": "operator"}
    cluster = service.made("/api/v1/organisations", body, operator)["id"]
    service.made(f"/api/v1/organisations/{organisation}/memberships", {"cluster": cluster}, operator)
    mandate = {"holder": cluster, "ends_on": f"{time.gmtime().tm_year + 1}-12-31"}
    mandate = service.made(f"/api/v1/organisations/{organisation}/mandates", mandate, operator)["id"]
    call, answer = _call(service, operator, side)
    certificate, evidence = _paper(service, market["seller"])
    ids = {
        "calls": call,
        "chains": _chain(service, operator, market["seller"], side),
        "answer": answer,
        "certificate": certificate,
        "evidence": evidence,
        "cluster": cluster,
        "member": organisation,
        "mandate": mandate,
        "match-runs": market["run"],
        "needs": side["need"],
        "need": side["need"],
        "offers": market["seller"]["offer"],
        "offer": market["seller"]["offer"],
        "sites": side["site"],
        "site": side["site"],
        "lines": _line(service, side),
        "alerts": _alert(service, side),
        "organisations": side["organisation"],
        "organisation": side["organisation"],
        "matches": match,
        "api-keys": key,
        "sessions": person["id"],
        "person": person["person_id"],
        "run": market["run"],
        "record_id": side["need"],
    }
    return {"ids": ids, "side": side, "seller": market["seller"], "person": person}


def _call(service, operator, side):
    """A call that the victim was invited to and answered, closed since, and its answer."""
    body = {"name": "Ministerium", "kind": "authority", "country": "DE", "verification": "operator"}
    issuer = service.made("/api/v1/organisations", body, operator)["id"]
    day = lambda ahead: time.strftime("%Y-%m-%d", time.gmtime(time.time() + ahead * 86_400))
    call = {
        "organisation": issuer,
        "title": "Aprons",
        "products": ["apron"],
        "from": day(0),
        "until": day(30),
        "answer_by": f"{day(2)}T00:00:00Z",
        "open": True,
    }
    call = service.made("/api/v1/calls", call, operator)["id"]
    service.made(f"/api/v1/calls/{call}/invitations", {"organisations": [side["organisation"]]}, operator)
    answer = service.made(f"/api/v1/calls/{call}/answers", {"nothing": True}, side["key"])["id"]
    service.made(f"/api/v1/calls/{call}/close", {}, operator)
    return call, answer


def _line(service, side):
    rate = {"value": 5, "per": "day"}
    return service.made("/api/v1/lines", {"site": side["site"], "name": "Line", "running": rate}, side["key"])["id"]


def _alert(service, side):
    alert = {"name": "Aprons short", "of": "shortages", "question": {"product": "apron"}, "threshold": {"colour": "red"}}
    return service.made("/api/v1/alerts", alert, side["key"])["id"]


def _chain(service, operator, seller, lead):
    """A chain that the victim led, of two legs, dissolved since."""
    due = time.strftime("%Y-%m-%d", time.gmtime(time.time() + 60 * 86_400))
    measure, legs = {"value": 5, "unit": "H87"}, []
    for product, maker, taker in [("cap", seller, lead), ("shoe-cover", lead, seller)]:
        offer = {"site": maker["site"], "product": product, "stock": measure}
        offer = service.made("/api/v1/offers", offer, maker["key"])["id"]
        need = {"site": taker["site"], "product": product, "instalments": [{"quantity": measure, "due": due}]}
        need = service.made("/api/v1/needs", need, taker["key"])
        ids = {"offer": offer, "need": need["id"], "instalment": need["instalments"][0]["id"]}
        legs.append({"step": product, **ids, "quantity": 5})
    body = {"organisation": lead["organisation"], "name": "Ward clothing", "legs": legs}
    chain = service.made("/api/v1/chains", body, operator)["id"]
    service.made(f"/api/v1/chains/{chain}/dissolve", {"reason": "test"}, operator)
    for leg, maker, taker in [(legs[0], seller, lead), (legs[1], lead, seller)]:
        service.made(f"/api/v1/needs/{leg['need']}/close", {"reason": "test"}, taker["key"])
        service.made(f"/api/v1/offers/{leg['offer']}/withdraw", {}, maker["key"])
    return chain


def _paper(service, seller):
    """A certificate of the victim's offer, and the paper that is on file for it."""
    stated = {"kind": "eu-type-examination", "status": "claimed", "number": "DE-4711", "notified_body": "2797"}
    stated["valid_until"] = f"{time.gmtime().tm_year + 2}-12-31"
    offer = f"/api/v1/offers/{seller['offer']}"
    headers = {"If-Match": "*"}
    status, _, changed = service.call("PATCH", offer, {"certificates": [stated]}, seller["key"], headers)
    if status != 200:
        raise SystemExit(f"PATCH {offer} answered {status}: {changed}")
    certificate = changed["certificates"][0]["id"]
    files = f"{offer}/certificates/{certificate}/evidence"
    kind = {"Content-Type": "application/pdf"}
    status, _, filed = service.call("POST", files, b"%PDF-1.7\n% a paper", seller["key"], kind)
    if status != 201:
        raise SystemExit(f"POST {files} answered {status}: {filed}")
    return certificate, filed["id"]


def _attacker(service, market):
    body = {"name": "Fremd", "kind": "firm", "country": "FR"}
    made = service.made("/api/v1/organisations", body, market["operator"])
    key = service.run("token", "create", "--org", "Fremd", "--scope", "read,write,admin")
    side = {"organisation": made["id"], "key": key}
    side["site"] = service.made("/api/v1/sites", {"name": "Halle", "region": "FR101"}, key)["id"]
    return side | people.member(service, side, "mallory@example.org", "Mallory Example")


def _addressed(path, ids):
    """The path with ids of the victim in it; `id` is of the kind that the path names."""
    for part in path.split("/"):
        if part.startswith("{"):
            name = part.strip("{}")
            kind = path.split("/")[3] if name == "id" else name
            path = path.replace(part, ids.get(kind, str(uuid.UUID(int=0))), 1)
    # It must say for whom, or with what.
    more = {"/preview": "?audience=owner", "/compare": f"?with={ids.get('match-runs', '')}", "/remedies": "?product=ffp"}
    return path + more.get(path[path.rindex("/") :], "")


def _body(document, operation):
    """The example of an operation's body, and its schema."""
    content = operation["requestBody"]["content"]
    if "application/json" not in content:
        return FILE, {}
    reference = content["application/json"]["schema"]["$ref"]
    schema = document["components"]["schemas"][reference.rsplit("/", 1)[1]]
    return schema.get("example", {}), schema


def _ask(service, method, path, body, token):
    headers = {"If-Match": "*"} if method == "patch" else {}
    if isinstance(body, bytes):
        headers["Content-Type"] = "application/pdf"
    status, _, answer = service.call(method.upper(), path, body, token, headers)
    return status, json.dumps(answer, ensure_ascii=False)


def _silent(text):
    return not any(secret in text for secret in SECRETS)


def _by_path(service, document, operation, victim, token, caller):
    path, method, said = operation
    if "{" not in path or not said["security"]:
        return
    body = _body(document, said)[0] if "requestBody" in said else None
    address = _addressed(path, victim["ids"])
    status, text = _ask(service, method, address, body, token)
    open_to_all = said["operationId"] in OF_RUNS and status == 200 and victim["ids"]["needs"] not in text
    held = (status in (403, 404) or open_to_all) and _silent(text)
    tried(f"others' ids, as a {caller}: {method.upper()} {path}", held, (status, text[:400]))


def _control(service, document, victim, operator):
    """The ids are of records that exist: who may read them does."""
    for path, method, said in _operations(document):
        if "{" in path and method == "get" and said["security"]:
            status, text = _ask(service, method, _addressed(path, victim["ids"]), None, operator)
            # Shares are of runs that asked for them; the sides of a match open each other, and nobody else does.
            other = {"/shares": 409, "/counterparty": 403}.get(path[path.rindex("/") :])
            held = status in (200, other)
            tried(f"control: the operator reads {path}", held, (status, text[:400]))


def _by_query(service, operation, victim, token, caller):
    path, method, said = operation
    if not said["security"]:
        return
    for parameter in said.get("parameters", []):
        name = parameter["name"]
        if parameter["in"] != "query" or name not in victim["ids"]:
            continue
        of_victim = victim["ids"][name]
        status, text = _ask(service, method, f"{_addressed(path, victim['ids'])}?{name}={of_victim}", None, token)
        answer = json.loads(text) if status == 200 else {}
        empty = status == 200 and not answer.get("items", answer.get("rows"))
        held = (empty or status in (403, 404, 422)) and _silent(text)
        tried(f"others' ids, as a {caller}: {method.upper()} {path}?{name}=", held, (status, text[:400]))


def _by_name(service, document, operation, victim, token, caller):
    """Acting for others without a mandate: by the header that names them."""
    path, method, said = operation
    if not said["security"]:
        return
    body = _lasting(_body(document, said)[0]) if "requestBody" in said else None
    headers = {"Acting-For": victim["ids"]["organisation"]} | ({"If-Match": "*"} if method == "patch" else {})
    status, _, answer = service.call(method.upper(), _addressed(path, victim["ids"]), body, token, headers)
    text = json.dumps(answer, ensure_ascii=False)
    tried(f"acting for others, as a {caller}: {method.upper()} {path}", status == 403 and _silent(text), (status, text[:400]))


def _by_body(service, document, operation, victim, attacker, token, caller):
    path, method, said = operation
    example, schema = _body(document, said)
    for field in ("site", "organisation"):
        if field not in schema.get("properties", {}) or not said["security"]:
            continue
        body = _lasting(example) | ({"site": attacker["site"]} if "site" in schema["properties"] else {})
        body = body | {field: victim["ids"][field]}
        status, text = _ask(service, method, _addressed(path, attacker | victim["ids"]), body, token)
        # Refused for this field, and not for another.
        held = (status in (403, 404) or (status == 422 and f'"/{field}"' in text)) and _silent(text)
        tried(f"others' ids, as a {caller}: {method.upper()} {path} with their {field}", held, (status, text[:400]))


def _untouched(service, victim):
    side, person, seller = victim["side"], victim["person"], victim["seller"]
    key_opens = service.call("GET", "/api/v1/sites", token=side["key"])[0] == 200
    session_opens = service.call("GET", "/api/v1/sites", token=person["access_token"])[0] == 200
    need = service.call("GET", f"/api/v1/needs/{side['need']}", token=side["key"])[2]
    offer = service.call("GET", f"/api/v1/offers/{seller['offer']}", token=seller["key"])[2]
    held = key_opens and session_opens and (need["state"], offer["state"]) == ("open", "published")
    seen = (key_opens, session_opens, need["state"], offer["state"])
    tried("others' ids: key, session, role, need and offer are as before", held, seen)


# Fields that only the service sets, or another caller; as they are called here and in other conventions.
FIELDS = {
    "role": "admin",
    "operator": True,
    "is_operator": True,
    "isOperator": True,
    "is_admin": True,
    "isAdmin": True,
    "verification": "verified",
    "verification_level": 3,
    "verificationLevel": 3,
    "verified": True,
    "state": "published",
    "status": "published",
    "id": "00000000-0000-7000-8000-000000000001",
    "organisation": "00000000-0000-7000-8000-000000000001",
    "organisation_id": "00000000-0000-7000-8000-000000000001",
    "organisationId": "00000000-0000-7000-8000-000000000001",
    "org": "00000000-0000-7000-8000-000000000001",
    "person": "00000000-0000-7000-8000-000000000001",
    "personId": "00000000-0000-7000-8000-000000000001",
    "created_at": "2000-01-01T00:00:00Z",
    "createdAt": "2000-01-01T00:00:00Z",
    "confirm_by": "2099-01-01",
    "confirmBy": "2099-01-01",
    "quarantine": None,
    "suspended": False,
    "tier": 1,
    "source": "import",
    "__proto__": {"operator": True},
    "constructor": {"operator": True},
}


def _mass_assignment(service, document, operation, attacker):
    path, method, said = operation
    example, schema = _body(document, said)
    if example == FILE:
        return
    own = attacker | {
        "organisations": attacker["organisation"],
        "sites": attacker["site"],
        "person": attacker["person_id"],
        "people": attacker["person_id"],
    }
    # Of a person only the person changes anything.
    token = attacker["access_token"] if (method, path) == ("patch", "/api/v1/people/me") else attacker["key"]
    # What the attacker cannot make of its own is not there for it.
    beyond = path.split("/")[3] in ("calls", "chains", "matches")
    if method == "patch" and path.split("/")[3] not in own and not beyond:
        kind = path.split("/")[3]
        body, made = _body(document, document["paths"][f"/api/v1/{kind}"]["post"])
        site = {"site": attacker["site"]} if "site" in made["properties"] else {}
        own[kind] = service.made(f"/api/v1/{kind}", _lasting(body) | site, attacker["key"])["id"]
    address = _addressed(path, own)
    taken = []
    for field, value in FIELDS.items():
        if field in schema.get("properties", {}):
            continue
        body = (example if method != "patch" else {}) | {field: value}
        if "site" in schema.get("properties", {}):
            body["site"] = attacker["site"]
        status, text = _ask(service, method, address, body, token if said["security"] else None)
        # What the caller may not do at all is refused before anybody reads it.
        if not (status == 403 or (beyond and status == 404) or (status == 422 and "unknown_field" in text)):
            taken.append((field, status, text[:200]))
    tried(f"mass assignment: {method.upper()} {path}", not taken, taken[:3])


def _lasting(body):
    """An example that stays valid: its days are of the year that it was written in."""
    if isinstance(body, bytes):
        return body
    return json.loads(json.dumps(body).replace('"2020-', f'"{time.gmtime().tm_year + 1}-'))
