"""Answers one request per line on standard input with OR-tools or HiGHS.

    load PATH          -> ok NODES ARCS 1       reads an instance (format: bench/src/problem.rs)
    solve              -> ok OBJECTIVE MICROS   minimum cost flow
    maxflow SOURCE TO  -> ok VALUE MICROS       maximum flow over the same arcs (OR-tools alone)
    times K SOURCE TO  -> ok VALUE MICROS       the same maximum flow K times

OR-tools builds its inner graph inside its solve call, which cannot be timed apart; the arrays are handed over
before the clock starts. HiGHS solves the flow as a linear program with its own choice of algorithm; its answer is
rounded to integers, checked for balance, and priced in integers.
"""

import os
import sys
import time

import numpy as np


def load(path):
    with open(path, "rb") as file:
        nodes, arcs = (int(v) for v in np.fromfile(file, np.int64, 2))
        supply = np.fromfile(file, np.int64, nodes)
        tail = np.fromfile(file, np.int32, arcs)
        head = np.fromfile(file, np.int32, arcs)
        cost = np.fromfile(file, np.int64, arcs)
        capacity = np.fromfile(file, np.int64, arcs)
    return supply, tail, head, cost, capacity


def micros(start):
    return int((time.perf_counter() - start) * 1e6)


class OrTools:
    def __init__(self):
        import ortools
        from ortools.graph.python import max_flow, min_cost_flow

        self.name = f"OR-tools {ortools.__version__}"
        self.min_cost, self.max_flow = min_cost_flow, max_flow

    def load(self, instance):
        supply, tail, head, cost, capacity = self.instance = instance
        self.flow = self.min_cost.SimpleMinCostFlow()
        self.flow.add_arcs_with_capacity_and_unit_cost(tail, head, capacity, cost)
        self.flow.set_nodes_supplies(np.arange(len(supply), dtype=np.int32), supply)

    def solve(self):
        start = time.perf_counter()
        status = self.flow.solve()
        spent = micros(start)
        if status != self.flow.OPTIMAL:
            raise RuntimeError(f"status {status}")
        return self.flow.optimal_cost(), spent

    def times(self, count, source, sink):
        _, tail, head, _, capacity = self.instance
        spent = 0
        for _ in range(count):
            flow = self.max_flow.SimpleMaxFlow()
            flow.add_arcs_with_capacity(tail, head, capacity)
            start = time.perf_counter()
            status = flow.solve(source, sink)
            spent += micros(start)
            if status != flow.OPTIMAL:
                raise RuntimeError(f"status {status}")
        return flow.optimal_flow(), spent


class Highs:
    def __init__(self):
        import highspy

        self.name = f"HiGHS {highspy.Highs().version()}"
        self.highspy = highspy

    def load(self, instance):
        supply, tail, head, cost, _ = self.instance = instance
        arcs = len(cost)
        lp = self.highspy.HighsLp()
        lp.num_col_, lp.num_row_ = arcs, len(supply)
        lp.col_cost_ = cost.astype(np.float64)
        lp.col_lower_ = np.zeros(arcs)
        lp.col_upper_ = np.full(arcs, np.inf)
        lp.row_lower_ = lp.row_upper_ = supply.astype(np.float64)
        lp.a_matrix_.format_ = self.highspy.MatrixFormat.kColwise
        lp.a_matrix_.start_ = np.arange(0, 2 * arcs + 1, 2)
        lp.a_matrix_.index_ = np.column_stack((tail, head)).ravel()
        lp.a_matrix_.value_ = np.tile([1.0, -1.0], arcs)
        self.lp = lp

    def solve(self):
        solver = self.highspy.Highs()
        solver.setOptionValue("output_flag", False)
        solver.passModel(self.lp)
        start = time.perf_counter()
        solver.run()
        spent = micros(start)
        if solver.getModelStatus() != self.highspy.HighsModelStatus.kOptimal:
            raise RuntimeError(str(solver.getModelStatus()))
        supply, tail, head, cost, _ = self.instance
        flow = np.rint(solver.getSolution().col_value).astype(np.int64)
        sent = np.zeros(len(supply), np.int64)
        np.add.at(sent, tail, flow)
        np.subtract.at(sent, head, flow)
        if (sent != supply).any() or (flow < 0).any():
            raise RuntimeError("the rounded flow does not balance")
        return int(np.dot(flow, cost)), spent


def main():
    # Solvers print banners from C++; answers go out on a channel of their own.
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    peer = {"ortools": OrTools, "highs": Highs}[sys.argv[1]]()
    print("ready", peer.name, file=answers, flush=True)
    for line in sys.stdin:
        words = line.split()
        try:
            if words[0] == "load":
                peer.load(load(words[1]))
                answer = (len(peer.instance[0]), len(peer.instance[1]), 1)
            elif words[0] == "solve":
                answer = peer.solve()
            elif words[0] == "maxflow":
                answer = peer.times(1, int(words[1]), int(words[2]))
            elif words[0] == "times":
                answer = peer.times(int(words[1]), int(words[2]), int(words[3]))
            else:
                raise ValueError("unknown request")
            print("ok", *answer, file=answers, flush=True)
        except Exception as error:  # the harness reports it and goes on
            print("failed", str(error).replace("\n", " "), file=answers, flush=True)


main()
