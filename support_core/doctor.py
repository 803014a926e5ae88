"""What could be wrong with an installation: each finding says how to mend it."""

from __future__ import annotations

import os
import shutil
import stat
import tempfile
from dataclasses import asdict, dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select, text
from sqlalchemy.exc import SQLAlchemyError

from . import health, migrations, rotation
from .crypto import KeyInvalid, SecretUnreadable
from .jobs import counts
from .models import Event

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from .application import Application

GIBIBYTE = 1 << 30
#: Free space under which a disk counts as full, and under which it is worth a word.
FULL, TIGHT = GIBIBYTE // 4, 2 * GIBIBYTE

#: How far the database's clock, and the newest event, may be ahead of ours.
TOLERANCE = timedelta(seconds=5)

OK, WARNING, FAILED = "ok", "warning", "failed"


@dataclass(frozen=True)
class Finding:
    """The result of one check; ``message`` says what is, and what to do where it is not ok."""

    name: str
    state: str
    message: str

    def shown(self) -> dict[str, Any]:
        """Return the finding as ``--json`` shows it."""
        return asdict(self)


def examine(application: Application) -> Iterator[Finding]:
    """Yield the findings one by one; what needs the database is left out where it is away."""
    database = _database(application)
    yield database
    if database.state != FAILED:
        schema = _schema(application)
        yield schema
        if schema.state != FAILED:
            for check in (_jobs, _keys, _clock):
                yield _guarded(check, application)
            with application.desk(None, write=False) as desk:
                for each in health.run_checks(desk):
                    state = OK if each.ok else FAILED
                    yield Finding(f"{each.plugin}: {each.name}", state, each.message)
    yield _blobs(application)
    yield from _disks(application)


def _guarded(check: Callable[[Application], Finding], application: Application) -> Finding:
    try:
        return check(application)
    except SQLAlchemyError as error:
        name = check.__name__.strip("_")
        return Finding(name, FAILED, f"The database failed: {type(error).__name__}.")


def _database(application: Application) -> Finding:
    shown = application.database.url.render_as_string(hide_password=True)
    try:
        with application.database.transaction() as session:
            session.execute(text("SELECT 1"), execution_options={"unscoped": "doctor"})
    except SQLAlchemyError as error:
        detail = str(getattr(error, "orig", error)).strip().splitlines()
        return Finding(
            "database",
            FAILED,
            f"{shown} does not answer ({detail[0] if detail else type(error).__name__}); start "
            "it, or correct sqlalchemy.url.",
        )
    return Finding("database", OK, shown)


def _schema(application: Application) -> Finding:
    state = migrations.state(application.database, application.plugins.modules)
    if state.pending:
        behind = ", ".join(state.pending)
        return Finding("schema", FAILED, f"Behind: {behind}; run support-core migrate.")
    heads = ", ".join(state.wanted.values())
    return Finding("schema", OK, heads)


def _jobs(application: Application) -> Finding:
    problem = application.jobs.problem()
    if problem is not None:
        return Finding(
            "jobs", FAILED, f"{problem} Start support-core worker, or raise support.workers."
        )
    with application.database.transaction(write=False) as session:
        dead = sum(states.get("dead", 0) for states in counts(session).values())
    if dead:
        return Finding(
            "jobs",
            WARNING,
            f"{dead} failed for good: support-core jobs list --state dead, then retry or purge.",
        )
    broker = application.settings["support.broker"]
    return Finding("jobs", OK, f"broker {broker}, nothing waits for long")


def _keys(application: Application) -> Finding:
    try:
        outdated = rotation.outdated(application)
        for secret in rotation.secret_columns():
            _read_one(application, secret)
    except (KeyInvalid, SecretUnreadable) as error:
        return Finding("keys", FAILED, str(error))
    if outdated:
        return Finding(
            "keys",
            WARNING,
            f"{outdated} secrets are on an older key; run support-core keys rotate.",
        )
    return Finding("keys", OK, f"newest {application.keyring.fingerprints[0]}")


def _read_one(application: Application, secret: rotation.SecretColumn) -> None:
    statement = select(secret.column).where(secret.column.is_not(None)).limit(1)
    with application.database.transaction(write=False) as session:
        token = session.execute(statement, execution_options=rotation.UNSCOPED).scalar()
    if token is not None:
        application.keyring.decrypt(token)


def _clock(application: Application) -> Finding:
    with application.database.transaction(write=False) as session:
        newest = session.execute(
            select(func.max(Event.created_at)), execution_options={"unscoped": "doctor"}
        ).scalar()
        theirs = (
            session.execute(select(func.clock_timestamp())).scalar_one()
            if application.database.dialect == "postgresql"
            else application.clock()
        )
    now = application.clock()
    if abs(theirs - now) > TOLERANCE:
        return Finding(
            "clock",
            FAILED,
            f"The database's clock is {abs(theirs - now).total_seconds():.0f} s away from this "
            "machine's; run NTP on both.",
        )
    if newest is not None and newest - now > TOLERANCE:
        return Finding(
            "clock",
            FAILED,
            f"The newest event is of {newest:%Y-%m-%d %H:%M} UTC, which lies ahead; set this "
            "machine's clock.",
        )
    return Finding("clock", OK, f"{now:%Y-%m-%d %H:%M:%S} UTC")


def _blobs(application: Application) -> Finding:
    folder = Path(application.settings["support.blobs.path"])
    try:
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(b"support-core doctor")
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        return Finding(
            "blobs",
            FAILED,
            f"{folder} cannot be written ({error.strerror}); give it to this user, or change "
            "support.blobs.path.",
        )
    return Finding("blobs", OK, str(folder))


def _disks(application: Application) -> Iterator[Finding]:
    folders = {"attachments": Path(application.settings["support.blobs.path"])}
    if application.database.dialect == "sqlite":
        folders["database"] = Path(application.database.url.database or "").resolve().parent
    for name, folder in folders.items():
        there = next(it for it in (folder.resolve(), *folder.resolve().parents) if it.exists())
        free = shutil.disk_usage(there).free
        shown = f"{free / GIBIBYTE:.1f} GiB free for the {name}"
        state = FAILED if free < FULL else WARNING if free < TIGHT else OK
        advice = "" if state == OK else "; make room or move the folder"
        yield Finding("disk space", state, shown + advice)


def examine_file(path: Path, *, secret: bool) -> Finding:
    """Check that an ini with secrets in it is not open to everybody."""
    mode = stat.S_IMODE(path.stat().st_mode)
    if secret and mode & stat.S_IROTH:
        return Finding(
            "configuration",
            WARNING,
            f"{path} holds secrets and can be read by every user (mode {mode:04o}); "
            "run chmod 640 on it.",
        )
    return Finding("configuration", OK, str(path))
