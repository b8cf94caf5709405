#!/usr/bin/env python3
"""Attacks a running service from outside, as one who has read its source.

    tests/penetration/run.py MUSTER

MUSTER is the built program. Prints a line per attack, HELD or BROKEN; exits with 1 when anything broke. Needs nothing but
Python.
"""

import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent), str(HERE)]

import guessing
import locating
import report
import tenancy
import tokens
import wire
from service import market, serving


def main():
    (muster,) = sys.argv[1:]
    with serving(muster, MUSTER_RATE_LIMIT="off") as service:
        made = market(service)
        tokens.attack(service)
        wire.attack(service)
        tenancy.attack(service, made)
        locating.attack(service, made)
        guessing.attack(service, made)
        report.tried("after all the service stands", service.call("GET", "/readyz")[0] == 200)
        panics = [line for line in service.log if "panicked" in line or "ERROR" in line]
        report.tried("nothing failed within the service", not panics, panics)
    # The usual limits, for those who try to get around them.
    with serving(muster) as service:
        guessing.attack_limits(service)
    print(f"penetration: {len(report.broken)} broken")
    sys.exit(1 if report.broken else 0)


main()
