"""A plugin for the harness: jobs whose effects are counted, asked for through HTTP."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from sqlalchemy import Column, Integer, MetaData, Table, insert, select, update

from support_core.plugin_api import (
    JobContext,
    Permission,
    RetryLater,
    Service,
    UTCDateTime,
    job,
    obj,
)

if TYPE_CHECKING:
    from pyramid.config import Configurator
    from pyramid.request import Request

support_contract = 1

metadata = MetaData()

#: What a transaction that committed asked for.
asked = Table("fault_asked", metadata, Column("number", Integer, primary_key=True))

#: What a job did, once for each number; ``runs`` counts how often it came to do it.
effects = Table(
    "fault_effects",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("runs", Integer, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("at", UTCDateTime, nullable=False),
)

ask = Service("faults", "/faults", description="Ask for jobs.", tag="Faults")


def includeme(config: Configurator) -> None:
    config.scan(__name__)


@ask.post(permission=Permission.MANAGE_WORKSPACE, shape=obj(asked={"type": "integer"}))
def post(request: Request) -> dict[str, Any]:
    """Ask for the jobs ``first`` to ``first + count - 1``, unless that was done."""
    body = request.json_body
    numbers = range(body["first"], body["first"] + body["count"])
    desk = request.desk
    known = desk.session.core(select(asked.c.number).where(asked.c.number == numbers[0]))
    if known.first() is None:
        desk.session.core(insert(asked), [{"number": number} for number in numbers])
        for number in numbers:
            desk.enqueue(
                take_effect,
                number,
                delay=0.5 if number % 10 == 3 else None,
                key=f"fault {number}" if number % 10 == 7 else None,
            )
    return {"asked": len(numbers)}


@job(queue="faults", max_retries=None, min_backoff=100, max_backoff=500)
def take_effect(context: JobContext, number: int) -> None:
    """Take effect once; every tenth fails at first, and some take long enough to be caught."""
    if number % 10 == 5 and context.attempt == 1:
        raise RetryLater("not at the first attempt", after=0.1)
    time.sleep(0.3 if number % 50 == 1 else 0.002 * (number % 4))
    with context.desk() as desk:
        again = desk.session.core(
            update(effects)
            .where(effects.c.number == number)
            .values(runs=effects.c.runs + 1)
            .returning(effects.c.number)
        )
        if again.first() is None:
            row = {"number": number, "runs": 1, "attempt": context.attempt, "at": desk.clock()}
            desk.session.core(insert(effects), [row])
