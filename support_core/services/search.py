"""Substring search by index: keeping the documents, and the two ways of asking for them.

A term that few documents hold is answered from the index first (:meth:`SearchIndex.few`); one
that many hold by walking the list in its own order and checking each row
(:meth:`SearchIndex.contains`), which ends with the page.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, delete, exists, func, insert, literal_column, select

from ..db import Prepared
from ..models.search import conversation_search, customer_search, document, one_line

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement, Select, TableClause

    from ..desk import Desk

#: Up to this many hits the index goes first.
RARE = 1000

#: Shorter terms have no trigram; they are looked for in the documents themselves.
SHORTEST_INDEXED = 3


_ADD = {
    table.name: Prepared(insert(table), columns=("rowid", "workspace_id", "text"))
    for table in (conversation_search, customer_search)
}


class SearchIndex:
    """The documents of one kind in the desk's workspace; ``rowid`` is the id of the thing."""

    def __init__(self, desk: Desk, table: TableClause) -> None:
        self._desk = desk
        self._table = table
        self._sqlite = desk.session.get_bind().dialect.name == "sqlite"

    def add(self, id_: int, *parts: str | None) -> None:
        """Store the first document of ``id_``."""
        self._desk.session.fetch(_ADD[self._table.name], {"rowid": id_, "text": document(*parts)})

    def put(self, id_: int, *parts: str | None) -> None:
        """Store the document of ``id_``, instead of the one it may have."""
        self.drop(id_)
        self.add(id_, *parts)

    def drop(self, id_: int) -> None:
        """Forget the document of ``id_``."""
        table = self._table
        self._desk.session.core(
            delete(table).where(
                table.c.workspace_id == self._desk.workspace_id, table.c.rowid == id_
            )
        )

    def few(self, term: str) -> list[int] | None:
        """Return the ids of all documents that hold ``term``; None for more than :data:`RARE`."""
        folded = one_line(term)
        found = self._desk.session.core(_few(self._table, self._way(folded)), self._values(folded))
        ids = list(found.scalars())
        return ids if len(ids) <= RARE else None

    def hits(self, folded: str) -> Select[Any]:
        """Return a SELECT of the ids of all documents that hold ``folded``."""
        return _hits(self._table, self._way(folded)).params(**self._values(folded))

    def contains(self, id_column: ColumnElement[int], folded: str) -> ColumnElement[bool]:
        """Return a criterion: the document of ``id_column`` holds ``folded``."""
        table = self._table
        return exists(
            select(literal_column("1"))
            .select_from(table)
            .where(
                table.c.workspace_id == self._desk.workspace_id,
                table.c.rowid == id_column,
                _holds(table, self._way(folded)),
            )
            .params(**self._values(folded))
        )

    def _way(self, folded: str) -> str:
        indexed = "indexed" if len(folded) >= SHORTEST_INDEXED else "scanned"
        return f"{'sqlite' if self._sqlite else 'postgresql'} {indexed}"

    def _values(self, folded: str) -> dict[str, Any]:
        escaped = re.sub(r"([/%_])", r"/\1", folded)
        return {
            "searched_workspace": self._desk.workspace_id,
            "folded": folded,
            "pattern": f"%{escaped}%",
            "trigrams": _trigrams(folded),
        }


def _holds(table: TableClause, way: str) -> ColumnElement[bool]:
    """Return the criterion that a document's text holds the term, by database and length."""
    text: Any = table.c.text
    if way == "postgresql indexed":
        holds: ColumnElement[bool] = text.like(bindparam("pattern"), escape="/")
        return holds
    position = func.strpos if way == "postgresql scanned" else func.instr
    return position(text, bindparam("folded")) > 0


@cache
def _hits(table: TableClause, way: str) -> Select[Any]:
    statement = select(table.c.rowid.label("id")).where(
        table.c.workspace_id == bindparam("searched_workspace"), _holds(table, way)
    )
    if way == "sqlite indexed":
        matches = literal_column(table.name).op("MATCH")(bindparam("trigrams"))
        return statement.where(matches)
    return statement


@cache
def _few(table: TableClause, way: str) -> Select[Any]:
    return _hits(table, way).limit(RARE + 1)


def _trigrams(folded: str) -> str:
    """Return the FTS5 query that narrows a search down to documents that may hold ``folded``.

    Each trigram asked for costs a walk of its list, and a common one's is long. So they do not
    overlap, and those behind an @ are left out: a host is shared by many addresses.
    """
    local = folded.partition("@")[0]
    asked = local if len(local) >= SHORTEST_INDEXED else folded
    last = len(asked) - SHORTEST_INDEXED
    pieces = {asked[at : at + SHORTEST_INDEXED] for at in (*range(0, last, 3), last)}
    return " AND ".join('"' + piece.replace('"', '""') + '"' for piece in sorted(pieces))


class SearchIndexes:
    """The indexes of a desk."""

    def __init__(self, desk: Desk) -> None:
        self.conversations = SearchIndex(desk, conversation_search)
        self.customers = SearchIndex(desk, customer_search)
