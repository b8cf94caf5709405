"""Independent answers to the instances that the suite writes.

Reads one JSON document from standard input and writes one to standard output. It knows the problems,
not the engine: markets are modelled here from eligible pairs, supply by cut-off and the rules of
orders, as a mixed integer program, and never as the engine's network.

    {"ask": "ortools" | "highs", "networks": [...]}  ->  values per level, per network
    {"ask": "markets", "markets": [...]}              ->  values per level, per market
    {"ask": "published"}                              ->  instances out of the networkx package
"""

import bz2
import importlib.resources
import json
import os
import pickle
import sys


def pack(costs, nodes):
    """One cost per arc that orders flows as the levels do.

    A flow is optimal when no simple circle of its residual network costs less than nothing, and a
    simple circle costs at most nodes x largest cost: a weight above that tells levels apart.
    """
    packed = [0] * len(costs[0])
    for level in reversed(costs):
        weight = nodes * max(map(abs, packed)) + 1
        packed = [weight * upper + lower for upper, lower in zip(level, packed)]
    return packed


def bound(network):
    """What no arc of a basic flow exceeds."""
    finite = sum(capacity for _, _, capacity in network["arcs"] if capacity is not None)
    return finite + sum(abs(units) for units in network["supply"])


def values(network, flows):
    return [sum(c * x for c, x in zip(level, flows)) for level in network["costs"]]


def by_ortools(network):
    from ortools.graph.python import min_cost_flow

    nodes, most = len(network["supply"]), bound(network)
    packed = pack(network["costs"], nodes)
    assert max(map(abs, packed)) * (nodes + 1) < 2**62, "the instance is too large for the packed costs"
    solver = min_cost_flow.SimpleMinCostFlow()
    for (tail, head, capacity), cost in zip(network["arcs"], packed):
        solver.add_arc_with_capacity_and_unit_cost(tail, head, most if capacity is None else capacity, cost)
    for node, units in enumerate(network["supply"]):
        solver.set_node_supply(node, units)
    status = solver.solve()
    assert status == solver.OPTIMAL, status
    return values(network, [solver.flow(arc) for arc in range(len(network["arcs"]))])


class Program:
    """A mixed integer program, minimised level by level, each level fixed for those after it."""

    def __init__(self):
        import highspy

        self.highspy = highspy
        self.solver = highspy.Highs()
        self.solver.setOptionValue("output_flag", False)
        self.solver.setOptionValue("mip_rel_gap", 0.0)
        self.solver.setOptionValue("mip_abs_gap", 0.0)
        self.solver.setOptionValue("threads", 1)
        self.count = 0
        self.inf = self.solver.getInfinity()

    def variable(self, most, whole=True):
        self.solver.addVar(0.0, self.inf if most is None else float(most))
        if whole:
            self.solver.changeColIntegrality(self.count, self.highspy.HighsVarType.kInteger)
        self.count += 1
        return self.count - 1

    def row(self, least, terms, most):
        """least <= sum of coefficient x variable <= most; terms of one variable are added up."""
        summed = {}
        for coefficient, variable in terms:
            summed[variable] = summed.get(variable, 0) + coefficient
        lower = -self.inf if least is None else float(least)
        upper = self.inf if most is None else float(most)
        self.solver.addRow(lower, upper, len(summed), list(summed), [float(c) for c in summed.values()])

    def minimise(self, terms):
        """The least value of the terms, which holds from then on."""
        costs = [0.0] * self.count
        for coefficient, variable in terms:
            costs[variable] += coefficient
        for variable, cost in enumerate(costs):
            self.solver.changeColCost(variable, cost)
        self.solver.run()
        status = self.solver.getModelStatus()
        assert status == self.highspy.HighsModelStatus.kOptimal, status
        exact = self.solver.getInfo().objective_function_value
        value = round(exact)
        assert abs(exact - value) < 1e-3, f"{exact} is no whole number"
        self.row(None, terms, value)
        return value


def by_highs(network):
    program = Program()
    arcs = [program.variable(capacity, whole=False) for _, _, capacity in network["arcs"]]
    terms = [[] for _ in network["supply"]]
    for (tail, head, _), arc in zip(network["arcs"], arcs):
        terms[tail].append((1, arc))
        terms[head].append((-1, arc))
    for row, units in zip(terms, network["supply"]):
        program.row(units, row, units)
    # The face of a network's polytope that a whole number cuts off has whole corners again.
    return [program.minimise([(c, arc) for c, arc in zip(level, arcs) if c]) for level in network["costs"]]


