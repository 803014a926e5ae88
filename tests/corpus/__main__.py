"""``make corpus``: read every mail of a collection, write what it was read as, print the scores."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from .reading import read_collection

RESULTS = Path("var/corpus/email.jsonl")


def main(folder: Path) -> int:
    """Read a collection, and have it judged by the `score.py` beside it, or that of the corpus."""
    slowest = read_collection(folder, RESULTS)
    sys.stdout.write(f"{slowest.files} files; the slowest took {slowest.seconds:.3f} s: ")
    sys.stdout.write(f"{slowest.file}\n")
    sys.stdout.flush()
    for place in (folder, folder.parent, Path(os.environ.get("SUPPORT_CORPUS", folder))):
        if (judge := place / "score.py").is_file():
            return subprocess.run(
                [sys.executable, judge, RESULTS, "--dir", folder], check=False
            ).returncode
    sys.stdout.write(f"No score.py stands beside {folder}; the results are in {RESULTS}.\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
