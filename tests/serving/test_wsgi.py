"""The desk under a WSGI server of the host's choice: Granian, as it is run in production."""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import httpx

from .processes import support_core

if TYPE_CHECKING:
    from tests.services.databases import Databases

INI = """
[app:main]
use = egg:support-core
sqlalchemy.url = {url}
support.keys_file = %(here)s/keys
support.blobs.path = %(here)s/blobs
"""


def test_granian_serves_the_application_of_the_ini(databases: Databases, tmp_path: Path) -> None:
    ini = tmp_path / "support.ini"
    ini.write_text(INI.format(url=databases.create("granian").replace("%", "%%")))
    assert support_core(ini, "migrate").returncode == 0
    granian = shutil.which("granian", path=str(Path(sys.executable).parent))
    assert granian is not None
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    command = [granian, "--interface", "wsgi", "--factory", "--host", "127.0.0.1"]
    command += ["--port", str(port), "support_core.wsgi:application"]
    with (tmp_path / "log").open("wb") as log:
        server = subprocess.Popen(
            command,
            cwd=tmp_path,
            env={"SUPPORT_CORE_INI": str(ini), "PATH": "/usr/bin:/bin"},
            stdout=log,
            stderr=log,
        )
    try:
        answer = _until_it_answers(server, f"http://127.0.0.1:{port}/api/support/healthz")
    finally:
        server.terminate()
        server.wait(30)
    assert answer == {"status": "ok"}, (tmp_path / "log").read_text()


def _until_it_answers(server: subprocess.Popen[bytes], url: str) -> object:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and server.poll() is None:
        try:
            return httpx.get(url, trust_env=False).json()
        except httpx.TransportError:
            time.sleep(0.1)
    return None
