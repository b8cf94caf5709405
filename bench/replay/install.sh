#!/usr/bin/env bash
# Installs ppe-match 0.1.4 (MIT) from PyPI under target/peers/ppe-match: the real exchange of 2020 with the
# authors' strategies and metrics, for `cargo run --release -p bench -- replay`.
# It needs pandas < 2 and numpy < 2, so a python3 of 3.8 to 3.11 with venv. Repeating it is harmless.
set -euo pipefail
cd "$(dirname "$0")/../.."
venv="$PWD/target/peers/ppe-match"

usable() { command -v "$1" >/dev/null && "$1" -c 'import sys, venv; sys.exit(not (3, 8) <= sys.version_info < (3, 12))' 2>/dev/null; }

if [ ! -x "$venv/bin/python" ]; then
    for python in python3.11 python3.10 python3.9 python3.8 python3; do
        if usable "$python"; then
            "$python" -m venv "$venv"
            break
        fi
    done
fi
[ -x "$venv/bin/python" ] || { echo "no python3 of 3.8 to 3.11 with venv was found; install python3.11-venv" >&2; exit 1; }
"$venv/bin/python" -m pip install --quiet 'ppe-match==0.1.4' 'pandas<2' 'numpy<2'
echo "ppe-match: ready"
