"""A throw-away nginx with the nchan module, unprivileged, in a folder of its own.

``python -m tests.services.nginx`` says where the program and the module are, or fails saying why
not.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from .process import Account, Server

if TYPE_CHECKING:
    from collections.abc import Mapping

NGINX = Path("/usr/sbin/nginx")
NCHAN = Path("/usr/lib/nginx/modules/ngx_nchan_module.so")
START_SECONDS = 120

#: What Debian's nginx.conf is to a machine; the site's own files are included below.
MAIN = """\
{modules}
daemon off;
worker_processes {workers};
worker_rlimit_nofile {files};
worker_shutdown_timeout 20s;
pid nginx.pid;
error_log stderr notice;
events {{ worker_connections {connections}; }}
http {{
    client_body_temp_path temporary/body;
    proxy_temp_path temporary/proxy;
    fastcgi_temp_path temporary/fastcgi;
    uwsgi_temp_path temporary/uwsgi;
    scgi_temp_path temporary/scgi;
    access_log off;
    default_type application/octet-stream;
    include conf.d/*.conf;
}}
"""


class NginxMissing(Exception):
    """No nginx with nchan can be started here; the message says why and what to do."""


def find_program() -> Path:
    """Return nginx, with nchan beside it; raises NginxMissing."""
    on_path = shutil.which("nginx")
    program = Path(on_path) if on_path else NGINX
    if not os.access(program, os.X_OK):
        raise NginxMissing("nginx is not on PATH. Install it: apt-get install nginx")
    if not NCHAN.exists():
        raise NginxMissing(
            f"nginx's module nchan is not at {NCHAN}. Install it: apt-get install "
            "libnginx-mod-nchan"
        )
    return program


class Nginx:
    """A running nginx.

    ``files`` is what lies in ``/etc/nginx`` elsewhere: text by relative path; those in ``conf.d``
    are included. ``addresses`` are waited for; the module ``nchan`` is loaded where it is asked
    for. Raises NginxMissing, LookupError or ServerDied.
    """

    def __init__(
        self,
        files: Mapping[str, str],
        *,
        addresses: tuple[tuple[str, int], ...],
        nchan: bool = False,
        workers: int = 2,
        connections: int = 4096,
    ) -> None:
        program = find_program()
        account = Account.unprivileged("nobody")
        self.folder = account.folder("support-nginx-")
        for name in ("conf.d", "temporary"):
            (self.folder / name).mkdir()
            account.give(self.folder / name)
        main = MAIN.format(
            modules=f"load_module {NCHAN};" if nchan else "",
            workers=workers,
            connections=connections,
            files=2 * connections,
        )
        for name, text in {"nginx.conf": main, **files}.items():
            self.write(name, text)
        self._program = program
        self._addresses = addresses
        self._start()

    @property
    def pid(self) -> int:
        """The master's process id."""
        return self._server.pid

    @property
    def log(self) -> str:
        """What nginx wrote so far."""
        return (self.folder / "server.log").read_text(errors="replace")

    def write(self, name: str, text: str) -> None:
        """Write a file of the configuration; :meth:`reload` makes it count."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        for each in (path.parent, path):
            each.chmod(0o755 if each.is_dir() else 0o644)

    def reload(self) -> None:
        """Take the configuration anew; returns when workers of the old one take nothing new."""
        said = "gracefully shutting down"
        before = self.log.count(said)
        os.kill(self.pid, signal.SIGHUP)
        deadline = time.monotonic() + START_SECONDS
        while self.log.count(said) == before:
            self._server.check()
            if time.monotonic() > deadline:
                raise TimeoutError(f"nginx did not reload:\n{self.log[-2000:]}")
            time.sleep(0.02)

    def kill(self) -> None:
        """End it as ``kill -9`` does, workers included; :meth:`restart` starts it again."""
        workers = _children(self.pid)
        self._server.kill()
        for worker in workers:
            with contextlib.suppress(ProcessLookupError):
                os.kill(worker, signal.SIGKILL)

    def restart(self) -> None:
        """Start it again, in the same folder, after :meth:`kill`."""
        self._start()

    def stop(self) -> None:
        """End it and remove its folder."""
        self._server.stop()

    def _start(self) -> None:
        configuration = self.folder / "nginx.conf"
        command = [self._program, "-p", self.folder, "-c", configuration, "-e", "stderr"]
        account = Account.unprivileged("nobody")
        self._server = Server(command, folder=self.folder, account=account, stop_signal="SIGTERM")
        self._wait()

    def _wait(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        for address in self._addresses:
            while True:
                self._server.check()
                try:
                    socket.create_connection(address, timeout=5).close()
                except OSError:
                    if time.monotonic() > deadline:
                        self.stop()
                        raise
                    time.sleep(0.02)
                else:
                    break


def _children(pid: int) -> list[int]:
    found = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    return [int(word) for word in found.split()]


if __name__ == "__main__":
    try:
        sys.stdout.write(f"nginx: {find_program()} with {NCHAN}\n")
    except NginxMissing as missing:
        raise SystemExit(str(missing)) from None
