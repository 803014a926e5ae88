"""The suite's databases behave the same on SQLite and on PostgreSQL."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import create_engine, text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection

    from tests.services.databases import Databases


@contextmanager
def connected(url: str) -> Iterator[Connection]:
    """Connect to a database and leave no pooled connection behind."""
    engine = create_engine(url)
    try:
        with engine.begin() as connection:
            yield connection
    finally:
        engine.dispose()


def rows_of(url: str) -> list[int]:
    with connected(url) as connection:
        return list(connection.scalars(text("SELECT number FROM numbers")))


def test_the_suite_runs_on_the_database_that_was_asked_for(database_url, databases):
    assert database_url.startswith(databases.dialect)
    with connected(database_url) as connection:
        assert connection.dialect.name == databases.dialect


def test_a_copy_of_a_template_holds_its_rows_and_is_independent(databases: Databases):
    prepared = []

    def prepare(url: str) -> None:
        prepared.append(url)
        with connected(url) as connection:
            connection.execute(text("CREATE TABLE numbers (number INTEGER)"))
            connection.execute(text("INSERT INTO numbers VALUES (7)"))

    databases.prepare_template("harness_numbers", prepare)
    first = databases.create("harness_first", template="harness_numbers")
    with connected(first) as connection:
        connection.execute(text("INSERT INTO numbers VALUES (8)"))
    databases.prepare_template("harness_numbers", prepare)
    second = databases.create("harness_second", template="harness_numbers")

    assert len(prepared) <= 1  # on PostgreSQL another worker may have been first
    assert sorted(rows_of(first)) == [7, 8]
    assert rows_of(second) == [7]


def test_a_template_whose_preparation_failed_is_prepared_anew(databases: Databases):
    def fail(url: str) -> None:
        with connected(url) as connection:
            connection.execute(text("CREATE TABLE numbers (number INTEGER)"))
        raise RuntimeError("killed half-way")

    def prepare(url: str) -> None:
        with connected(url) as connection:
            connection.execute(text("CREATE TABLE numbers (number INTEGER)"))

    with pytest.raises(RuntimeError):
        databases.prepare_template("harness_half", fail)
    databases.prepare_template("harness_half", prepare)

    assert rows_of(databases.create("harness_whole", template="harness_half")) == []


def test_two_databases_of_one_name_are_two(databases: Databases):
    first, second = databases.create("harness_twice"), databases.create("harness_twice")
    with connected(first) as connection:
        connection.execute(text("CREATE TABLE numbers (number INTEGER)"))
    with connected(second) as connection:
        connection.execute(text("CREATE TABLE numbers (number INTEGER)"))
