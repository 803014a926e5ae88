"""Runs one server for the suite and ends it when the suite is gone, however it went.

The suite holds the write end of this process's standard input. When that closes, because the
suite closed it or because it was killed, the server gets its stop signal and its folder is
removed. One path for both, so the rare one is exercised by every run.

A server that several processes of a run share is kept for one of them by its process id instead
(``--keep-for``), because whoever started it may end before the others do.

Started as a file by :mod:`tests.services.process`, with nothing but the standard library. The
server's process id goes to stdout; the server writes to the stderr it inherits.
"""

from __future__ import annotations

import argparse
import os
import select
import shutil
import signal
import subprocess
import sys

POLL_SECONDS = 0.1


def main() -> int:
    """Keep one server; return 0 when it was stopped, its own status when it ended by itself."""
    arguments = _arguments()
    if arguments.keep_for and os.fork():
        return 0  # nobody here waits for us then
    account = {"user": arguments.user, "group": arguments.group, "extra_groups": ()}
    server = subprocess.Popen(
        arguments.command,
        stdin=subprocess.DEVNULL,
        stdout=sys.stderr,
        cwd=arguments.folder,
        **(account if arguments.user else {}),
    )
    sys.stdout.write(f"{server.pid}\n")
    sys.stdout.flush()
    while server.poll() is None:
        if _suite_is_gone(arguments.keep_for):
            _stop(server, signal.Signals[arguments.stop_signal], arguments.grace)
            shutil.rmtree(arguments.folder, ignore_errors=True)
            return 0
    return server.returncode or 1


def _suite_is_gone(pid: int) -> bool:
    closed = select.select([] if pid else [sys.stdin], [], [], POLL_SECONDS)[0]
    if not pid:
        return bool(closed)
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("--keep-for", type=int, default=0, help="process to keep the server for")
    parser.add_argument("--folder", required=True, help="removed when the server was stopped")
    parser.add_argument("--stop-signal", required=True)
    parser.add_argument("--grace", type=float, required=True, help="seconds until a harder signal")
    parser.add_argument("--user", help="account to run the server as")
    parser.add_argument("--group", type=int, help="id of its primary group")
    parser.add_argument("command", nargs="+")
    return parser.parse_args()


def _stop(server: subprocess.Popen[bytes], stop_signal: signal.Signals, grace: float) -> None:
    for signal_number in (stop_signal, signal.SIGQUIT, signal.SIGKILL):
        server.send_signal(signal_number)
        try:
            server.wait(grace)
        except subprocess.TimeoutExpired:
            continue
        return


if __name__ == "__main__":
    raise SystemExit(main())
