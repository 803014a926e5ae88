"""Runs one server for the suite and ends it when the suite is gone, however it went.

The suite holds the write end of this process's standard input. When that closes, because the
suite closed it or because it was killed, the server gets its stop signal and its folder is
removed. One path for both, so the rare one is exercised by every run.

Started as a file by :mod:`tests.services.process`, with nothing but the standard library. The
server's process id goes to stdout; the server writes to the stderr it inherits.
"""

from __future__ import annotations

import argparse
import select
import shutil
import signal
import subprocess
import sys

POLL_SECONDS = 0.1


def main() -> int:
    """Keep one server; return 0 when it was stopped, its own status when it ended by itself."""
    arguments = _arguments()
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
        if select.select([sys.stdin], [], [], POLL_SECONDS)[0]:
            _stop(server, signal.Signals[arguments.stop_signal], arguments.grace)
            shutil.rmtree(arguments.folder, ignore_errors=True)
            return 0
    return server.returncode or 1


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
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
