"""Keyset pages: walking them gives each row once, and no cursor can break a list."""

from __future__ import annotations

import base64
from datetime import UTC, datetime
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import orjson
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st
from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Float,
    Integer,
    MetaData,
    String,
    Table,
    create_engine,
    delete,
    func,
    insert,
    select,
)
from sqlalchemy.dialects import postgresql

from support_core.db.types import UTCDateTime
from support_core.errors import Invalid
from support_core.pagination import Cursor, Keyset, keysets

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection

    from tests.services.databases import Databases


TABLE = Table(
    "rows",
    MetaData(),
    Column("id", Integer, primary_key=True),
    Column("name", String, nullable=False),
    Column("at", UTCDateTime, nullable=False),
    Column("rank", Integer, nullable=False),
    Column("weight", Float, nullable=False),
    Column("open", Boolean, nullable=False),
    Column("closed_at", UTCDateTime),
    Column("extra", JSON, nullable=False),
)
C = TABLE.c
NEVER = datetime(1970, 1, 1, tzinfo=UTC)

SORTS = [
    Keyset("id", [(C.id, False)]),
    Keyset("-at", [(C.at, True), (C.id, True)]),
    Keyset("name", [(C.name, False), (C.id, False)]),
    Keyset("-rank,at", [(C.rank, True), (C.at, False), (C.id, False)]),
    Keyset("open,-name", [(C.open, False), (C.name, True), (C.rank, False), (C.id, True)]),
    Keyset("weight", [(C.weight, False), (C.id, False)]),
    Keyset(
        "-closed_at", [(func.coalesce(C.closed_at, NEVER, type_=UTCDateTime), True), (C.id, True)]
    ),
]
BY_NAME = {keyset.name: keyset for keyset in SORTS}

MOMENTS = st.sampled_from(
    [NEVER, datetime(2026, 1, 29, 10, 30, 0, 1, UTC), datetime(2026, 1, 29, 10, 30, 0, 2, UTC)]
)
ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "name": st.sampled_from(["", "a", "A", "ü'%_", "b"]),
            "at": MOMENTS,
            "rank": st.integers(0, 3),
            "weight": st.sampled_from([0.0, -1.5, 0.1, 1e300]),
            "open": st.booleans(),
            "closed_at": st.none() | MOMENTS,
            "extra": st.just({}),
        }
    ),
    max_size=25,
)


@pytest.fixture(scope="module")
def connection(databases: Databases) -> Iterator[Connection]:
    engine = create_engine(databases.create("cursors"))
    with engine.connect() as connection:
        TABLE.metadata.create_all(connection)
        yield connection
    engine.dispose()


def fetch(connection: Connection, keyset: Keyset, text: str, per_page: int) -> Any:
    cursor = keyset.decode(text)
    statement = keyset.apply(select(C.id), cursor=cursor, per_page=per_page)
    rows = connection.execute(statement).all()
    return keyset.page(rows, cursor=cursor, per_page=per_page)


def ids(page: Any) -> list[int]:
    return [row.id for row in page.rows]


@pytest.mark.parametrize("keyset", SORTS, ids=lambda keyset: keyset.name)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(rows=ROWS, per_page=st.integers(1, 7))
def test_walking_there_and_back_gives_each_row_once(
    connection: Connection, keyset: Keyset, rows: list[dict[str, Any]], per_page: int
) -> None:
    connection.execute(delete(TABLE))
    if rows:
        connection.execute(insert(TABLE), rows)
    whole = list(connection.scalars(select(C.id).order_by(*keyset.order_by)))
    assert len(whole) == len(rows)

    pages = [fetch(connection, keyset, "", per_page)]
    while pages[-1].next_cursor is not None:
        pages.append(fetch(connection, keyset, pages[-1].next_cursor, per_page))
    assert [one for page in pages for one in ids(page)] == whole
    assert all(len(page.rows) == per_page for page in pages[:-1])
    assert pages[0].prev_cursor is None

    back = [pages[-1]]
    while back[-1].prev_cursor is not None:
        back.append(fetch(connection, keyset, back[-1].prev_cursor, per_page))
    assert [ids(page) for page in reversed(back)] == [ids(page) for page in pages]
    for later, earlier in pairwise(back):
        again = fetch(connection, keyset, earlier.next_cursor, per_page)
        assert ids(again) == ids(later)


def test_a_row_that_arrives_meanwhile_moves_nothing(connection: Connection) -> None:
    connection.execute(delete(TABLE))
    row = {"name": "b", "at": NEVER, "rank": 1, "weight": 0.0, "open": True, "extra": {}}
    connection.execute(insert(TABLE), [row | {"id": number} for number in (10, 20, 30, 40)])
    keyset = BY_NAME["id"]
    first = fetch(connection, keyset, "", 2)
    connection.execute(insert(TABLE), [row | {"id": 5}])
    assert ids(fetch(connection, keyset, first.next_cursor, 2)) == [30, 40]


def test_keys_of_one_direction_are_compared_as_one_row_value() -> None:
    cursor = Cursor("next", "-at", (NEVER, 7))
    statement = BY_NAME["-at"].apply(select(C.id), cursor=cursor, per_page=25)
    for dialect in (None, postgresql.dialect()):  # type: ignore[no-untyped-call]
        sql = " ".join(str(statement.compile(dialect=dialect)).split())
        assert "WHERE (rows.at, rows.id) < (" in sql
        assert "ORDER BY rows.at DESC, rows.id DESC" in sql


