"""``support-core dev``, which is ``make run``."""

from __future__ import annotations

import shlex
import stat
import subprocess
import time
from typing import TYPE_CHECKING

from .processes import BIN, Desk, running, write_ini

if TYPE_CHECKING:
    from pathlib import Path

    from tests.services.databases import Databases


def announced_token(desk: Desk) -> str:
    """Read the token as a script would: the last word of the first line that mentions one."""
    lines = [line for line in desk.output.splitlines() if "token" in line.lower()]
    return lines[0].split()[-1]


def pasted_curl(desk: Desk) -> str:
    """Run the printed curl line in a shell and return what it prints."""
    line = next(line for line in desk.output.splitlines() if line.startswith("curl "))
    assert shlex.split(line)[0] == "curl"
    done = subprocess.run(["sh", "-c", line], capture_output=True, text=True, check=True)
    return done.stdout


def test_a_first_start_makes_a_desk_and_a_second_one_keeps_it(
    databases: Databases, tmp_path: Path
) -> None:
    ini = write_ini(tmp_path, databases.create("dev"))
    with running(ini, BIN / "support-core", "-c", ini, "dev") as desk:
        assert f"{desk.url}/api/support/docs" in desk.output
        first = announced_token(desk)
        assert '"subject"' in pasted_curl(desk)
        with desk.client(first) as caller:
            total = caller.get("/conversations").json()["meta"]["total"]
            assert total >= 48
            assert f"{desk.url}/api/support/chat/demo" in desk.output
            page = caller.get("/chat/demo")
            assert page.headers["Content-Security-Policy"].startswith("default-src 'none'")
            (widget,) = caller.get("/widgets").json()["data"]
            assert f'data-token="{widget["token"]}"' in page.text
            assert len(caller.get("/visitors").json()["data"]) == 3
            body = {"name": "Kept", "email": "kept@demo.example"}
            assert caller.post("/mailboxes", json=body).status_code == 201
        assert desk.end() == 0

    file = tmp_path / "var" / "dev-token"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    began = time.monotonic()
    with running(ini, BIN / "support-core", "-c", ini, "dev") as desk:
        assert time.monotonic() - began < 20
        assert announced_token(desk) == first
        assert '"subject"' in pasted_curl(desk)
        with desk.client(first) as caller:
            assert caller.get("/conversations").json()["meta"]["total"] == total
            names = [mailbox["name"] for mailbox in caller.get("/mailboxes").json()["data"]]
            assert "Kept" in names
            tokens = caller.get("/tokens").json()["data"]
            caller.delete(f"/tokens/{tokens[0]['id']}")
        assert desk.end() == 0

    with running(ini, BIN / "support-core", "-c", ini, "dev") as desk:
        third = announced_token(desk)
        assert third != first, "a revoked one is replaced"
        with desk.client(third) as caller:
            assert caller.get("/auth/me").status_code == 200
