"""The workspace-scoped session: another workspace's rows cannot be reached by accident.

Three layers, each of which would do alone for the case it covers:

1. ORM statements get ``workspace_id = <session's workspace>`` added for every tenant table.
2. Core statements on tenant tables are refused unless each of these tables is held to a
   workspace; a bind parameter named ``workspace_id`` is filled in from the session.
3. New rows are stamped with the session's workspace; a different stamp is refused.

``execution_options(unscoped="why")`` is the audited way around it. It is for code that has no
workspace yet (authentication) or serves all of them (the job engine, migrations, doctor).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast
from weakref import WeakKeyDictionary

from sqlalchemy import BigInteger, Table, event
from sqlalchemy.orm import (
    Mapped,
    ORMExecuteState,
    Session,
    mapped_column,
    with_loader_criteria,
)
from sqlalchemy.sql import operators, visitors
from sqlalchemy.sql.dml import Insert, UpdateBase
from sqlalchemy.sql.elements import BinaryExpression, ColumnClause, TextClause
from sqlalchemy.sql.selectable import Alias, Join, Select

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from sqlalchemy.sql.base import Executable

#: ``Table.info`` key under which :class:`WorkspaceScoped` marks tenant tables.
TENANT = "workspace_scoped"


class UnscopedQuery(RuntimeError):
    """A statement on tenant rows that is not held to one workspace: a defect, never user input."""


class WorkspaceScoped:
    """Mixin of every model whose rows belong to one workspace."""

    workspace_id: Mapped[int] = mapped_column(BigInteger, nullable=False)


class WorkspaceSession(Session):
    """A session that serves one workspace, or none and then no tenant table."""

    def __init__(self, *args: Any, workspace_id: int | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.workspace_id = workspace_id

    def require_workspace(self) -> int:
        """Return the workspace's id; raises :class:`UnscopedQuery` when there is none."""
        if self.workspace_id is None:
            raise UnscopedQuery("this session serves no workspace")
        return self.workspace_id


_VERDICTS: WeakKeyDictionary[Any, tuple[bool, bool]] = WeakKeyDictionary()


def _sources(element: Any) -> Iterator[Any]:
    """Yield the tables and aliases that ``element`` (a SELECT, UPDATE or DELETE) reads from."""
    pending = list(element.get_final_froms()) if isinstance(element, Select) else [element.table]
    while pending:
        source = pending.pop()
        if isinstance(source, Join):
            pending += [source.left, source.right]
        else:
            yield source


def _is_tenant(source: Any) -> bool:
    table = source.element if isinstance(source, Alias) else source
    return isinstance(table, Table) and TENANT in table.info


def _examine(statement: Executable) -> tuple[bool, bool]:
    """Return (touches tenant tables, holds each of them to a workspace), remembered."""
    verdict = _VERDICTS.get(statement)
    if verdict is None:
        tenants: set[Any] = set()
        held: set[Any] = set()
        for element in visitors.iterate(cast("Any", statement)):
            if isinstance(element, Select | UpdateBase):
                tenants.update(filter(_is_tenant, _sources(element)))
            elif isinstance(element, BinaryExpression) and element.operator is operators.eq:
                held.update(
                    side.table
                    for side in (element.left, element.right)
                    if isinstance(side, ColumnClause) and side.name == "workspace_id"
                )
        verdict = _VERDICTS[statement] = (bool(tenants), tenants <= held)
    return verdict


def _check_insert(state: ORMExecuteState, workspace_id: int | None) -> None:
    statement = cast("Insert", state.statement)
    if not (isinstance(statement.table, Table) and TENANT in statement.table.info):
        return
    if statement.select is not None:
        if not _examine(statement.select)[1]:
            raise UnscopedQuery(f"INSERT … SELECT into {statement.table.name} without workspace_id")
        return
    parameters = state.parameters
    rows: Iterable[Any] = [parameters] if isinstance(parameters, dict) else (parameters or [])
    values = [row.get("workspace_id") for row in rows]
    if not values:
        compiled = statement.compile()
        values = [compiled.params.get("workspace_id")]
    if workspace_id is None or any(value != workspace_id for value in values):
        raise UnscopedQuery(f"INSERT into {statement.table.name} for another workspace, or none")


@event.listens_for(WorkspaceSession, "do_orm_execute")
def _hold_to_workspace(state: ORMExecuteState) -> None:
    if state.execution_options.get("unscoped"):
        return
    session = cast("WorkspaceSession", state.session)
    workspace_id = session.workspace_id
    if state.is_insert:
        _check_insert(state, workspace_id)
    elif state.is_orm_statement:
        if workspace_id is None:
            if _examine(state.statement)[0]:
                raise UnscopedQuery("a query on tenant rows in a session without a workspace")
        elif not (state.is_column_load or state.is_relationship_load):
            state.statement = state.statement.options(
                with_loader_criteria(
                    WorkspaceScoped,
                    lambda cls: cls.workspace_id == workspace_id,
                    include_aliases=True,
                )
            )
    else:
        _check_core(state, workspace_id)


def _check_core(state: ORMExecuteState, workspace_id: int | None) -> None:
    if isinstance(state.statement, TextClause):
        raise UnscopedQuery("textual SQL cannot be checked; say execution_options(unscoped=…)")
    tenant, held = _examine(state.statement)
    if not tenant:
        return
    if not held:
        raise UnscopedQuery("a Core statement on tenant rows without a workspace_id criterion")
    if workspace_id is None:
        raise UnscopedQuery("a query on tenant rows in a session without a workspace")
    parameters = state.parameters
    if (
        isinstance(parameters, dict)
        and parameters.get("workspace_id", workspace_id) != workspace_id
    ):
        raise UnscopedQuery("a Core statement for another workspace than the session's")


@event.listens_for(WorkspaceSession, "before_flush")
def _stamp(session: WorkspaceSession, _context: Any, _instances: Any) -> None:
    for row in session.new:
        if isinstance(row, WorkspaceScoped):
            stamp: int | None = row.workspace_id
            if stamp is None:
                row.workspace_id = session.require_workspace()
            elif session.workspace_id is not None and stamp != session.workspace_id:
                raise UnscopedQuery(f"a new {type(row).__name__} for another workspace")
