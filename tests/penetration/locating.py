"""Finding out where the other side is, nearer than its NUTS 2 region, which is all that it is told.

Two markets differ in nothing but the exact point of a site within its region. The other side asks with limits on distance
from near to far, and with limits by region as fine as NUTS 3, and reads all that it may. Where the markets answer
differently, the answers tell more than the region.
"""

import time

from report import tried
from service import finished_run

# Paris and Seine-et-Marne, both of FR10; Munich and the country around Rosenheim, both of DE21.
SELLERS = (
    {"region": "FR101", "point": {"lat": 48.86, "lon": 2.34}},
    {"region": "FR102", "point": {"lat": 48.6, "lon": 3.2}},
)
BUYERS = (
    {"region": "DE212", "point": {"lat": 48.137, "lon": 11.575}},
    {"region": "DE21K", "point": {"lat": 47.8, "lon": 12.2}},
)
KILOMETRES = range(600, 801, 10)
PARTS = ("matched", "matches", "shortages", "explanations")


def attack(service, market):
    _sites(service, market, SELLERS[0], BUYERS[0])
    needs, offers = _buyer_asks, _seller_asks
    seen = {
        "a buyer": [needs(service, market, place) for place in SELLERS],
        "a supplier": [offers(service, market, place) for place in BUYERS],
    }
    for who, (first, second) in seen.items():
        told = [limit for limit, count in first["matched"].items() if count]
        varied = 0 < len(told) < len(first["matched"])
        tried(f"locating: limits of {who} are limits", varied, first["matched"])
        for part in (part for part in PARTS if part in first):
            tried(f"locating: {who} is answered by {part}", any(first[part].values()), first[part])
            held = first[part] == second[part]
            tried(f"locating: limits of {who}, by {part}", held, f"{first[part]} and {second[part]}")
    distances = {match["explanation"]["distance_km"] for match in seen["a buyer"][0]["matches"].values() if match}
    tried("locating: a match tells the distance to the region alone", len(distances) == 1, distances)


def _sites(service, market, seller, buyer):
    for side, place in (("seller", seller), ("buyer", buyer)):
        path = f"/api/v1/sites/{market[side]['site']}"
        status, _, answer = service.call("PATCH", path, place, market[side]["key"], {"If-Match": "*"})
        assert status == 200, answer


def _limits():
    """Limits from near to far, and by regions as fine as they go."""
    for kilometres in KILOMETRES:
        yield f"{kilometres} km", {"max_distance_km": kilometres}
    for region in ("FR10", "FR101", "FR102", "FR103", "DE21", "DE212", "DE21K"):
        yield region, {"regions": [region]}


def _due():
    return time.strftime("%Y-%m-%d", time.gmtime(time.time() + 30 * 86_400))


def _buyer_asks(service, market, place):
    """What a buyer sees of a supplier there, by the limit that he sets."""
    seller, buyer, operator = market["seller"], market["buyer"], market["operator"]
    _sites(service, market, place, BUYERS[0])
    needs = {}
    for limit, fields in _limits():
        body = {
            "site": buyer["site"],
            "product": "apron",
            "instalments": [{"quantity": {"value": 1, "unit": "H87"}, "due": _due()}],
            **fields,
        }
        needs[limit] = service.made("/api/v1/needs", body, buyer["key"])["id"]
    run = finished_run(service, operator)
    sight = {part: {} for part in PARTS}
    for limit, need in needs.items():
        ask = lambda path: service.call("GET", path, token=buyer["key"])[2]
        found = ask(f"/api/v1/matches?run={run}&need={need}")["items"]
        sight["matches"][limit] = _nameless(found[0]) if found else None
        sight["matched"][limit] = len(found)
        sight["shortages"][limit] = _nameless(ask(f"/api/v1/match-runs/{run}/shortages?need={need}")["items"])
        sight["explanations"][limit] = _nameless(ask(f"/api/v1/match-runs/{run}/needs/{need}/explanation"))
        service.made(f"/api/v1/needs/{need}/close", {"reason": "test"}, buyer["key"])
    _sites(service, market, SELLERS[0], BUYERS[0])
    return sight


def _seller_asks(service, market, place):
    """What a supplier sees of a buyer there, by the limit that it sets: one offer a limit, of a product of its own."""
    seller, buyer, operator = market["seller"], market["buyer"], market["operator"]
    _sites(service, market, SELLERS[0], place)
    sight = {"matched": {}, "matches": {}}
    for limit, fields in _limits():
        body = {"site": seller["site"], "product": "face-shield", "stock": {"value": 1, "unit": "H87"}, **fields}
        offer = service.made("/api/v1/offers", body, seller["key"])["id"]
        asked = {
            "site": buyer["site"],
            "product": "face-shield",
            "instalments": [{"quantity": {"value": 1, "unit": "H87"}, "due": _due()}],
        }
        need = service.made("/api/v1/needs", asked, buyer["key"])["id"]
        run = finished_run(service, operator)
        found = service.call("GET", f"/api/v1/matches?run={run}&offer={offer}", token=seller["key"])[2]["items"]
        sight["matches"][limit] = _nameless(found[0]) if found else None
        sight["matched"][limit] = len(found)
        service.call("POST", f"/api/v1/offers/{offer}/withdraw", {}, seller["key"])
        service.made(f"/api/v1/needs/{need}/close", {"reason": "test"}, buyer["key"])
    return sight


def _nameless(answer):
    """An answer without what differs by chance: ids and instants."""
    if isinstance(answer, dict):
        return {name: _nameless(value) for name, value in answer.items() if not _by_chance(name, value)}
    return [_nameless(value) for value in answer] if isinstance(answer, list) else answer


def _by_chance(name, value):
    return name.endswith("_at") or (isinstance(value, str) and len(value) == 36 and value.count("-") == 4)
