"""Backing up a desk that runs, and putting it back: the commands of docs/deploying.md."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

import httpx
import psycopg
from psycopg import sql

from tests.services.postgres import driver_url
from tests.services.process import free_port

from .installation import FIRST, production_ini
from .processes import web

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from .installation import Installation

#: What must be the same in both databases, whatever is written meanwhile.
COUNTED = ("workspaces", "users", "mailboxes", "customers", "conversations", "attachments")


@dataclass
class Copy:
    """A back-up: the three things that belong together."""

    dump: Path
    blobs: Path
    keys: Path


def back_up(installation: Installation) -> Copy:
    """Copy the database first, then the blobs: those of its rows are there already."""
    folder = installation.folder / "backup"
    folder.mkdir()
    copy = Copy(folder / "desk.dump", folder / "blobs", folder / "keys")
    _run(
        installation, "pg_dump", "--format=custom", f"--file={copy.dump}", installation.database_url
    )
    shutil.copytree(installation.blobs, copy.blobs)
    shutil.copy2(installation.folder / "keys", copy.keys)
    return copy


def restore(installation: Installation, copy: Copy) -> Path:
    """Put a back-up into an empty database; returns the ini of the desk upon it."""
    url = installation.create_database("restored")
    _run(
        installation,
        "pg_restore",
        "--exit-on-error",
        "--no-owner",
        f"--dbname={driver_url(url)}",
        copy.dump,
    )
    blobs = installation.folder / "restored-blobs"
    shutil.copytree(copy.blobs, blobs)
    changes = {
        **installation.changes,
        "sqlalchemy.url": url,
        "support.blobs.path": str(blobs),
        "support.keys_file": str(copy.keys),
        # Its own, or it would do the other's jobs and speak on the other's bus.
        "support.broker": "embedded",
        "support.bus": "postgresql",
    }
    return production_ini(installation.folder / "restored.ini", changes)


def check(installation: Installation, ini: Path, *, attachment: int, token: str) -> Iterator[str]:
    """Look whether the restored desk has what the other had, and works."""
    urls = (installation.database_url, _url_of(ini))
    for table in COUNTED:
        assert _count(urls[0], table) == _count(urls[1], table), table
    yield f"rows of {', '.join(COUNTED)} are the same"
    keys = installation.support_core("keys", "status", ini=ini)
    yield keys.strip().splitlines()[-1]
    port = free_port()
    process = web("restored", FIRST, port, ini=ini, folder=installation.folder)
    try:
        yield f"a web process upon it is up in {process.start():.1f} s"
        with httpx.Client(
            base_url=f"http://{FIRST}:{port}/api/support",
            headers={"Authorization": f"Bearer {token}"},
            trust_env=False,
        ) as caller:
            content = caller.get(f"/attachments/{attachment}/download")
            total = caller.get("/conversations").json()["meta"]["total"]
        assert content.content == b"the parcel's label", content.text
        yield f"{total} conversations and the attachment are read from it with the old token"
    finally:
        process.kill()


def _url_of(ini: Path) -> str:
    lines = ini.read_text().splitlines()
    line = next(line for line in lines if line.startswith("sqlalchemy.url = "))
    return line.partition(" = ")[2].replace("%%", "%")


def _count(url: str, table: str) -> int:
    with psycopg.connect(driver_url(url)) as connection:
        counting = sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(table))
        row = connection.execute(counting).fetchone()
    assert row is not None
    return int(row[0])


def _run(installation: Installation, program: str, *arguments: str | Path) -> None:
    words = [driver_url(str(each)) for each in arguments]
    folder = str(installation.cluster.programs)
    subprocess.run(
        [f"{folder}/{program}", *words],
        check=True,
        capture_output=True,
        env={**os.environ, "PATH": folder},
    )
