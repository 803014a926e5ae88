"""The conversation list: columns instead of entities, statements built once per shape.

A list's statement depends on which filters are given, not on their values. Each such shape is
built once and its values are bound, so that a request pays for neither building nor compiling.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from sqlalchemy import Select, and_, bindparam, exists, func, literal_column, select, type_coerce

from ..conversation_fields import ConversationFields
from ..db import Prepared
from ..db.unindexed import unindexed
from ..models import (
    Conversation,
    ConversationTag,
    ConversationTally,
    Customer,
    Mailbox,
    User,
)
from ..models.search import one_line
from ..pagination import Keyset, keysets
from .listing import ListPage, run_list

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import ColumnElement

    from ..db import AnyRow
    from ..desk import Desk

_c = Conversation.__table__.c
_customer = Customer.__table__.c
_mailbox = Mailbox.__table__.c
_user = User.__table__.c
_tag = ConversationTag.__table__.c
_tally = ConversationTally.__table__.c
_workspace: Any = bindparam("workspace_id")

SORTS = ("last_reply_at", "created_at", "updated_at", "number")
KEYSETS: dict[str, Keyset] = keysets({name: _c[name] for name in SORTS}, id=_c.id)

#: What the enabled plugins add; statements are kept by it.
Added = tuple[ConversationFields, ...]
DEFAULT_SORT = "-last_reply_at"

#: What a row of the list holds, in this order; the presenter goes by position.
COLUMNS = (
    _c.id,
    _c.number,
    _c.subject,
    _c.status,
    _c.channel,
    _c.priority,
    _c.tags,
    _c.last_reply_at,
    _c.created_at,
    _c.updated_at,
    _customer.id.label("customer_id"),
    _customer.email.label("customer_email"),
    _customer.display_name.label("customer_name"),
    _mailbox.id.label("mailbox_id"),
    _mailbox.name.label("mailbox_name"),
    _user.id.label("user_id"),
    _user.name.label("user_name"),
)

_JOINED = (
    Conversation.__table__.join(
        Customer.__table__,
        and_(_customer.workspace_id == _c.workspace_id, _customer.id == _c.customer_id),
    )
    .join(
        Mailbox.__table__,
        and_(_mailbox.workspace_id == _c.workspace_id, _mailbox.id == _c.mailbox_id),
    )
    .outerjoin(
        User.__table__, and_(_user.workspace_id == _c.workspace_id, _user.id == _c.assigned_to)
    )
)

#: The columns that a list filters by and its tallies count by.
FACETS = ("status", "channel", "mailbox_id", "assigned_to", "priority")


def _among(column: ColumnElement[Any], name: str) -> ColumnElement[bool]:
    return column.in_(bindparam(name, expanding=True))


def _by_facet(columns: Any) -> dict[str, ColumnElement[bool]]:
    """Return the criteria on a facet's one value, and on one of several."""
    one = {name: columns[name] == bindparam(name) for name in FACETS}
    several = {f"{name}_list": _among(columns[name], f"{name}_list") for name in FACETS}
    return {**one, **several}


_TAGGED = exists(
    select(literal_column("1"))
    .select_from(ConversationTag.__table__)
    .where(
        _tag.workspace_id == _workspace, _tag.conversation_id == _c.id, _tag.tag == bindparam("tag")
    )
)
_CRITERIA: dict[str, ColumnElement[bool]] = {
    **_by_facet(_c),
    "assigned_to_list": _among(func.coalesce(_c.assigned_to, 0), "assigned_to_list"),
    "unassigned": _c.assigned_to.is_(None),
    "id": _c.id == bindparam("id"),
    "found": _among(_c.id, "found"),
    "customer_id": _c.customer_id == bindparam("customer_id"),
    "created_after": _c.created_at > bindparam("created_after"),
    "created_before": _c.created_at < bindparam("created_before"),
    "updated_after": _c.updated_at > bindparam("updated_after"),
    "tag": _TAGGED,
}

#: In a shape: that a plugin's column, by which the list is sorted, is not null.
_HAS = "has_"

_TALLIED = {**_by_facet(_tally), "unassigned": _tally.assigned_to == 0}


