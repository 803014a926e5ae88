"""Health: what the desk depends on, checked when asked."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import structlog
from sqlalchemy import text

if TYPE_CHECKING:
    from .application import Application
    from .desk import Desk

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Check:
    """The result of one check. ``message`` says what is wrong and what to do, without internals."""

    name: str
    ok: bool
    message: str = ""
    plugin: str | None = None

    def shown(self) -> dict[str, Any]:
        """Return the check as the API shows it."""
        return {"name": self.name, "ok": self.ok, "message": self.message}


def run_checks(desk: Desk) -> list[Check]:
    """Run the plugins' checks; a raise counts as a failed one."""
    checks: list[Check] = []
    for plugin, implementation in desk.plugins.implementations("support_health"):
        try:
            checks += [replace(check, plugin=plugin) for check in implementation(desk=desk)]
        except Exception:
            log.exception("health_check_failed", plugin=plugin)
            checks.append(Check(plugin, ok=False, message="The check failed.", plugin=plugin))
    return checks


def readiness(application: Application) -> list[Check]:
    """Check everything a request needs: database, schema, jobs, broker, bus, plugins."""
    checks = [_database(application)]
    if checks[0].ok:
        checks.append(_schema(application))
        checks.append(_jobs(application))
        if application.jobs.broker.travels:
            checks.append(_broker(application))
        if application.bus.name != "memory":
            checks.append(_bus(application))
        with application.desk(None, write=False) as desk:
            checks += run_checks(desk)
    return checks


def _database(application: Application) -> Check:
    try:
        with application.database.transaction(write=False) as session:
            session.execute(text("SELECT 1"), execution_options={"unscoped": "health check"})
    except Exception as error:
        log.exception("health_check_failed", check="database", error=type(error).__name__)
        return Check("database", ok=False, message="The database does not answer.")
    return Check("database", ok=True)


def _schema(application: Application) -> Check:
    from . import migrations  # noqa: PLC0415 - brings Alembic: a tenth of what any start takes

    pending = migrations.state(application.database, application.plugins.modules).pending
    if pending:
        return Check(
            "schema",
            ok=False,
            message=f"Behind: {', '.join(pending)}. Run support-core migrate.",
        )
    return Check("schema", ok=True)


def _broker(application: Application) -> Check:
    problem = application.jobs.broker.problem()
    return Check("broker", ok=problem is None, message=problem or "")


def _bus(application: Application) -> Check:
    problem = application.bus.problem()
    return Check("bus", ok=problem is None, message=problem or "")


def _jobs(application: Application) -> Check:
    problem = application.jobs.problem()
    return Check("jobs", ok=problem is None, message=problem or "")
