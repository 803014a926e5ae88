"""What could be wrong with an installation: each finding says how to mend it."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import func, select, text
from sqlalchemy.exc import SQLAlchemyError

from . import health, migrations, rotation
from .crypto import KeyInvalid, SecretUnreadable
from .doctor_files import FAILED, OK, WARNING, Finding, examine_blobs, examine_disks
from .jobs import Choice, count_jobs
from .models import Event
from .settings import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from .application import Application

#: How far the database's clock, and the newest event, may be ahead of ours.
TOLERANCE = timedelta(seconds=5)


def examine(application: Application) -> Iterator[Finding]:
    """Yield the findings one by one; what needs the database is left out where it is away."""
    database = _database(application)
    yield database
    if database.state != FAILED:
        schema = _schema(application)
        yield schema
        if schema.state != FAILED:
            for check in (_jobs, _bus, _keys, _clock):
                yield _guarded(check, application)
            with application.desk(None, write=False) as desk:
                for each in health.run_checks(desk):
                    state = OK if each.ok else FAILED
                    yield Finding(f"{each.plugin}: {each.name}", state, each.message)
    yield _broker(application)
    yield examine_blobs(application)
    yield from examine_disks(application)


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
        dead = count_jobs(session, Choice())
    if dead:
        return Finding(
            "jobs",
            WARNING,
            f"{dead} failed for good: support-core jobs list --state dead, then retry or purge.",
        )
    return Finding("jobs", OK, "nothing waits for long")


def _broker(application: Application) -> Finding:
    broker = application.jobs.broker
    try:
        broker.check()
    except ConfigurationError as error:
        return Finding("broker", FAILED, str(error))
    return Finding("broker", OK, broker.server)


def _bus(application: Application) -> Finding:
    bus = application.bus
    try:
        bus.require()
    except ConfigurationError as error:
        return Finding("bus", FAILED, str(error))
    if bus.name == "memory":
        return Finding(
            "bus",
            OK,
            "memory, which is right for one process; for several of them, set support.bus to "
            "postgresql or redis://…",
        )
    return Finding("bus", OK, bus.name)


def _keys(application: Application) -> Finding:
    try:
        outdated = rotation.outdated(application)
        for secret in rotation.secret_columns(application):
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
