"""The three buses, each as several processes would have it."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import count
from typing import TYPE_CHECKING

import pytest

from support_core.bus.memory import MemoryBus
from support_core.bus.postgresql import PostgresBus
from support_core.bus.redis import RedisBus
from support_core.db import Database
from tests.waiting import until

from .hearing import Ear

if TYPE_CHECKING:
    from collections.abc import Iterator

    from support_core.bus import Bus, Notice
    from tests.services.databases import Databases

KINDS = ("memory", "postgresql", "redis")
_numbers = count(1)


@dataclass
class Side:
    """A process's end of a bus."""

    bus: Bus
    database: Database

    def commit(self, *notices: Notice, rollback: bool = False) -> None:
        """Say something with a transaction, as the event log does."""
        with self.database.session() as session:
            self.bus.announce(session, list(notices))
            if rollback:
                session.rollback()
                return
            session.commit()
        self.bus.publish(list(notices))


@dataclass
class Sides:
    """Makes ends of one bus; of the one in memory there is but one."""

    kind: str
    database: Database
    redis_url: str = ""
    namespace: str = "support"
    made: list[Side] = field(default_factory=list)

    def one(self) -> Side:
        if self.kind == "memory" and self.made:
            return self.made[0]
        bus: Bus
        if self.kind == "memory":
            bus = MemoryBus()
        elif self.kind == "postgresql":
            bus = PostgresBus(self.database)
        else:
            bus = RedisBus(self.redis_url, namespace=self.namespace)
        self.made.append(Side(bus, self.database))
        return self.made[-1]

    def listening(self) -> Ear:
        """Make an end that listens, and wait until it does."""
        ear = Ear()
        self.one().bus.listen(ear)
        if self.kind != "memory":
            until(lambda: ear.times_missed > 0, "it listens")
        return ear


@pytest.fixture(params=KINDS)
def sides(request: pytest.FixtureRequest, databases: Databases) -> Iterator[Sides]:
    """One bus of each kind."""
    yield from _sides(request, databases, request.param)


@pytest.fixture(params=[kind for kind in KINDS if kind != "memory"])
def shared_sides(request: pytest.FixtureRequest, databases: Databases) -> Iterator[Sides]:
    """One bus of each kind that several processes share."""
    yield from _sides(request, databases, request.param)


@pytest.fixture
def redis_sides(request: pytest.FixtureRequest, databases: Databases) -> Iterator[Sides]:
    """One bus over Redis."""
    yield from _sides(request, databases, "redis")


def _sides(request: pytest.FixtureRequest, databases: Databases, kind: str) -> Iterator[Sides]:
    if kind == "postgresql" and databases.dialect != "postgresql":
        pytest.skip("runs with SUPPORT_TEST_DATABASE=postgresql")
    number = next(_numbers)
    database = Database(databases.create(f"bus_{number}"))
    url = request.getfixturevalue("redis").url if kind == "redis" else ""
    sides = Sides(kind, database, url, namespace=f"test{number}")
    yield sides
    for side in sides.made:
        side.bus.stop()
    database.dispose()
