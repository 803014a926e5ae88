"""The long form: ``python -m tests.faults [--jobs N] [--rounds N] [--seed N] [SETUP …]``."""

from __future__ import annotations

import argparse
import secrets
import sys
import tempfile
from pathlib import Path

from .harness import SETUPS, Plan, run


def main() -> int:
    """Run every setup that was named, or all; return 0 when no job was lost or stuck."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("setups", nargs="*", metavar="SETUP", help=f"of: {', '.join(SETUPS)}")
    parser.add_argument("--jobs", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--seed", type=int, default=secrets.randbelow(1_000_000))
    arguments = parser.parse_args()
    unknown = set(arguments.setups) - set(SETUPS)
    if unknown:
        parser.error(f"{', '.join(sorted(unknown))}: say one of {', '.join(SETUPS)}")
    sys.stdout.write(f"seed {arguments.seed}\n")
    faults = 0
    for setup in arguments.setups or SETUPS:
        plan = Plan(arguments.jobs, arguments.rounds, arguments.seed, patience=900.0)
        with tempfile.TemporaryDirectory(prefix="support-faults-") as folder:
            outcome = run(setup, plan, Path(folder))
        sys.stdout.write(f"{outcome.told()}\n")
        sys.stdout.flush()
        faults += len(outcome.faults)
    return 1 if faults else 0


if __name__ == "__main__":
    raise SystemExit(main())