def by_market(market):
    """Values of: promised, tier 1 to 4, suggestions given up, cost."""
    program = Program()
    pairs, wants = market["pairs"], market["instalments"]
    given = [program.variable(wants[p["instalment"]]["open"]) for p in pairs]
    served = [program.variable(c["units"]) for c in market["commitments"]]
    for at, want in enumerate(wants):
        program.row(None, [(1, x) for p, x in zip(pairs, given) if p["instalment"] == at], want["open"])

    # Lines: what their offers make of a day's time, which cannot be stored.
    made = {}
    for at, offer in enumerate(market["offers"]):
        for day, most in offer["made_on"]:
            made[at, day] = program.variable(most)
    for at, line in enumerate(market["lines"]):
        members = [o for o, offer in enumerate(market["offers"]) if offer["line"] == at]
        for day, time in line:
            program.row(None, [(1, made[o, day]) for o in members if (o, day) in made], time)

    # Offers: by each cut-off no more than exists by then; orders inside the lead time from stock alone.
    for at, offer in enumerate(market["offers"]):
        early = [(1, x) for p, x in zip(pairs, given) if p["offer"] == at and p["stock_only"]]
        program.row(None, early, offer["stock"])
        dated = [(p["cutoff"], x) for p, x in zip(pairs, given) if p["offer"] == at and not p["stock_only"]]
        dated += [(c["due"], y) for c, y in zip(market["commitments"], served) if c["offer"] == at]
        for day, exists, stock_exists in offer["curve"]:
            load = [(1, x) for due, x in dated if due <= day]
            if not stock_exists:
                program.row(None, load, 0)
                continue
            if offer["line"] is not None:
                own = [(-1, x) for (o, made_on), x in made.items() if o == at and made_on <= day]
                program.row(None, load + early + own, offer["stock"])
            program.row(None, load + early, exists)

    # Smallest orders count on the sum over an offer, a buyer and a site.
    orders = {}
    for p, x in zip(pairs, given):
        want = wants[p["instalment"]]
        if market["offers"][p["offer"]]["smallest"] is not None:
            orders.setdefault((p["offer"], want["buyer"], want["site"]), []).append((x, want["open"]))
    for (offer, _, _), members in orders.items():
        opened = program.variable(1)
        program.row(0, [(1, x) for x, _ in members] + [(-market["offers"][offer]["smallest"], opened)], None)
        for x, most in members:
            program.row(None, [(1, x), (-most, opened)], 0)

    # At most so many suppliers of an instalment; one that holds a match counts already.
    for at, want in enumerate(wants):
        if want["most_suppliers"] is None:
            continue
        room = max(want["most_suppliers"] - len(want["suppliers"]), 0)
        chosen = {}
        for p, x in zip(pairs, given):
            supplier = market["offers"][p["offer"]]["owner"]
            if p["instalment"] == at and supplier not in want["suppliers"]:
                if supplier not in chosen:
                    chosen[supplier] = program.variable(1)
                program.row(None, [(1, x), (-want["open"], chosen[supplier])], 0)
        program.row(None, [(1, z) for z in chosen.values()], room)

    kept = []
    for p, x in zip(pairs, given):
        if p["suggested"]:
            keeps = program.variable(p["suggested"])
            program.row(0, [(1, x), (-1, keeps)], None)
            kept.append((-1, keeps))

    reached = [sum(c["units"] for c in market["commitments"]) + program.minimise([(-1, y) for y in served])]
    for tier in (1, 2, 3, 4):
        of_tier = [at for at, want in enumerate(wants) if want["tier"] == tier]
        asked = sum(wants[at]["open"] for at in of_tier)
        reached.append(asked + program.minimise([(-1, x) for p, x in zip(pairs, given) if p["instalment"] in of_tier]))
    reached.append(sum(p["suggested"] for p in pairs) + program.minimise(kept))
    reached.append(program.minimise([(p["cost"], x) for p, x in zip(pairs, given)]))
    return reached


def published():
    """Instances that the networkx package carries among its tests, as supply, arcs and costs."""
    folder = importlib.resources.files("networkx.algorithms.flow.tests")

    def read(name):
        with (folder / f"{name}.gpickle.bz2").open("rb") as packed:
            return pickle.loads(bz2.decompress(packed.read()))

    def arcs(graph, place):
        return [[place[tail], place[head], edge["capacity"]] for tail, head, edge in graph.edges(data=True)]

    graph = read("netgen-2")
    place = {node: at for at, node in enumerate(graph)}
    instances = {
        "netgen-2": {
            "supply": [-graph.nodes[node]["demand"] if "demand" in graph.nodes[node] else 0 for node in graph],
            "arcs": arcs(graph, place),
            "costs": [edge["weight"] for _, _, edge in graph.edges(data=True)],
        }
    }
    for name in ("gl1", "gw1", "wlm3"):
        graph = read(name)
        place = {node: at for at, node in enumerate(graph)}
        instances[name] = {"nodes": len(graph), "arcs": arcs(graph, place), "from": place[1], "to": place[len(graph)]}
    return instances


def main():
    question = json.load(sys.stdin)
    # Solvers print to the descriptor itself; the answer alone goes out.
    out = os.fdopen(os.dup(1), "w")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    ask = question["ask"]
    if ask == "ortools":
        answer = [by_ortools(network) for network in question["networks"]]
    elif ask == "highs":
        answer = [by_highs(network) for network in question["networks"]]
    elif ask == "markets":
        answer = [by_market(market) for market in question["markets"]]
    elif ask == "published":
        answer = published()
    else:
        raise ValueError(ask)
    with out:
        json.dump(answer, out)


main()
