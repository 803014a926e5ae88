"""The workspace-scoped session: another workspace's rows cannot be reached by accident.

1. ORM statements get ``workspace_id = <session's workspace>`` added for every tenant entity.
2. Whatever is then compiled is judged by :mod:`.scoping`: a statement that reads or changes a
   tenant table without being held to the session's workspace does not run.
3. Rows that are added, changed or deleted must be the workspace's; new ones are stamped with it.

``execution_options(unscoped="why")`` is the audited way around it. It is for code that has no
workspace yet (authentication) or serves all of them (the job engine, migrations, doctor).
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, TypeVar, cast

from sqlalchemy import BigInteger, event, inspect
from sqlalchemy.orm import (
    LoaderCriteriaOption,
    Mapped,
    ORMExecuteState,
    Session,
    mapped_column,
    with_loader_criteria,
)
from sqlalchemy.sql.elements import TextClause

from .scoping import SESSION, UnscopedQuery

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy import Connection, CursorResult, Executable

__all__ = ["UnscopedQuery", "WorkspaceScoped", "WorkspaceSession"]

_Row = TypeVar("_Row")


class WorkspaceScoped:
    """Mixin of every model whose rows belong to one workspace."""

    workspace_id: Mapped[int] = mapped_column(BigInteger, nullable=False)


class WorkspaceSession(Session):
    """A session that serves one workspace, or none and then no tenant table."""

    def __init__(self, *args: Any, workspace_id: int | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.workspace_id = workspace_id
        self.flushing = False

    def require_workspace(self) -> int:
        """Return the workspace's id; raises :class:`UnscopedQuery` when there is none."""
        if self.workspace_id is None:
            raise UnscopedQuery("this session serves no workspace")
        return self.workspace_id

    def get(self, entity: type[_Row], *args: Any, **options: Any) -> _Row | None:  # type: ignore[override]
        """Return a row by its key; one of another workspace is none, loaded or not."""
        row: _Row | None = super().get(entity, *args, **options)
        if isinstance(row, WorkspaceScoped) and row.workspace_id != self.require_workspace():
            return None
        return row

    def core(
        self,
        statement: Executable,
        values: Mapping[str, Any] | Sequence[Mapping[str, Any]] | None = None,
        *,
        execution_options: Mapping[str, Any] | None = None,
    ) -> CursorResult[*tuple[Any, ...]]:
        """Run a statement on tables, not entities, straight on the session's connection.

        It is judged like any other, and costs half as much as :meth:`execute` makes of it.
        """
        connection = self.connection()
        return connection.execute(statement, values, execution_options=execution_options)

    def flush(self, *args: Any, **options: Any) -> None:
        """Write what was added, changed and deleted; each row by its key."""
        self.flushing = True
        try:
            super().flush(*args, **options)
        finally:
            self.flushing = False


@event.listens_for(WorkspaceSession, "after_begin")
def _introduce(session: WorkspaceSession, _transaction: Any, connection: Connection) -> None:
    connection.info[SESSION] = session


@event.listens_for(WorkspaceSession, "do_orm_execute")
def _hold_to_workspace(state: ORMExecuteState) -> None:
    if state.execution_options.get("unscoped"):
        return
    session = cast("WorkspaceSession", state.session)
    if isinstance(state.statement, TextClause):
        raise UnscopedQuery("textual SQL cannot be checked; say execution_options(unscoped=…)")
    if state.is_column_load:
        state.update_execution_options(unscoped="more of a row the session has")
    elif state.is_orm_statement and not state.is_insert:
        workspace_id = session.workspace_id
        if workspace_id is not None:
            state.statement = state.statement.options(_only(workspace_id))


@lru_cache(maxsize=1024)
def _only(workspace_id: int) -> LoaderCriteriaOption:
    """Return the option that holds entities to a workspace; making one is slow."""
    return with_loader_criteria(
        WorkspaceScoped, lambda cls: cls.workspace_id == workspace_id, include_aliases=True
    )


@event.listens_for(WorkspaceSession, "before_flush")
def _stamp(session: WorkspaceSession, _context: Any, _instances: Any) -> None:
    for row in session.new:
        if isinstance(row, WorkspaceScoped):
            stamp: int | None = row.workspace_id
            if stamp is None:
                row.workspace_id = session.require_workspace()
    for row in (*session.new, *session.dirty, *session.deleted):
        if not isinstance(row, WorkspaceScoped):
            continue
        if row.workspace_id != session.require_workspace():
            raise UnscopedQuery(f"a {type(row).__name__} of another workspace is to be written")
        if row not in session.new and inspect(row).attrs.workspace_id.history.deleted:
            raise UnscopedQuery(f"a {type(row).__name__} is to change its workspace")
