#!/usr/bin/env python3
"""The call of April 2020, played through HTTP alone on SQLite and on PostgreSQL.

    tests/april/run.py MUSTER

MUSTER is the built program. A call opens, ten clusters are invited, 300 firms answer (half of them entered by their cluster
from a telephone list, and claimed later by the mailed link or with evidence), hospitals state needs, a run suggests,
suppliers and buyers accept, goods arrive in parts and some are rejected, a firm fails and its rest is rematched, a
consortium of three clusters delivers respirators, and the report closes the call. At each step each party sees what its
audience may see and nothing else. Prints a line for each thing that must hold, and exits with 1 when one does not.
"""

import concurrent.futures
import pathlib
import sys
import time
import uuid

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent), str(HERE.parent / "penetration")]

from people import PASSWORD, account, signed_in
from postgres import database
from report import broken, tried
from service import finished_run, link_token, serving

CLUSTERS = 10
FIRMS = 300
HOSPITALS = 30
REGIONS = ["FR101", "DE212", "ITC4C", "ES511", "PL911", "PT1A0", "CZ010", "AT130", "BE100", "NL32B"]
WEEKLY = 1_000
ASKED = 6_000
# The steps of the consortium, each by its product.
STEPS = {"Filter fabric": "meltblown", "Ear loops": "ear-loop", "Sewing": "ffp"}


def day(ahead):
    return time.strftime("%Y-%m-%d", time.gmtime(time.time() + ahead * 86_400))


def instant(ahead):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + ahead))


class Party:
    """An organisation that acts by a key of its own."""

    def __init__(self, service, name, organisation, key):
        self.service, self.name, self.id, self.key = service, name, organisation, key
        self.site = self.offer = self.need = None

    def post(self, path, body=None, for_=None):
        headers = {"Idempotency-Key": str(uuid.uuid4())} | ({"Acting-For": for_} if for_ else {})
        status, _, answer = self.service.call("POST", f"/api/v1{path}", body or {}, self.key, headers)
        return status, answer

    def made(self, path, body=None, for_=None):
        status, answer = self.post(path, body, for_)
        if status not in (200, 201, 202, 204):
            raise SystemExit(f"{self.name}: POST {path} answered {status}: {answer}")
        return answer

    def read(self, path):
        status, _, answer = self.service.call("GET", f"/api/v1{path}", token=self.key)
        return status, answer

    def all(self, path):
        """Every entry of a list."""
        found, cursor = [], None
        while True:
            mark = "&" if "?" in path else "?"
            status, page = self.read(f"{path}{mark}limit=200" + (f"&cursor={cursor}" if cursor else ""))
            if status != 200:
                raise SystemExit(f"{self.name}: GET {path} answered {status}: {page}")
            found += page["items"]
            cursor = page["next"]
            if not cursor:
                return found


def register(service, operator, name, kind, country):
    """An organisation that the operator enters, with a key for its programs."""
    body = {"name": name, "kind": kind, "country": country}
    organisation = service.made("/api/v1/organisations", body, operator)["id"]
    key = {"organisation": organisation, "name": "programs", "scopes": ["read", "write", "admin"]}
    return Party(service, name, organisation, service.made("/api/v1/api-keys", key, operator)["key"])


def vouch(service, operator, party):
    service.made(f"/api/v1/organisations/{party.id}/verify", {"verification": "operator"}, operator)


def offer_of(site):
    return {
        "site": site,
        "product": "apron",
        "stock": {"value": 200},
        "running": {"value": WEEKLY, "per": "week"},
        "lead_days": 2,
    }


def in_parallel(work, items):
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        return list(pool.map(work, items))


