"""A process that ticks when it is told the time: ``python -m tests.core.jobs.scheduler_process``.

Takes the database's URL; reads a time in UTC from each line and answers with what it fired.
"""

from __future__ import annotations

import sys
from datetime import UTC, datetime

from support_core import logs
from support_core.jobs import Schedule

from .desks import SmallApplication
from .sample_jobs import ALL, sweep

SCHEDULES = (
    Schedule("hourly", sweep, every=3600),
    Schedule("nightly", sweep, cron="30 2 * * *", timezone="Europe/Berlin"),
)


def main() -> None:
    """Tick until there are no more lines."""
    application = SmallApplication(sys.argv[1])
    logs.configure(application.settings)  # to stderr: the other end of stdout reads our answers
    application.build(*ALL, schedules=SCHEDULES)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    for line in sys.stdin:
        moment = datetime.fromisoformat(line.strip()).replace(tzinfo=UTC)
        application.clock.ahead = moment - datetime.now(UTC)
        sys.stdout.write(" ".join(application.jobs.scheduler.tick()) + "\n")
        sys.stdout.flush()
    application.close()


if __name__ == "__main__":
    main()
