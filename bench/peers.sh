#!/usr/bin/env bash
# Installs the peers of `cargo run --release -p bench -- engine` under target/peers:
# OR-tools and HiGHS from PyPI into a virtual environment, LEMON's headers from Debian's liblemon-dev
# (the system's if installed, else unpacked beside, without touching the system) and our driver for it.
# Needs python3 with venv, and g++. Repeating it is harmless. One peer failing leaves the others.
set -uo pipefail
cd "$(dirname "$0")/.."
peers="$PWD/target/peers"
mkdir -p "$peers"
failed=0

say() { printf '%s\n' "$*"; }

python_peers() {
    [ -x "$peers/venv/bin/python" ] || python3 -m venv "$peers/venv" || return 1
    "$peers/venv/bin/python" -m pip install --quiet --upgrade 'numpy>=1.26' 'ortools>=9.10' 'highspy>=1.7'
}

lemon_headers() {
    [ -f /usr/include/lemon/network_simplex.h ] && { echo /usr/include; return; }
    local unpacked="$peers/lemon/usr/include"
    if [ ! -f "$unpacked/lemon/network_simplex.h" ]; then
        mkdir -p "$peers/lemon"
        (cd "$peers/lemon" && apt-get -o APT::Sandbox::User=root download liblemon-dev >&2 && dpkg -x liblemon-dev_*.deb .) || return 1
    fi
    echo "$unpacked"
}

lemon_peer() {
    local headers
    headers="$(lemon_headers)" || return 1
    g++ -std=c++17 -O3 -march=native -DNDEBUG -pthread -I "$headers" bench/peers/lemon.cpp -o "$peers/lemon-driver"
}

for peer in python_peers lemon_peer; do
    if "$peer"; then say "$peer: ready"; else say "$peer: failed, see above"; failed=1; fi
done
exit "$failed"