def _by_plugin(fields: ConversationFields) -> dict[str, ColumnElement[bool]]:
    """Return the criteria on a plugin's columns: one value, several, and that there is one."""
    one = {name: it == bindparam(name) for name, (_, it) in fields.filters.items()}
    several = {
        f"{name}_list": _among(it, f"{name}_list") for name, (_, it) in fields.filters.items()
    }
    there = {_HAS + name: it.is_not(None) for name, it in fields.sorts.items()}
    return {**one, **several, **there}


@cache
def _criteria(added: Added) -> dict[str, ColumnElement[bool]]:
    criteria = dict(_CRITERIA)
    for fields in added:
        criteria |= _by_plugin(fields)
    return criteria


@cache
def keysets_of(added: Added) -> dict[str, Keyset]:
    """Return every order that a list may have, those by plugins' columns included."""
    orders = dict(KEYSETS)
    for fields in added:
        # A list so sorted holds no null (see _HAS), so that the column is none that may be.
        columns = {name: type_coerce(it, it.type) for name, it in fields.sorts.items()}
        orders |= keysets(columns, id=fields.table.c.conversation_id)
    return orders


def _live(added: Added, shape: frozenset[str], *, looked_up: bool = False) -> ColumnElement[bool]:
    by_id = looked_up or "found" in shape
    criteria = _criteria(added)
    return and_(
        (unindexed(_c.workspace_id) if by_id else _c.workspace_id) == _workspace,
        _c.deleted_at.is_(None),
        *(criteria[name] for name in sorted(shape)),
    )


def _with(origin: Any, added: Added, shape: frozenset[str], *, counting: bool = False) -> Any:
    """Join the plugins' tables: those that narrow the list so that the list may begin with them."""
    for fields in added:
        narrows = not shape.isdisjoint(_by_plugin(fields))
        if counting and not narrows:
            continue
        own = fields.table.c
        on = and_(own.workspace_id == _c.workspace_id, own.conversation_id == _c.id)
        origin = origin.join(fields.table, on, isouter=not narrows)
    return origin


def _columns(added: Added) -> list[ColumnElement[Any]]:
    """Return the columns of a row: ours, then the plugins' under the names of their fields."""
    return [
        *COLUMNS,
        *(column.label(name) for fields in added for name, column in fields.shown.items()),
    ]


@cache
def _rows(added: Added, shape: frozenset[str]) -> Select[Any]:
    origin = _with(_JOINED, added, shape)
    return select(*_columns(added)).select_from(origin).where(_live(added, shape))


@cache
def _numbered_page(added: Added, shape: frozenset[str], sort: str) -> Prepared:
    # One round to the database instead of two; the total stands in every row.
    total = _total(added, shape).correlate(None).scalar_subquery().label("total")
    return Prepared(
        _rows(added, shape)
        .add_columns(total)
        .order_by(*keysets_of(added)[sort].order_by)
        .limit(bindparam("limit"))
        .offset(bindparam("offset"))
    )


@cache
def _total(added: Added, shape: frozenset[str]) -> Select[Any]:
    if shape <= _TALLIED.keys():
        criteria = (_TALLIED[name] for name in sorted(shape))
        return select(func.coalesce(func.sum(_tally.conversations), 0)).where(
            _tally.workspace_id == _workspace, *criteria
        )
    for fields in added:
        narrowing = _by_plugin(fields)
        if fields.live_only and shape <= narrowing.keys():
            own = (narrowing[name] for name in sorted(shape))
            return (
                select(func.count())
                .select_from(fields.table)
                .where(fields.table.c.workspace_id == _workspace, *own)
            )
    origin = _with(Conversation.__table__, added, shape, counting=True)
    return select(func.count()).select_from(origin).where(_live(added, shape))


@cache
def _counted(added: Added, shape: frozenset[str]) -> Prepared:
    return Prepared(_total(added, shape))


@cache
def _one(added: Added) -> Prepared:
    return Prepared(
        _rows(added, frozenset({"id"})).add_columns(
            _customer.phone.label("customer_phone"), _customer.erased_at
        )
    )


def conversation_row(desk: Desk, conversation_id: int) -> AnyRow | None:
    """Return one live conversation, in the list's columns and more of its customer, or None."""
    rows = desk.session.fetch(_one(desk.plugins.conversation_fields), {"id": conversation_id})
    return rows[0] if rows else None


