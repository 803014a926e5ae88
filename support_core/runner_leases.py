"""The leases of units in the database: taken, renewed and given back by conditional updates."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import and_, delete, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from .jobs.owner import is_gone
from .models.runner import RunnerLease

if TYPE_CHECKING:
    from collections.abc import Callable, Collection
    from datetime import datetime

    from sqlalchemy import ColumnElement

    from .db import Database

TABLE = RunnerLease.__table__

#: A runner's name and the name of one of its units.
Unit = tuple[str, str]


@dataclass(frozen=True)
class RunnerLeases:
    """The leases as one ``owner`` deals with them; ``seconds`` is how long one holds."""

    database: Database
    owner: str
    seconds: float
    clock: Callable[[], datetime]

    def take(self, wanted: Collection[Unit], *, most: int) -> list[Unit]:
        """Take up to ``most`` leases among ``wanted`` that nobody holds; return those taken."""
        if not wanted or most < 1:
            return []
        now = self.clock()
        held = self._held({name for name, _ in wanted})
        free = [
            unit
            for unit in sorted(wanted)
            if unit not in held or held[unit][1] <= now or is_gone(held[unit][0])
        ]
        return [unit for unit in free[:most] if self._take(unit, held.get(unit), now)]

    def renew(self, units: Collection[Unit]) -> set[Unit]:
        """Prolong the leases of ``units``; return those that are still ours."""
        if not units:
            return set()
        until = self.clock() + timedelta(seconds=self.seconds)
        with self.database.transaction() as session:
            renewed = session.connection().execute(
                update(TABLE)
                .where(TABLE.c.owner == self.owner, _any_of(units))
                .values(lease_until=until)
                .returning(TABLE.c.name, TABLE.c.unit)
            )
            return {(row.name, row.unit) for row in renewed}

    def give_back(self, units: Collection[Unit]) -> None:
        """Let others take ``units`` at once; what is not ours stays as it is."""
        if units:
            with self.database.transaction() as session:
                session.connection().execute(
                    delete(TABLE).where(TABLE.c.owner == self.owner, _any_of(units))
                )

    def _held(self, names: set[str]) -> dict[Unit, tuple[str, datetime]]:
        with self.database.transaction(write=False) as session:
            rows = session.connection().execute(select(TABLE).where(TABLE.c.name.in_(names)))
            return {(row.name, row.unit): (row.owner, row.lease_until) for row in rows}

    def _take(self, unit: Unit, seen: tuple[str, datetime] | None, now: datetime) -> bool:
        values = {
            "owner": self.owner,
            "lease_until": now + timedelta(seconds=self.seconds),
            "started_at": now,
        }
        mine = and_(TABLE.c.name == unit[0], TABLE.c.unit == unit[1])
        with self.database.transaction() as session:
            if seen is None:
                dialect = postgresql if self.database.dialect == "postgresql" else sqlite
                insert = dialect.insert(TABLE).values(name=unit[0], unit=unit[1], **values)
                taken = session.connection().execute(
                    insert.on_conflict_do_nothing().returning(TABLE.c.unit)
                )
            else:
                as_seen = and_(TABLE.c.owner == seen[0], TABLE.c.lease_until == seen[1])
                taken = session.connection().execute(
                    update(TABLE).where(mine, as_seen).values(**values).returning(TABLE.c.unit)
                )
            return taken.first() is not None


def _any_of(units: Collection[Unit]) -> ColumnElement[bool]:
    by_name: dict[str, list[str]] = {}
    for name, unit in units:
        by_name.setdefault(name, []).append(unit)
    return or_(
        *(and_(TABLE.c.name == name, TABLE.c.unit.in_(them)) for name, them in by_name.items())
    )
