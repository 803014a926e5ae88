"""What is kept of a failure, and what the log gets: nobody's words, addresses or secrets."""

from __future__ import annotations

import io
import json
import logging
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import insert, text

from support_core import logs
from support_core.errors import Conflict
from support_core.jobs import GiveUp, RetryLater, job
from support_core.jobs.failures import MAX_ERROR, describe
from support_core.models import Workspace
from support_core.settings import CORE_SETTINGS, Settings

from .desks import SmallApplication

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SECRET = "hunter2 <customer@example.test>"


@job(queue="notes", max_retries=0)
def insert_twice(context: Any, slug: str) -> None:
    """Break a unique key, which PostgreSQL reports with the row's values."""
    with context.desk() as desk:
        for _ in range(2):
            desk.session.execute(insert(Workspace.__table__).values(name=SECRET, slug=slug))


@job(queue="notes", max_retries=0)
def insert_nothing(context: Any, slug: str) -> None:
    """Leave a column empty that may not be; PostgreSQL reports the whole row."""
    with context.desk() as desk:
        desk.session.execute(insert(Workspace.__table__).values(name=SECRET, slug=None))


@job(queue="notes", max_retries=0)
def cast(context: Any, words: str) -> None:
    """Read words as a number, which PostgreSQL quotes."""
    with context.desk() as desk:
        desk.session.connection().execute(
            text("SELECT CAST(:words AS integer) / missing(:words)"),
            {"words": words},
            execution_options={"unscoped": "a test"},
        )


@job(queue="notes", max_retries=0)
def convert(context: Any, words: str) -> None:
    """Raise what quotes its argument."""
    raise ValueError(f"invalid literal for int() with base 10: {words!r}")


@job(queue="notes", max_retries=0)
def wrap(context: Any, words: str) -> None:
    """Raise for a cause that quotes."""
    try:
        insert_twice(context, words)
    except Exception as error:
        raise RuntimeError("it could not be stored") from error


FAILING = (insert_twice, insert_nothing, cast, convert, wrap)
DATABASES = (insert_twice, insert_nothing, wrap)


@pytest.fixture
def failing(make_application: Callable[..., SmallApplication], jobs_url: str) -> Iterator[Any]:
    """An application whose jobs fail in every way that quotes what it was given."""
    application = SmallApplication(jobs_url)
    application.build(*FAILING)
    yield application
    application.close()


@contextmanager
def logging_as(style: str) -> Iterator[io.StringIO]:
    """Log as a desk does, into a text."""
    root = logging.getLogger()
    before, level = list(root.handlers), root.level
    logs.configure(Settings({"support.log.format": style}, CORE_SETTINGS))
    written = io.StringIO()
    for handler in root.handlers:
        assert isinstance(handler, logging.StreamHandler)
        handler.setStream(written)
    try:
        yield written
    finally:
        root.handlers = before
        root.setLevel(level)


@pytest.mark.parametrize("failure", FAILING, ids=lambda it: it.__name__)
def test_no_words_reach_the_last_error(failing: SmallApplication, failure: Any) -> None:
    failing.enqueue(failure, SECRET)
    failing.jobs.drain()
    (row,) = failing.rows(state="dead")
    assert "hunter2" not in row.last_error
    assert "customer@example.test" not in row.last_error
    place = f"in {__name__}.{failure.__name__}, line "
    assert (
        place in row.last_error
        or "in support_core." in row.last_error
        or (failure is wrap and place in row.last_error)
    )


@pytest.mark.parametrize("style", ["json", "console"])
@pytest.mark.parametrize("failure", DATABASES, ids=lambda it: it.__name__)
def test_no_row_that_a_database_refused_reaches_the_log(
    failing: SmallApplication, failure: Any, style: str
) -> None:
    failing.enqueue(failure, SECRET)
    with logging_as(style) as lines:
        failing.jobs.drain()
    written = lines.getvalue()
    assert "job_died" in written
    assert "IntegrityError" in written
    assert "INSERT INTO workspaces" in written
    assert "hunter2" not in written
    assert "customer@example.test" not in written
    assert "DETAIL" not in written


def test_a_log_line_keeps_the_traceback(failing: SmallApplication) -> None:
    failing.enqueue(wrap, SECRET)
    with logging_as("json") as lines:
        failing.jobs.drain()
    logged = [json.loads(line) for line in lines.getvalue().splitlines()]
    (line,) = [it for it in logged if it["event"] == "job_died"]
    assert "in insert_twice" in line["exception"]
    assert "RuntimeError: it could not be stored" in line["exception"]
    assert "direct cause of the following exception" in line["exception"]


@pytest.mark.parametrize(
    ("error", "kept"),
    [
        (None, None),
        (GiveUp("the account is closed"), "GiveUp: the account is closed"),
        (RetryLater("two\n lines", after=1), "RetryLater: two lines"),
        (GiveUp(), "GiveUp"),
        (Conflict("It was taken."), "Conflict: It was taken."),
        (KeyError(SECRET), "KeyError; see the log."),
        (GiveUp("a\0b\ud800"), "GiveUp: ab?"),
    ],
)
def test_reasons_written_to_be_read_are_kept(error: Any, kept: str | None) -> None:
    assert describe(error) == kept


def test_a_long_reason_is_cut() -> None:
    shown = describe(GiveUp("x" * 10_000))
    assert shown is not None
    assert len(shown) == MAX_ERROR
