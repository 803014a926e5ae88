"""``support.bus``, and what is said about one that cannot be used."""

from __future__ import annotations

import builtins
from typing import TYPE_CHECKING, Any

import pytest

from support_core.bus import open_bus
from support_core.db import Database
from support_core.settings import CORE_SETTINGS, ConfigurationError, Settings

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def database(tmp_path: Path) -> Database:
    return Database(f"sqlite:///{tmp_path / 'desk.sqlite'}")


def chosen(database: Database, value: str) -> Any:
    return open_bus(Settings({"support.bus": value}, CORE_SETTINGS), database)


def test_within_one_process_it_needs_nothing(database: Database) -> None:
    assert open_bus(Settings({}, CORE_SETTINGS), database).name == "memory"


@pytest.mark.parametrize("value", ["", "rabbit", "http://127.0.0.1", "Memory", "redis"])
def test_another_name_is_refused(database: Database, value: str) -> None:
    with pytest.raises(ConfigurationError, match=r"^support\.bus: .* say memory, postgresql or"):
        chosen(database, value)


def test_postgresql_needs_that_database(database: Database) -> None:
    with pytest.raises(ConfigurationError, match=r"^support\.bus is postgresql, but sqlalchemy"):
        chosen(database, "postgresql")


@pytest.mark.parametrize("value", ["redis://127.0.0.1:port/0", "redis://127.0.0.1:99999/0"])
def test_a_malformed_address_of_redis_is_refused(database: Database, value: str) -> None:
    with pytest.raises(ConfigurationError, match=r"^support\.bus: ") as refused:
        chosen(database, value).require()
    assert "redis://" in str(refused.value) or "127.0.0.1" in str(refused.value)


def test_a_redis_that_does_not_answer_is_named_without_its_password(database: Database) -> None:
    bus = chosen(database, "redis://:secret-word@127.0.0.1:1/0")
    with pytest.raises(ConfigurationError, match=r"^support\.bus: Redis at 127\.0\.0\.1:1/0 does"):
        bus.require()
    with pytest.raises(ConfigurationError) as refused:
        bus.require()
    assert "secret-word" not in str(refused.value)


def test_a_missing_client_names_the_extra(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = builtins.__import__

    def without_redis(name: str, *rest: Any, **options: Any) -> Any:
        if name == "redis":
            raise ModuleNotFoundError(name)
        return plain(name, *rest, **options)

    monkeypatch.setattr(builtins, "__import__", without_redis)
    with pytest.raises(ConfigurationError, match=r"pip install 'support-core\[redis\]'"):
        chosen(database, "redis://127.0.0.1:6379/0")
