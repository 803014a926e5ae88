"""A worker process for the tests to kill.

``python -m tests.core.jobs.worker_process URL BROKER``
"""

from __future__ import annotations

import sys
import time

from .desks import SmallApplication
from .sample_jobs import ALL


def main() -> None:
    """Run jobs until killed."""
    application = SmallApplication(sys.argv[1], broker=sys.argv[2])
    application.build(*ALL)
    application.jobs.start_workers(4)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    time.sleep(600)


if __name__ == "__main__":
    main()
