"""A private PostgreSQL for one script, from the binaries of the machine; SQLite needs none."""

import contextlib
import os
import pathlib
import shutil
import socket
import subprocess
import tempfile
import time


def binaries():
    """The folder of initdb and postgres; None where they are not installed."""
    folders = os.environ.get("PATH", "").split(os.pathsep)
    folders += [str(path) for path in sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin"))]
    return next((f for f in folders if all(os.path.exists(os.path.join(f, name)) for name in ("initdb", "postgres"))), None)


@contextlib.contextmanager
def database(kind):
    """The address of an empty database, an empty one for SQLite, None where PostgreSQL is not installed."""
    if kind == "SQLite":
        yield ""
        return
    folder = binaries()
    if folder is None:
        if os.environ.get("MUSTER_REQUIRE_POSTGRES") == "1":
            raise SystemExit("PostgreSQL is not installed, and MUSTER_REQUIRE_POSTGRES=1")
        yield None
        return
    home = tempfile.mkdtemp(prefix="muster-pg-")
    # PostgreSQL refuses to run as root.
    user = {"user": "nobody"} if os.geteuid() == 0 else {}
    if user:
        shutil.chown(home, "nobody")
    data = os.path.join(home, "data")
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "cwd": home} | user
    subprocess.run([f"{folder}/initdb", "-D", data, "-U", "muster", "-A", "trust", "-E", "UTF8", "--no-sync"], check=True, **quiet)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = subprocess.Popen([f"{folder}/postgres", "-D", data, "-k", home, "-h", "127.0.0.1", "-p", str(port)], **quiet)
    try:
        for _ in range(300):
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                break
            time.sleep(0.1)
        # It takes connections a moment before it takes sessions.
        time.sleep(1)
        yield f"postgres://muster@127.0.0.1:{port}/postgres"
    finally:
        server.terminate()
        server.wait(timeout=60)
        shutil.rmtree(home, ignore_errors=True)
