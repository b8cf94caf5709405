// Answers one request per line on standard input with LEMON's network simplex (Egerváry group, Boost licence).
//   load PATH      -> ok NODES ARCS PARTS     reads an instance (format: bench/src/problem.rs) and builds the graphs
//   solve          -> ok OBJECTIVE MICROS     the instance as it is
//   split THREADS  -> ok OBJECTIVE MICROS     each part that shares nothing with the others on its own
// Only NetworkSimplex::run is timed: the graph and the solver's own copy of it stand before the clock starts.
#include <lemon/config.h>
#include <lemon/network_simplex.h>
#include <lemon/smart_graph.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <iostream>
#include <memory>
#include <numeric>
#include <string>
#include <thread>
#include <vector>

using namespace lemon;
using Simplex = NetworkSimplex<SmartDigraph, int64_t, int64_t>;

struct Instance {
    std::vector<int64_t> supply, cost, capacity;
    std::vector<int32_t> from, to;
};

// One graph with its solver; node 0 of an instance is the slack node, and every part has one of its own.
struct Part {
    SmartDigraph graph;
    std::unique_ptr<SmartDigraph::NodeMap<int64_t>> supply;
    std::unique_ptr<SmartDigraph::ArcMap<int64_t>> cost;
    std::unique_ptr<Simplex> solver;

    Part(const std::vector<int64_t>& supplies, const std::vector<int32_t>& from, const std::vector<int32_t>& to,
         const std::vector<int64_t>& costs) {
        graph.reserveNode(static_cast<int>(supplies.size()));
        graph.reserveArc(static_cast<int>(from.size()));
        for (size_t v = 0; v < supplies.size(); ++v) graph.addNode();
        for (size_t a = 0; a < from.size(); ++a) graph.addArc(graph.nodeFromId(from[a]), graph.nodeFromId(to[a]));
        supply = std::make_unique<SmartDigraph::NodeMap<int64_t>>(graph);
        cost = std::make_unique<SmartDigraph::ArcMap<int64_t>>(graph);
        for (size_t v = 0; v < supplies.size(); ++v) (*supply)[graph.nodeFromId(static_cast<int>(v))] = supplies[v];
        for (size_t a = 0; a < from.size(); ++a) (*cost)[graph.arcFromId(static_cast<int>(a))] = costs[a];
        solver = std::make_unique<Simplex>(graph);
        solver->costMap(*cost).supplyMap(*supply);
    }

    // LEMON adds the objective up in 64 bits; instances are made so that it fits.
    int64_t run(bool& optimal) {
        optimal = solver->run() == Simplex::OPTIMAL;
        return optimal ? solver->totalCost<int64_t>() : 0;
    }
};

template <class T>
static bool read(FILE* file, std::vector<T>& into, size_t count) {
    into.resize(count);
    return std::fread(into.data(), sizeof(T), count, file) == count;
}

static bool load(const std::string& path, Instance& in) {
    FILE* file = std::fopen(path.c_str(), "rb");
    if (!file) return false;
    std::vector<int64_t> head;
    bool good = read(file, head, 2);
    if (good) {
        size_t nodes = static_cast<size_t>(head[0]), arcs = static_cast<size_t>(head[1]);
        good = read(file, in.supply, nodes) && read(file, in.from, arcs) && read(file, in.to, arcs) &&
               read(file, in.cost, arcs) && read(file, in.capacity, arcs);
    }
    std::fclose(file);
    return good;
}

static std::vector<std::unique_ptr<Part>> split(const Instance& in) {
    size_t nodes = in.supply.size();
    std::vector<int32_t> top(nodes);
    std::iota(top.begin(), top.end(), 0);
    auto find = [&](int32_t v) {
        while (top[v] != v) v = top[v] = top[top[v]];
        return v;
    };
    for (size_t a = 0; a < in.from.size(); ++a) {
        if (in.from[a] == 0 || in.to[a] == 0) continue;
        int32_t u = find(in.from[a]), v = find(in.to[a]);
        top[std::max(u, v)] = std::min(u, v);
    }
    std::vector<int32_t> part(nodes, 0), place(nodes, 0);
    std::vector<std::vector<int64_t>> supplies, costs;
    std::vector<std::vector<int32_t>> from, to;
    for (size_t v = 1; v < nodes; ++v) {
        int32_t root = find(static_cast<int32_t>(v));
        if (root == static_cast<int32_t>(v)) {
            part[v] = static_cast<int32_t>(supplies.size());
            supplies.push_back({0});
            costs.emplace_back(), from.emplace_back(), to.emplace_back();
        }
        auto& own = supplies[part[root]];
        part[v] = part[root];
        place[v] = static_cast<int32_t>(own.size());
        own.push_back(in.supply[v]);
        own[0] -= in.supply[v];
    }
    for (size_t a = 0; a < in.from.size(); ++a) {
        int32_t u = in.from[a], v = in.to[a], p = part[u == 0 ? v : u];
        from[p].push_back(place[u]), to[p].push_back(place[v]), costs[p].push_back(in.cost[a]);
    }
    std::vector<std::unique_ptr<Part>> parts;
    for (size_t p = 0; p < supplies.size(); ++p)
        parts.push_back(std::make_unique<Part>(supplies[p], from[p], to[p], costs[p]));
    // The largest first, so that no thread is left with one at the end.
    std::stable_sort(parts.begin(), parts.end(),
                     [](const auto& a, const auto& b) { return a->graph.arcNum() > b->graph.arcNum(); });
    return parts;
}

static void answer(bool good, int64_t objective, std::chrono::steady_clock::time_point start) {
    auto spent = std::chrono::steady_clock::now() - start;
    auto micros = std::chrono::duration_cast<std::chrono::microseconds>(spent).count();
    if (good)
        std::cout << "ok " << objective << ' ' << micros << std::endl;
    else
        std::cout << "failed no optimum" << std::endl;
}

int main() {
    std::cout << "ready LEMON " << LEMON_VERSION << std::endl;
    std::unique_ptr<Part> whole;
    std::vector<std::unique_ptr<Part>> parts;
    std::string word;
    while (std::cin >> word) {
        if (word == "load") {
            std::string path;
            std::cin >> path;
            whole.reset();
            parts.clear();
            Instance in;
            if (!load(path, in)) {
                std::cout << "failed cannot read the instance" << std::endl;
                continue;
            }
            whole = std::make_unique<Part>(in.supply, in.from, in.to, in.cost);
            parts = split(in);
            std::cout << "ok " << in.supply.size() << ' ' << in.from.size() << ' ' << parts.size() << std::endl;
        } else if (word == "solve" && whole) {
            auto start = std::chrono::steady_clock::now();
            bool good = false;
            int64_t objective = whole->run(good);
            answer(good, objective, start);
        } else if (word == "split" && whole) {
            size_t count = 1;
            std::cin >> count;
            auto start = std::chrono::steady_clock::now();
            std::atomic<size_t> next{0};
            std::atomic<int64_t> objective{0};
            std::atomic<bool> all{true};
            auto work = [&] {
                for (size_t p = next++; p < parts.size(); p = next++) {
                    bool good = false;
                    objective += parts[p]->run(good);
                    if (!good) all = false;
                }
            };
            std::vector<std::thread> threads;
            for (size_t t = 1; t < count; ++t) threads.emplace_back(work);
            work();
            for (auto& thread : threads) thread.join();
            answer(all, objective, start);
        } else {
            std::cout << "failed unknown request" << std::endl;
        }
    }
}
