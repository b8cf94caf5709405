"""Finding out where a supplier is, nearer than its NUTS 2 region, which is all that buyers are told.

Two markets differ in nothing but the exact point of a supplier's site within its region. A buyer asks with limits on
distance from near to far, and reads all that he may. Where the markets answer differently, the answers tell more than
the region.
"""

import time

from report import known, tried
from service import finished_run

# Two places of Île-de-France, FR10.
PLACES = ({"lat": 48.45, "lon": 2.15}, {"lat": 49.05, "lon": 2.9})
MUNICH = {"lat": 48.137, "lon": 11.575}
KILOMETRES = range(600, 801, 10)
DOCUMENTED = "limits on distance are judged from exact places (docs/API.md, limits of this version)"


def attack(service, market):
    seen = [_seen(service, market, place) for place in PLACES]
    shown = [sight["matches"] for sight in seen]
    told = {match["explanation"]["distance_km"] for sight in shown for match in sight.values() if match}
    tried("locating: a match tells the distance to the region alone", len(told) == 1, told)
    for part in ("matched", "shortages", "explanations"):
        what = f"locating: limits on distance, by {part}"
        if seen[0][part] == seen[1][part]:
            tried(what, True)
        else:
            known(what, DOCUMENTED)


def _seen(service, market, place):
    """What a buyer sees of a supplier there, by kilometres."""
    seller, buyer, operator = market["seller"], market["buyer"], market["operator"]
    site = f"/api/v1/sites/{seller['site']}"
    service.call("PATCH", site, {"point": place}, seller["key"], {"If-Match": "*"})
    service.call("PATCH", f"/api/v1/sites/{buyer['site']}", {"point": MUNICH}, buyer["key"], {"If-Match": "*"})
    due = time.strftime("%Y-%m-%d", time.gmtime(time.time() + 30 * 86_400))
    needs = {}
    for kilometres in KILOMETRES:
        body = {
            "site": buyer["site"],
            "product": "apron",
            "max_distance_km": kilometres,
            "instalments": [{"quantity": {"value": 1, "unit": "H87"}, "due": due}],
        }
        needs[kilometres] = service.made("/api/v1/needs", body, buyer["key"])["id"]
    run = finished_run(service, operator)
    sight = {"matches": {}, "matched": {}, "shortages": {}, "explanations": {}}
    for kilometres, need in needs.items():
        ask = lambda path: service.call("GET", path, token=buyer["key"])[2]
        found = ask(f"/api/v1/matches?run={run}&need={need}")["items"]
        sight["matches"][kilometres] = found[0] if found else None
        sight["matched"][kilometres] = len(found)
        sight["shortages"][kilometres] = _nameless(ask(f"/api/v1/match-runs/{run}/shortages?need={need}")["items"])
        sight["explanations"][kilometres] = _nameless(ask(f"/api/v1/match-runs/{run}/needs/{need}/explanation"))
        service.call("POST", f"/api/v1/needs/{need}/close", {}, buyer["key"])
    return sight


def _nameless(answer):
    """An answer without what differs by chance: ids and instants."""
    if isinstance(answer, dict):
        return {name: _nameless(value) for name, value in answer.items() if not _by_chance(name, value)}
    return [_nameless(value) for value in answer] if isinstance(answer, list) else answer


def _by_chance(name, value):
    return name.endswith("_at") or (isinstance(value, str) and len(value) == 36 and value.count("-") == 4)
