"""The README's five minutes, as they stand there, on a desk that ``support-core dev`` serves."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import orjson

from tests.docs.pages import ROOT, blocks
from tests.services.process import free_port

from .served import desk_in

if TYPE_CHECKING:
    from pathlib import Path

    from tests.services.databases import Databases

TOUR = [block for block in blocks(ROOT / "README.md") if block.mark == "tour"]


def test_the_readmes_tour_works_as_it_stands_there(databases: Databases, tmp_path: Path) -> None:
    served = desk_in(tmp_path, databases.create(f"tour_{os.getpid()}"))
    callback = free_port()

    def here(text: str) -> str:
        for theirs, ours in (
            ("127.0.0.1:6543", f"127.0.0.1:{served.port}"),
            ("8808", str(callback)),
            (".venv/bin/python", sys.executable),
        ):
            text = text.replace(theirs, ours)
        return text

    (listener,) = [block for block in TOUR if block.name == "listen"]
    (tmp_path / "listen.py").write_text(here(listener.text), encoding="utf-8")
    end_listener = "trap 'jobs -p | xargs -r kill' EXIT\n"  # whatever goes wrong before it ends
    script = end_listener + "\n".join(here(block.text) for block in TOUR if block.language == "sh")
    with served.running("dev"):
        log = (tmp_path / "server.log").read_text()
        assert (tmp_path / "var" / "dev-token").read_text().strip() in log
        walk = subprocess.run(
            ["bash", "-euc", script],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    assert walk.returncode == 0, walk.stdout + walk.stderr
    assert (tmp_path / "reply.txt").read_text() == ("conversation.replied It arrives tomorrow.\n")
    shown = orjson.loads(walk.stdout[walk.stdout.rindex('{"data":{"id"') :])["data"]
    assert shown["status"] == "active"
    kinds = [thread["type"] for thread in shown["threads"]]
    assert kinds == [
        *("customer", "message", "note"),
        *("lineitem", "lineitem"),
        *("customer", "lineitem"),
    ]


def test_the_tour_prints_what_the_readme_says() -> None:
    text = (ROOT / "README.md").read_text("utf-8")
    assert "```text\nconversation.replied It arrives tomorrow.\n```" in text
