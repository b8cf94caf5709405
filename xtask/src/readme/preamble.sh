# Ahead of a document's own commands: how a server is run beside them.
set -euo pipefail
server=

stop_server() {
    if [ -n "$server" ]; then
        kill -- "-$server" 2>/dev/null || true
        wait "$server" 2>/dev/null || true
        server=
    fi
}
trap stop_server EXIT

# Twenty minutes: the first build is part of it.
await_server() {
    local attempt
    for ((attempt = 0; attempt < 6000; attempt++)); do
        if curl --fail --silent --output /dev/null "http://ADDRESS/healthz"; then return 0; fi
        if ! kill -0 "$server" 2>/dev/null; then
            echo "the server ended before it answered" >&2
            return 1
        fi
        sleep 0.2
    done
    echo "the server did not answer on ADDRESS within twenty minutes" >&2
    return 1
} 2>/dev/null

set -v