def list_conversations(desk: Desk, filters: Mapping[str, Any]) -> ListPage:
    """Return one page of the live conversations that match all ``filters``."""
    added = desk.plugins.conversation_fields
    sort = filters.get("sort", DEFAULT_SORT)
    values = _values(desk, filters)
    if sort not in KEYSETS:
        values[_HAS + sort.removeprefix("-")] = True
    term = filters.get("search")
    if term:
        found = _find(desk, term)
        if found is None:
            return _walk(desk, term, values=values, filters=filters)
        values["found"] = found
    shape = frozenset(values)
    session = desk.session
    if "cursor" in filters:
        statement = _rows(added, shape).params(**values, workspace_id=desk.workspace_id)
        return run_list(session, statement, keyset=keysets_of(added)[sort], filters=filters)
    page, per_page = filters["page"], filters["per_page"]
    window = {"limit": per_page, "offset": (page - 1) * per_page}
    rows = session.fetch(_numbered_page(added, shape, sort), {**values, **window})
    if rows:
        total = rows[0].total
    else:  # past the end, or nothing at all
        total = session.fetch(_counted(added, shape), values)[0][0] if page > 1 else 0
    return ListPage(rows, page, per_page, total=int(total))


def _values(desk: Desk, filters: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the criteria bind, by criterion: one value compares, several make a list."""
    values: dict[str, Any] = {}
    added = (name for fields in desk.plugins.conversation_fields for name in fields.filters)
    for name in ("status", "channel", "mailbox_id", "priority", *added):
        given = filters.get(name)
        if given:
            _one_or_many(values, name, given)
    assignees = filters.get("assigned_to")
    if assignees:
        members = [_assignee(desk, value) for value in assignees]
        if members == [0]:
            values["unassigned"] = True
        else:
            _one_or_many(values, "assigned_to", members, keep_list=0 in members)
    for name in ("customer_id", "created_after", "created_before", "updated_after", "tag"):
        if filters.get(name) is not None:
            values[name] = filters[name]
    return values


def _assignee(desk: Desk, value: Any) -> int:
    if value == "unassigned":
        return 0
    if value == "me":
        return desk.actor.user_id or 0
    return int(value)


def _one_or_many(
    values: dict[str, Any], name: str, given: list[Any], *, keep_list: bool = False
) -> None:
    if len(given) == 1 and not keep_list:
        values[name] = given[0]
    else:
        values[f"{name}_list"] = given


def _find(desk: Desk, term: str) -> list[int] | None:
    """Return the ids of what holds ``term`` or has it as its number; None where they are many."""
    found = desk.search.conversations.few(term)
    number = _number(term)
    if found is None or number is None:
        return found
    return [*found, *desk.session.execute(_numbered(desk, number)).scalars()]


def _numbered(desk: Desk, number: int) -> Select[Any]:
    return select(_c.id).where(_c.workspace_id == desk.workspace_id, _c.number == number)


def _walk(desk: Desk, term: str, *, values: dict[str, Any], filters: Mapping[str, Any]) -> ListPage:
    """Search for a common term: walk the list in its own order until the page is full."""
    shape, added = frozenset(values), desk.plugins.conversation_fields
    values = {**values, "workspace_id": desk.workspace_id}
    folded, index, number = one_line(term), desk.search.conversations, _number(term)
    holds, hits = index.contains(_c.id, folded), index.hits(folded)
    if number is not None:
        holds = holds | (_c.number == number)
        hits = hits.union(_numbered(desk, number))  # type: ignore[assignment]
    if shape or number is not None:
        origin = _with(Conversation.__table__, added, shape, counting=True)
        total = select(func.count()).select_from(origin)
        total = total.where(_live(added, shape, looked_up=True), _c.id.in_(hits)).params(**values)
    else:  # only live conversations have a document
        total = select(func.count()).select_from(hits.subquery())
    return run_list(
        desk.session,
        _rows(added, shape).where(holds).params(**values),
        keyset=keysets_of(added)[filters.get("sort", DEFAULT_SORT)],
        filters=filters,
        total=lambda: int(desk.session.execute(total).scalar_one()),
    )


def _number(term: str) -> int | None:
    """Return the conversation number a term may mean: ``42`` or ``#42``."""
    digits = term.strip().removeprefix("#")
    if digits.isascii() and digits.isdecimal() and len(digits) <= 18:
        return int(digits)
    return None
