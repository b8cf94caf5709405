"""Replays the real exchange of 2020 through ppe-match's own testing framework, one strategy after the other.

Usage: replay.py PROGRAM STRATEGY...

PROGRAM is the benchmark program, which decides a week with `replay-batch`. A STRATEGY is a mode of it (`near`,
`fair`, `balanced`), a mode with its own price of a delivery (`balanced:6000`), or one of the authors' own
(`proximity`, `first-come`). Batches, filters, simulation and metrics are the framework's, with its defaults.

Prints one JSON object a line and strategy: the five overall metrics by the framework's names, the units shipped,
and the seconds that deciding took: of the program's run (`judged`, `solved`, `explained`), or of the authors' function.
"""

import json
import logging
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pandas as pd
from ppe_match import TestingFramework, strategies

AUTHORS = {"proximity": strategies.proximity_match_strategy, "first-come": strategies.FCFM_strategy}


class Timed:
    """A strategy of the authors, timed."""

    def __init__(self, decide):
        self.decide = decide
        self.seconds = {"decided": 0.0}

    def __call__(self, date, donors, recipients, distances):
        begun = time.perf_counter()
        decisions = self.decide(date, donors, recipients, distances)
        self.seconds["decided"] += time.perf_counter() - begun
        return decisions


class Program:
    """A mode of the program: each week becomes a market in files, and its matches are read back."""

    def __init__(self, program, mode):
        self.program = program
        self.mode = mode
        self.seconds = {"judged": 0.0, "solved": 0.0, "explained": 0.0}

    def __call__(self, date, donors, recipients, distances):
        with tempfile.TemporaryDirectory() as folder:
            folder = Path(folder)
            lists = {
                "donors": donors[["don_id", "ppe", "qty"]],
                "recipients": recipients[["rec_id", "ppe", "qty"]],
                "distances": distances[["don_id", "rec_id", "distance"]],
            }
            for name, table in lists.items():
                # Miles have four places in the package's files; quantities are whole.
                places = "%.4f" if name == "distances" else None
                table.to_csv(folder / name, sep="\t", header=False, index=False, float_format=places)
            command = [self.program, "replay-batch", folder, "--day", date.strftime("%Y-%m-%d"), "--mode", self.mode]
            said = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)
            for step in self.seconds:
                self.seconds[step] += said[step]
            return pd.DataFrame(said["decisions"], columns=["don_id", "rec_id", "ppe", "qty"])


def replay(program, name):
    """One strategy through all weeks."""
    strategy = Timed(AUTHORS[name]) if name in AUTHORS else Program(program, name)
    framework = TestingFramework(strategy=strategy)
    framework.run()
    metrics = framework.get_metrics().set_index("metric_name")["value"]
    wanted = ["avg unit-miles", "avg holding time", "avg number of shipments", "fill rate", "fill rate exc zeros"]
    decisions = framework.get_decisions()
    row = {"strategy": name, "units": float(decisions["qty"].sum())}
    row.update({metric: float(metrics[metric]) for metric in wanted})
    row["seconds"] = strategy.seconds
    return row


def main():
    """See the module."""
    logging.getLogger("ppe_match.testing_framework").setLevel(logging.WARNING)
    program, names = sys.argv[1], sys.argv[2:]
    for name in names:
        print(json.dumps(replay(program, name)), flush=True)


if __name__ == "__main__":
    main()
