#!/bin/sh
# Runs one private PostgreSQL cluster for as long as standard input stays open.
#
#   sh postgres.sh BINARIES FOLDER SETTING...
#
# The test process holds the other end of standard input. However it ends, kill -9
# included, the kernel closes that end, the read below returns, and the server and
# FOLDER go away. Nothing else has to remember to clean up.
#
# Standard output carries what initdb and the server say; the caller waits there for
# "ready to accept connections", or for the end of the stream when the start failed.
set -u
binaries=$1
folder=$2
shift 2
cd "$folder" || exit 1

# PostgreSQL refuses to run as root.
as_server() { "$@"; }
if [ "$(id -u)" = 0 ]; then
    uid=$(id -u nobody) && gid=$(id -g nobody) || exit 1
    chown "$uid:$gid" . || exit 1
    if command -v setpriv >/dev/null 2>&1; then
        as_server() { setpriv --reuid="$uid" --regid="$gid" --clear-groups "$@"; }
    elif command -v runuser >/dev/null 2>&1; then
        as_server() { runuser -u nobody -- "$@"; }
    else
        as_server() { su -s /bin/sh -c 'exec "$0" "$@"' -- nobody "$@"; }
    fi
fi

# A fixed zone also spares initdb its search through all of them.
export TZ=UTC LC_ALL=C
if as_server "$binaries/initdb" --pgdata="$folder/data" --username=postgres --auth=trust \
    --encoding=UTF8 --locale=C --no-sync >initdb.log 2>&1; then
    as_server "$binaries/postgres" -D "$folder/data" -k "$folder" "$@" 2>&1 </dev/null &
    server=$!

    # Jobs in the background lose standard input, hence descriptor 3.
    exec 3<&0
    (
        while read -r _; do :; done <&3
        # The server may still be starting: insist until it is gone.
        while kill -0 "$server"; do
            kill -QUIT "$(head -n 1 "$folder/data/postmaster.pid")"
            sleep 0.1
        done
    ) >/dev/null 2>&1 &
    watcher=$!

    wait "$server"
    kill "$watcher" 2>/dev/null
else
    cat initdb.log
fi
cd / && rm -rf "$folder"
