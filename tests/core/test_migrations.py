"""The migrations build what the models say, once, whoever starts first."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from itertools import count
from typing import TYPE_CHECKING, Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import inspect, text

import support_api.models  # noqa: F401 - their tables are compared
import support_chat.models  # noqa: F401 - their tables are compared
import support_email.models  # noqa: F401 - their tables are compared
import support_plans.models  # noqa: F401 - their tables are compared
import support_webhooks.models  # noqa: F401 - their tables are compared
from support_core import migrations
from support_core.db import Database
from support_core.models import Base
from support_core.settings import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.services.databases import Databases

NUMBERS = count(1)
PLUGINS = ("api", "chat", "email", "plans", "sla", "webhooks", "whatsapp")


@pytest.fixture
def open_database(databases: Databases) -> Iterator[Callable[..., Database]]:
    """Open databases, which are closed at the end."""
    opened: list[Database] = []

    def open_(url: str | None = None) -> Database:
        url = url or databases.create(f"migrations_{next(NUMBERS)}")
        opened.append(Database(url, sqlite_synchronous="off"))
        return opened[-1]

    yield open_
    for database in opened:
        database.dispose()


def test_the_migrations_build_what_the_models_say(
    open_database: Callable[..., Database],
) -> None:
    database = open_database()
    migrations.upgrade(database, PLUGINS)
    wanted = Base.metadata.tables.keys()

    def compared(thing: Any, name: str | None, kind: str, *_rest: Any) -> bool:
        table = name if kind == "table" else getattr(getattr(thing, "table", None), "name", None)
        return table in wanted

    with database.engine.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"compare_type": False, "include_object": compared}
        )
        differences = compare_metadata(context, Base.metadata)
    assert differences == []


def test_a_second_upgrade_changes_nothing(open_database: Callable[..., Database]) -> None:
    database = open_database()
    migrations.upgrade(database, PLUGINS)
    state = migrations.state(database, PLUGINS)
    assert state.pending == []
    migrations.upgrade(database, PLUGINS)
    assert migrations.state(database, PLUGINS) == state


def test_an_empty_database_is_behind_in_every_branch(
    open_database: Callable[..., Database],
) -> None:
    assert migrations.state(open_database(), PLUGINS).pending == ["core", *PLUGINS]


def test_the_version_before_runs_on_and_does_not_migrate(
    open_database: Callable[..., Database],
) -> None:
    database = open_database()
    migrations.upgrade(database, PLUGINS)
    with database.engine.begin() as connection:
        connection.execute(
            text(
                "UPDATE alembic_version SET version_num = 'core_9999' "
                "WHERE version_num LIKE 'core%'"
            )
        )
    state = migrations.state(database, PLUGINS)
    assert (state.newer, state.pending) == (("core_9999",), [])
    with pytest.raises(ConfigurationError, match=r"newer than this version \(core_9999\)"):
        migrations.upgrade(database, PLUGINS)


def test_a_plugin_enabled_later_gets_its_tables_then(
    open_database: Callable[..., Database],
) -> None:
    database = open_database()
    migrations.upgrade(database, [])
    assert "api_callbacks" not in inspect(database.engine).get_table_names()
    assert migrations.state(database, ["api"]).pending == ["api"]
    migrations.upgrade(database, ["api"])
    assert "api_callbacks" in inspect(database.engine).get_table_names()


def test_several_processes_that_start_at_once_upgrade_once(
    open_database: Callable[..., Database],
) -> None:
    first = open_database()
    url = first.url.render_as_string(hide_password=False)
    each = [first, *(open_database(url) for _ in range(3))]
    with ThreadPoolExecutor(len(each)) as threads:
        list(threads.map(lambda database: migrations.upgrade(database, PLUGINS), each))
    assert migrations.state(first, PLUGINS).pending == []
