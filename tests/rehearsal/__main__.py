"""``make rehearsal``: walk through the deployment, and print what was measured."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from .walk import rehearse


def main() -> None:
    """Rehearse in a folder of its own, which is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="support-rehearsal-") as folder:
        report = rehearse(Path(folder))
    sys.stdout.write(f"{report.table()}\n")


if __name__ == "__main__":
    main()
