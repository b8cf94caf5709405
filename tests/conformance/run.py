#!/usr/bin/env python3
"""Holds a running service against the OpenAPI document, as an operator and as an organisation.

    tests/conformance/run.py MUSTER SCHEMATHESIS

MUSTER is the built program, SCHEMATHESIS the command of schemathesis 4. Prints a line per role; exits with 1 when
anything was found, which is then printed in full.
"""

import concurrent.futures
import copy
import json
import pathlib
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from service import DOCUMENT, market, serving

# Requests to each operation in each phase.
EXAMPLES = 20
# Seconds after which a role is given up.
PATIENCE = 1200
# Tried last, for it may revoke the key that all the others are called with.
REVOKE = "api_keys_revoke"
# What is checked.
SETTINGS = pathlib.Path(__file__).resolve().parent / "schemathesis.toml"


def with_examples(document, ids):
    """The document with ids that exist as examples of the parameters of reads, since no chance finds them."""
    document = copy.deepcopy(document)
    kinds = {"match-runs": "run", "needs": "need", "offers": "offer", "sites": "site", "organisations": "organisation"}
    for path, item in document["paths"].items():
        for method, operation in item.items():
            for parameter in operation.get("parameters", []):
                name = parameter["name"]
                kind = kinds.get(path.split("/")[3] if path.count("/") > 2 else "") if name == "id" else name
                if parameter["in"] == "path" and method == "get" and kind in ids:
                    parameter["example"] = ids[kind]
            for content in operation.get("requestBody", {}).get("content", {}).values():
                if "site" in content.get("example", {}):
                    content["example"]["site"] = ids["site"]
    return document


def conforms(schemathesis, service, role, key, ids, folder):
    """Whether all that a role can do is as the document says."""
    document = folder / f"{role}.json"
    document.write_text(json.dumps(with_examples(json.loads(DOCUMENT.read_text()), ids)))
    begun = [
        schemathesis, "--config-file", SETTINGS, "--no-color", "run", document, "--url", f"http://{service.address}",
        "--header", f"Authorization: Bearer {key}",
        "--phases", "examples,coverage,fuzzing,stateful",
        "--max-examples", EXAMPLES, "--generation-deterministic",
        "--continue-on-failure", "--warnings", "off",
    ]  # fmt: skip
    began = time.monotonic()
    good = True
    for part in (["--exclude-operation-id", REVOKE], ["--include-operation-id", REVOKE]):
        # A key that was revoked on the way sees nothing but 401.
        if service.call("GET", "/api/v1/organisations", token=key)[0] != 200:
            print(f"{role}: its key opens nothing any more, so that nothing would be tried")
            good = False
        command = list(map(str, begun + part))
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=PATIENCE, check=False)
        if done.returncode != 0:
            print(done.stdout + done.stderr)
            good = False
    print(f"{role}: {'conforms' if good else 'DOES NOT CONFORM'} ({time.monotonic() - began:.0f} s)", flush=True)
    return good


def tried(muster, schemathesis, role):
    """The verdict on a role, on data of its own: one role may revoke what another calls with."""
    with serving(muster, MUSTER_RATE_LIMIT="off") as service, tempfile.TemporaryDirectory() as folder:
        made = market(service)
        ids = {"run": made["run"], "need": made["buyer"]["need"], "offer": made["seller"]["offer"]}
        key, ids = {
            "operator": (made["operator"], ids | made["seller"]),
            "organisation": (made["buyer"]["key"], ids | made["buyer"]),
        }[role]
        good = conforms(schemathesis, service, role, key, ids, pathlib.Path(folder))
        faults = [line for line in service.log if "ERROR" in line or "panicked" in line]
        print("".join(faults), end="")
    return good and not faults


def main():
    muster, schemathesis = sys.argv[1:]
    # Side by side, since each mostly waits for one core.
    with concurrent.futures.ThreadPoolExecutor() as pool:
        verdicts = pool.map(lambda role: tried(muster, schemathesis, role), ("operator", "organisation"))
        sys.exit(0 if all(list(verdicts)) else 1)


main()