def play(service):
    operator_key = service.run("token", "create", "--operator", "--scope", "read,write,admin")
    operator = Party(service, "operator", None, operator_key)
    commission = register(service, operator_key, "Crisis Authority", "authority", "BE")
    vouch(service, operator_key, commission)
    clusters = []
    for n in range(CLUSTERS):
        cluster = register(service, operator_key, f"Cluster {n}", "cluster", REGIONS[n][:2])
        vouch(service, operator_key, cluster)
        clusters.append(cluster)

    call = commission.made(
        "/calls",
        {
            "title": "Aprons for wards",
            "products": ["apron"],
            "from": day(0),
            "until": day(60),
            "answer_by": instant(86_400),
            "open": True,
        },
    )["id"]
    commission.made(f"/calls/{call}/invitations", {"organisations": [c.id for c in clusters]})
    tried("a call is open to those invited", clusters[0].read(f"/calls/{call}")[0] == 200)
    stranger = register(service, operator_key, "Stranger", "firm", "FR")
    tried("it is not there for others", stranger.read(f"/calls/{call}")[0] == 404)

    def entered(n):
        """A firm from the telephone list of its cluster."""
        cluster, region = clusters[n % CLUSTERS], REGIONS[n % CLUSTERS]
        member = {
            "name": f"Entered {n}",
            "country": region[:2],
            "contact": {"email": f"firm{n}@firms.example", "name": f"Contact {n}"},
            "mandate": {"ends_on": day(180)},
        }
        firm = cluster.made(f"/organisations/{cluster.id}/members", member)["organisation"]["id"]
        party = Party(service, f"Entered {n}", firm, None)
        party.cluster, party.country, party.address = cluster, region[:2], f"firm{n}@firms.example"
        party.site = cluster.made("/sites", {"name": f"Works {n}", "region": region}, firm)["id"]
        party.offer = cluster.made("/offers", offer_of(party.site), firm)["id"]
        cluster.made(f"/calls/{call}/answers", {"offers": [party.offer]}, firm)
        return party

    def registered(n):
        """A firm that registers, joins its cluster and answers itself."""
        cluster, region = clusters[n % CLUSTERS], REGIONS[n % CLUSTERS]
        party = register(service, operator_key, f"Registered {n}", "firm", region[:2])
        party.cluster = cluster
        party.made(f"/organisations/{party.id}/memberships", {"cluster": cluster.id})
        cluster.made(f"/organisations/{cluster.id}/members/{party.id}/accept")
        cluster.made(f"/organisations/{cluster.id}/members/{party.id}/verify", {"vouch": True})
        party.site = party.made("/sites", {"name": f"Werk {n}", "region": region})["id"]
        party.offer = party.made("/offers", offer_of(party.site))["id"]
        party.made(f"/calls/{call}/answers", {"offers": [party.offer]})
        return party

    firms = in_parallel(entered, range(FIRMS // 2)) + in_parallel(registered, range(FIRMS // 2, FIRMS))
    tried(f"{FIRMS} firms answered", len(firms) == FIRMS)
    claimed(service, operator, firms[: FIRMS // 2])
    by_id = {party.id: party for party in firms}

    def hospital(n):
        region = REGIONS[n % CLUSTERS]
        party = register(service, operator_key, f"Hospital {n}", "authority", region[:2])
        vouch(service, operator_key, party)
        party.site = party.made("/sites", {"name": f"Ward {n}", "region": region})["id"]
        need = {
            "site": party.site,
            "product": "apron",
            "urgency": "high" if n % 3 else "normal",
            "instalments": [{"quantity": {"value": ASKED}, "due": day(30)}, {"quantity": {"value": ASKED}, "due": day(50)}],
        }
        party.need = party.made("/needs", need)["id"]
        return party

    hospitals = in_parallel(hospital, range(HOSPITALS))
    run = finished_run(service, operator_key)
    suggested = operator.all(f"/matches?run={run}&state=suggested")
    asked = HOSPITALS * 2 * ASKED
    covered = sum(m["quantity"] for m in suggested)
    tried("a run suggests cover for every need", covered == asked, f"{covered} of {asked}")
    seen = [m for h in hospitals for m in h.all("/matches")]
    tried("each match is one buyer's", len(seen) == len(suggested))
    names = ("Entered", "Registered", "Works", "Werk")
    tried("buyers are told no supplier's name", not any(name in str(seen) for name in names))
    tried("nor an id of one", not any(m["offer"]["id"] or m["offer"]["organisation"] for m in seen))

    accepted = operator.made(f"/match-runs/{run}/accept")
    tried("the run is put to its sides whole", accepted["matches"] == len(suggested))
    of_offer = {m["id"]: m["offer"]["organisation"] for m in suggested}
    of_need = {m["id"]: m["need"]["organisation"] for m in suggested}
    buyer = {h.id: h for h in hospitals}
    one = suggested[0]["id"]
    first_buyer, first_firm = buyer[of_need[one]], by_id[of_offer[one]]
    tried("who it is is closed before the supplier accepts", first_buyer.read(f"/matches/{one}/counterparty")[0] == 409)
    in_parallel(lambda m: by_id[of_offer[m["id"]]].made(f"/matches/{m['id']}/accept"), suggested)
    status, opened = first_buyer.read(f"/matches/{one}/counterparty")
    tried("and open after", status == 200 and first_firm.name in str(opened), opened)
    tried("to nobody else", stranger.read(f"/matches/{one}")[0] == 404)
    status, told = first_firm.read(f"/organisations/{first_firm.id}/openings")
    tried("the supplier reads who was shown what", status == 200 and first_buyer.id in str(told), told)
    in_parallel(lambda m: buyer[of_need[m["id"]]].made(f"/matches/{m['id']}/accept"), suggested)
    tried("all is agreed", len(operator.all(f"/matches?run={run}&state=agreed")) == len(suggested))

    # One firm fails before it has shipped, and its rest is rematched.
    failing = suggested[-1]
    by_id[of_offer[failing["id"]]].made(f"/matches/{failing['id']}/cancel", {"reason": "no_supply"})

    def deliver(m):
        """In two parts, of which goods-in rejects some."""
        firm, ward, units = by_id[of_offer[m["id"]]], buyer[of_need[m["id"]]], m["quantity"]
        first = max(units // 2, 1)
        firm.made(f"/matches/{m['id']}/ship", {"quantity": first, "lots": [{"lot": f"L-{m['id'][:8]}"}]})
        rejected = first // 10
        ward.made(f"/matches/{m['id']}/receive", {"accepted": first - rejected, "rejected": rejected})
        if units > first:
            firm.made(f"/matches/{m['id']}/ship", {"quantity": units - first})
            ward.made(f"/matches/{m['id']}/receive", {"accepted": units - first})
        return rejected

    rejected = sum(in_parallel(deliver, suggested[:-1]))
    again = finished_run(service, operator_key)
    lacking = operator.all(f"/matches?run={again}&state=suggested")
    owed = failing["quantity"] + rejected
    tried("what failed and what was rejected is suggested anew", sum(m["quantity"] for m in lacking) == owed, lacking)
    kept = [m for m in lacking if m["offer"]["id"] == failing["offer"]["id"] and m["need"]["id"] == failing["need"]["id"]]
    tried("not by the firm that failed", not kept, kept)
    operator.made(f"/match-runs/{again}/accept")
    for m in lacking:
        by_id[m["offer"]["organisation"]].made(f"/matches/{m['id']}/accept")
        buyer[m["need"]["organisation"]].made(f"/matches/{m['id']}/accept")

    states = [h.read(f"/needs/{h.need}")[1]["state"] for h in hospitals]
    tried("every need is covered by what came and what is agreed", set(states) == {"covered"}, states)

    consortium(service, operator, clusters, hospitals[0], stranger)

    progress = commission.read(f"/calls/{call}/progress")[1]
    tried("progress names clusters and counts", "Cluster 0" in str(progress), progress)
    commission.made(f"/calls/{call}/close")
    status, report = commission.read(f"/calls/{call}/report")
    tried("the call closes with a report", status == 200, report)
    weekly = sum(row["running"] for row in report["capacity"]) if status == 200 else 0
    tried("its capacity is there", weekly > 0, str(report)[:400])
    tried("it is the issuer's alone", clusters[0].read(f"/calls/{call}/report")[0] in (403, 404))
    for form in ("csv", "xlsx"):
        status, head, _ = service.call("GET", f"/api/v1/calls/{call}/report?format={form}", token=commission.key)
        tried(f"as {form} too", status == 200, head)

    ledger = service.run("ledger", "verify", "--output", "json", good=(0, 1))
    tried("the ledger adds up", '"sound": true' in ledger or '"sound":true' in ledger, ledger)


def claimed(service, operator, firms):
    """Firms that their cluster entered take over what is theirs, and act by keys of their own from then on: by the mailed
    link, a few with an account of their own, and a few of which somebody claims the record with evidence."""

    def confirm(party):
        token = link_token(service.mail(party.address), "entry")
        service.made("/api/v1/organisations/confirm", {"token": token})

    def own_key(party, opened):
        """Made by its own person, as who it is."""
        carried = {"refresh_token": opened["refresh_token"], "organisation": party.id}
        token = service.made("/api/v1/sessions/refresh", carried)["access_token"]
        key = {"organisation": party.id, "name": "own", "scopes": ["read", "write"]}
        return service.made("/api/v1/api-keys", key, token)["key"]

    def by_account(party):
        """The link of the next mail sets a password, and its person makes the key."""
        confirm(party)
        token = link_token(service.mail(party.address, after=1), "password")
        service.made("/api/v1/passwords", {"token": token, "password": PASSWORD})
        party.key = own_key(party, signed_in(service, party.address))

    def by_evidence(party):
        """Somebody whom the cluster did not know of shows that he speaks for the firm."""
        address = f"owner-of-{party.id}@home.example"
        account(service, address, "Owner")
        opened = signed_in(service, address)
        own = f"/api/v1/organisations/{party.id}"
        status, _, _ = service.call("GET", own, token=opened["access_token"])
        tried("nothing is his before he is believed", status in (403, 404), status)
        asked = {"name": party.name, "country": party.country, "evidence": f"Register entry {party.name}, page 4"}
        service.made("/api/v1/organisations/ask", asked, opened["access_token"])
        claim = next(claim for claim in operator.all(f"/organisations/{party.id}/claims") if claim["email"] == address)
        status, _ = party.cluster.read(f"/organisations/{party.id}/claims")
        tried("its cluster does not decide about its own word", status == 404, status)
        operator.made(f"/organisations/{party.id}/claims/{claim['id']}/grant", {"role": "admin"})
        party.key = own_key(party, opened)

    def by_link(party):
        """It confirms what its cluster entered, and whoever runs the service hands it a key."""
        confirm(party)
        key = {"organisation": party.id, "name": "claimed", "scopes": ["read", "write"]}
        party.key = service.made("/api/v1/api-keys", key, operator.key)["key"]

    for party in firms[:5]:
        by_account(party)
    for party in firms[5:10]:
        by_evidence(party)
    in_parallel(by_link, firms[10:])
    confirmed = sum(operator.read(f"/organisations/{f.id}")[1]["confirmed_by_firm_at"] is not None for f in firms)
    tried("all that was entered is confirmed by its firm", confirmed == len(firms), confirmed)


def consortium(service, operator, clusters, ward, stranger):
    """Firms of three clusters make respirators together: one fails, another takes its step, and the ward gets its goods."""

    def partner(name, n):
        party = register(service, operator.key, name, "firm", REGIONS[n][:2])
        party.made(f"/organisations/{party.id}/memberships", {"cluster": clusters[n].id})
        clusters[n].made(f"/organisations/{clusters[n].id}/members/{party.id}/accept")
        party.site = party.made("/sites", {"name": "Mill", "region": REGIONS[n]})["id"]
        return party

    def offers(party, product, value, unit):
        stock = {"site": party.site, "product": product, "stock": {"value": value, "unit": unit}}
        party.offer = party.made("/offers", stock)["id"]

    def lacks(party, product, value, unit, by):
        lot = {"quantity": {"value": value, "unit": unit}, "due": day(by)}
        return party.made("/needs", {"site": party.site, "product": product, "instalments": [lot]})["id"]

    def legs():
        """What a run suggests for the lead and its ward, by step."""
        run = finished_run(service, operator.key)
        found = {m["need"]["product"]: m["id"] for m in operator.all(f"/matches?run={run}&state=suggested")}
        return [{"step": step, "match": found[product]} for step, product in STEPS.items()]

    spinner, welder, lead = (partner(name, n) for n, name in enumerate(["Spinner", "Loops", "Atelier"]))
    offers(spinner, "meltblown", 80, "KGM")
    offers(welder, "ear-loop", 9_000, "MTR")
    offers(lead, "ffp", 20_000, "H87")
    lacks(lead, "meltblown", 80, "KGM", 20)
    lacks(lead, "ear-loop", 8_000, "MTR", 20)
    lacks(ward, "ffp", 20_000, "H87", 40)
    chain = lead.made("/chains", {"name": "Respirators of three clusters", "legs": legs()})["id"]
    state = lambda of: of.read(f"/chains/{chain}")[1]["state"]
    tried("a consortium holds all its legs", state(lead) == "held")
    tried("its buyer reads how it stands, and no partner's name", "Spinner" not in str(ward.read(f"/chains/{chain}")))
    tried("others read nothing of it", stranger.read(f"/chains/{chain}")[0] == 404)
    held = {leg["step"]: leg["match"] for leg in operator.read(f"/chains/{chain}")[1]["legs"]}
    spinner.made(f"/matches/{held['Filter fabric']}/accept")
    welder.made(f"/matches/{held['Ear loops']}/decline", {"reason": "no_supply"})
    ended = [leg["state"] for leg in operator.read(f"/chains/{chain}")[1]["legs"]]
    tried("one failure lets all of it go", state(lead) == "open" and ended == ["declined"] * 3, ended)
    elastic = partner("Elastic", 3)
    offers(elastic, "ear-loop", 9_000, "MTR")
    lead.made(f"/chains/{chain}/hold", {"legs": legs()})
    whole = operator.read(f"/chains/{chain}")[1]["legs"]
    held = {leg["step"]: leg["match"] for leg in whole}
    makers = {"Filter fabric": spinner, "Ear loops": elastic, "Sewing": lead}
    takers = {"Filter fabric": lead, "Ear loops": lead, "Sewing": ward}
    early = spinner.post(f"/matches/{held['Filter fabric']}/ship", {"quantity": 1})[0]
    tried("nothing is shipped before all is agreed", early == 409, early)
    for step, match in held.items():
        makers[step].made(f"/matches/{match}/accept")
        takers[step].made(f"/matches/{match}/accept")
    tried("all partners agree", state(ward) == "agreed")
    for leg in whole:
        match, units = leg["match"], leg["quantity"]
        makers[leg["step"]].made(f"/matches/{match}/ship", {"quantity": units})
        takers[leg["step"]].made(f"/matches/{match}/receive", {"accepted": units})
    tried("and deliver", state(lead) == "fulfilled")


def main():
    (muster,) = sys.argv[1:]
    for kind in ("SQLite", "PostgreSQL"):
        with database(kind) as url:
            if url is None:
                print("SKIPPED: PostgreSQL is not installed", flush=True)
                continue
            began = time.monotonic()
            settings = {"MUSTER_MAIL": "file", "MUSTER_RATE_LIMIT": "off"} | ({"MUSTER_DATABASE_URL": url} if url else {})
            with serving(muster, **settings) as service:
                print(f"-- {kind}", flush=True)
                play(service)
            print(f"{kind}: {time.monotonic() - began:.0f} s", flush=True)
    print(f"April 2020: {len(broken)} broken")
    sys.exit(1 if broken else 0)


main()
