"""A desk that is killed again and again while turning points fire: each is told exactly once."""

from __future__ import annotations

import signal
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text

from support_core.db import Database
from support_core.testing import make_desk, probe
from tests.serving.processes import Desk, write_ini

if TYPE_CHECKING:
    from pathlib import Path

    from tests.services.databases import Databases

CONVERSATIONS = 120
KILLS = 2
SECONDS = 240
TIME = {"unscoped": "what a killed desk has told"}

_TOLD = text("SELECT conversation_id FROM events WHERE type = 'sla.at_risk'")
_LINES = text("SELECT conversation_id FROM threads WHERE body LIKE '%is at risk.'")
_LEFT = text("SELECT state, count(*) FROM jobs WHERE queue = 'sla' GROUP BY state")


def _arm(url: str, folder: Path) -> set[int]:
    """Make conversations in the past, all of which are to be told of as soon as a desk runs."""
    under_test = make_desk(folder, url, plugins=("api", "plans", "sla"), extra={"probe": probe})
    application = under_test.application
    try:
        # The next turning point, the breach, lies hours ahead of the test.
        application.clock = lambda: datetime.now(UTC) - timedelta(hours=80)
        workspace = under_test.workspace()
        policy = {
            "name": "Everybody",
            "is_default": True,
            "targets": {"normal": {"first_response": 100 * 60}},
            "on_at_risk": {"add_lineitem": True},
        }
        assert workspace.owner.post("/sla-policies", policy).status_int == 201
        return {workspace.conversation()["id"] for _ in range(CONVERSATIONS)}
    finally:
        application.close()


def _found(database: Database, statement: object) -> Counter[int]:
    with database.transaction(write=False) as session:
        return Counter(session.execute(statement, execution_options=TIME).scalars())


@pytest.fixture
def url(databases: Databases) -> str:
    return databases.create("kill_timers")


def test_turning_points_of_a_killed_desk_are_told_once_each(url: str, tmp_path: Path) -> None:
    armed = tmp_path / "armed"
    armed.mkdir()
    conversations = _arm(url, armed)
    ini = write_ini(
        tmp_path,
        url,
        {"support.plugins": "api plans sla", "support.keys_file": str(armed / "keys")},
    )
    # A few at a time, so that there is something to kill.
    ini.write_text(ini.read_text().replace("# support.sla.batch = 100", "support.sla.batch = 3"))
    assert "\nsupport.sla.batch = 3\n" in ini.read_text()
    database = Database(url)
    deadline = time.monotonic() + SECONDS
    told: list[int] = []
    desk = Desk(ini)
    try:
        for kill in range(1, KILLS + 1):
            while len(_found(database, _TOLD)) < kill * CONVERSATIONS // (KILLS + 2):
                assert desk.process.poll() is None, desk.output
                assert time.monotonic() < deadline, desk.output
                time.sleep(0.005)
            desk.end(signal.SIGKILL)
            told.append(len(_found(database, _TOLD)))
            desk = Desk(ini)
        while _found(database, _TOLD).keys() < conversations:
            assert time.monotonic() < deadline, desk.output
            time.sleep(0.05)
        # What a killed process had begun is given to the next one.
        while _states(database).keys() - {"delayed"}:
            assert time.monotonic() < deadline, desk.output
            time.sleep(0.05)
        desk.end(signal.SIGKILL)
        events, lines = _found(database, _TOLD), _found(database, _LINES)
        left = _states(database)
    finally:
        desk.end(signal.SIGKILL)
        database.dispose()
    assert events == dict.fromkeys(conversations, 1), told
    assert lines == dict.fromkeys(conversations, 1), told
    # Each has a timer for what comes next, the breach.
    assert left == {"delayed": CONVERSATIONS}


def _states(database: Database) -> dict[str, int]:
    with database.transaction(write=False) as session:
        return dict(session.execute(_LEFT, execution_options=TIME).all())