def test_the_way_back_turns_order_and_comparison() -> None:
    cursor = Cursor("prev", "-at", (NEVER, 7))
    statement = BY_NAME["-at"].apply(select(C.id), cursor=cursor, per_page=25)
    sql = " ".join(str(statement).split())
    assert "WHERE (rows.at, rows.id) > (" in sql
    assert "ORDER BY rows.at ASC, rows.id ASC" in sql


def test_a_nullable_key_is_refused() -> None:
    with pytest.raises(ValueError, match=r"rows\.closed_at is nullable"):
        Keyset("closed_at", [(C.closed_at, False), (C.id, False)])


def test_a_key_no_cursor_can_hold_is_refused() -> None:
    with pytest.raises(TypeError, match=r"rows\.extra cannot be a sort key"):
        Keyset("extra", [(C.extra, False), (C.id, False)])


def test_both_orders_of_every_column_are_made_at_once() -> None:
    made = keysets({"at": C.at, "id": C.id}, id=C.id)
    assert list(made) == ["at", "-at", "id", "-id"]
    assert [str(key) for key in made["-at"].order_by] == ["rows.at DESC", "rows.id DESC"]
    assert [str(key) for key in made["id"].order_by] == ["rows.id ASC"]


VALUES = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"])),
    st.integers(-(2**63), 2**63 - 1),
    st.booleans(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.datetimes(timezones=st.just(UTC)),
)


@given(direction=st.sampled_from(["next", "prev"]), values=st.lists(VALUES, min_size=1, max_size=4))
def test_a_cursor_comes_back_as_it_was(direction: Any, values: list[Any]) -> None:
    cursor = Cursor(direction, "-at", tuple(values))
    text = cursor.encode()
    assert text.isascii()
    assert not set(text) & set("+/=&?#% ")
    found = Cursor.decode(text, sort="-at")
    assert found == cursor
    assert [type(value) for value in found.values] == [type(value) for value in values]


def test_a_cursor_holds_no_other_values() -> None:
    with pytest.raises(TypeError, match="cannot hold None"):
        Cursor("next", "at", (None, 1)).encode()  # type: ignore[arg-type]


def packed(content: Any) -> str:
    return base64.urlsafe_b64encode(orjson.dumps(content)).rstrip(b"=").decode()


def refuses(keyset: Keyset, text: str) -> bool:
    with pytest.raises(Invalid) as caught:
        keyset.decode(text)
    return caught.value.errors == {"cursor": ["The cursor is invalid."]}


@pytest.mark.parametrize(
    "content",
    [
        None,
        1,
        "next",
        {},
        [],
        ["next"],
        ["next", "-at"],
        ["next", "-at", {"t": 0}],
        ["next", "-at", {"t": 0}, 1, 2],
        ["up", "-at", {"t": 0}, 1],
        [None, "-at", {"t": 0}, 1],
        ["next", "at", {"t": 0}, 1],
        ["next", ["-at"], {"t": 0}, 1],
        ["next", "-at", 0, 1],
        ["next", "-at", "2026-01-29", 1],
        ["next", "-at", None, 1],
        ["next", "-at", {"t": 0, "u": 1}, 1],
        ["next", "-at", {"t": 10**18}, 1],
        ["next", "-at", {"t": "0"}, 1],
        ["next", "-at", {"t": True}, 1],
        ["next", "-at", {"t": 0}, "1"],
        ["next", "-at", {"t": 0}, True],
        ["next", "-at", {"t": 0}, 1.0],
        ["next", "-at", {"t": 0}, 2**31],
        ["next", "-at", {"t": 0}, 2**63],
        ["next", "-at", {"t": 0}, [1]],
    ],
)
def test_a_foreign_cursor_is_refused(content: Any) -> None:
    assert refuses(BY_NAME["-at"], packed(content))


@pytest.mark.parametrize("content", [["next", "name", "a\0", 1], ["next", "name", 1, 1]])
def test_a_cursor_with_a_text_no_database_takes_is_refused(content: Any) -> None:
    assert refuses(BY_NAME["name"], packed(content))


@pytest.mark.parametrize(
    "text", ["!", "abc", "a b", "ü", "A" * 10_000, "\n", "bmV4dA==", "-", "W1"]
)
def test_a_malformed_cursor_is_refused(text: str) -> None:
    assert refuses(BY_NAME["-at"], text)


@given(text=st.text(min_size=1) | st.binary(min_size=1).map(lambda raw: packed(raw.hex())))
def test_no_text_is_ever_an_accident(text: str) -> None:
    assert refuses(BY_NAME["-at"], text)


def test_the_empty_cursor_is_the_start() -> None:
    assert BY_NAME["-at"].decode("") is None


def test_every_cursor_that_is_read_can_be_asked_for(connection: Connection) -> None:
    extremes: dict[str, list[list[Any]]] = {
        "-at": [[{"t": -62135596800_000_000}, -(2**31)], [{"t": 253402300799_999_999}, 2**31 - 1]],
        "name": [["", 0], ["\U0010ffff'\"%_\\", 0]],
        "weight": [[1.7e308, 0], [-5e-324, 0]],
    }
    for name, places in extremes.items():
        for place in places:
            for direction in ("next", "prev"):
                text = packed([direction, name, *place])
                assert fetch(connection, BY_NAME[name], text, 1) is not None
