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
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypeVar, cast

from sqlalchemy import BigInteger, event, inspect
from sqlalchemy.orm import (
    LoaderCriteriaOption,
    Mapped,
    ORMExecuteState,
    Session,
    attributes,
    mapped_column,
    with_loader_criteria,
)
from sqlalchemy.orm.base import PASSIVE_NO_INITIALIZE
from sqlalchemy.sql.elements import TextClause

from .rows import put
from .scoping import COLUMN, SESSION, UnscopedQuery

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy import Connection, CursorResult, Engine, Executable
    from sqlalchemy.orm import SessionTransaction

    from .prepared import Prepared
    from .reading import Reader, Readers
    from .types import AnyRow

__all__ = ["UnscopedQuery", "WorkspaceScoped", "WorkspaceSession"]

_Row = TypeVar("_Row")
_NONE: Mapping[str, Any] = MappingProxyType({})


class WorkspaceScoped:
    """Mixin of every model whose rows belong to one workspace."""

    workspace_id: Mapped[int] = mapped_column(BigInteger, nullable=False)


class WorkspaceSession(Session):
    """A session that serves one workspace, or none and then no tenant table."""

    def __init__(
        self, engine: Engine, *, workspace_id: int | None = None, readers: Readers | None = None
    ) -> None:
        """Serve ``workspace_id`` on ``engine``, or on one of the ``readers``."""
        # SQLAlchemy's part follows with the first need of it: many requests only fetch.
        self.whole = False
        self.engine = engine
        self.workspace_id = workspace_id
        self.flushing = False
        self._readers = readers
        self._reader: Reader | None = None

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            """Become a whole session, some attribute of which is asked for."""
            if name.startswith("__") or self.whole:
                raise AttributeError(name)
            self.whole = True
            super().__init__(self.engine, expire_on_commit=False, autoflush=False)
            return getattr(self, name)

    def require_workspace(self) -> int:
        """Return the workspace's id; raises :class:`UnscopedQuery` when there is none."""
        if self.workspace_id is None:
            raise UnscopedQuery("this session serves no workspace")
        return self.workspace_id

    def get(self, entity: type[_Row], *args: Any, **options: Any) -> _Row | None:  # type: ignore[override]
        """Return a row by its key; one of another workspace is none, loaded or not."""
        row: _Row | None = None
        if len(args) == 1 and not any(options.values()):
            row = self._held(entity, args[0])
        if row is None:
            row = super().get(entity, *args, **options)
        if isinstance(row, WorkspaceScoped) and row.workspace_id != self.require_workspace():
            return None
        return row

    def _held(self, entity: type[_Row], key: Any) -> _Row | None:
        """Return a row that the session has, by a key of one column; looking there costs little."""
        if not self.whole or isinstance(key, tuple | dict | list):
            return None
        row: _Row | None = self.identity_map.get((entity, (key,), None))
        return None if row is None or inspect(row).expired else row

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

    def fetch(self, prepared: Prepared, values: Mapping[str, Any] = _NONE) -> Sequence[AnyRow]:
        """Return all rows of a prepared statement; none where it is a write without RETURNING.

        ``values`` are its parameters, but for those that hold it to the session's workspace.
        """
        return prepared.run(self, values)

    def put(self, row: WorkspaceScoped) -> None:
        """Write one new row: what ``add`` and ``flush`` do, in a tenth of their time.

        Rows that were added before are written before. What was changed is not: that waits for
        the next flush, at the latest for the commit.
        """
        if self.new:
            self.flush()
        put(self, row)

    def driver(self) -> Any:
        """Return the driver's connection, in the session's transaction, which it begins."""
        if self._readers is None:
            return self.connection().connection
        return self._read_on(self._readers).driver

    def get_bind(self, *args: Any, **options: Any) -> Engine | Connection:
        """Return what the ORM and :meth:`core` run on: the same transaction as :meth:`fetch`."""
        if self._readers is None:
            return super().get_bind(*args, **options)
        return self._read_on(self._readers).connection

    def _read_on(self, readers: Readers) -> Reader:
        if self._reader is None:
            self._reader = readers.take()
        return self._reader

    def close(self) -> None:
        """End the transaction and let go of all rows."""
        if self.whole and (self.in_transaction() or self.identity_map):
            super().close()
        self.part()

    def part(self) -> None:
        """Give the reader back, if there is one; a further statement takes another."""
        reader, self._reader = self._reader, None
        if reader is not None and self._readers is not None:
            self._readers.give_back(reader)

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


@event.listens_for(WorkspaceSession, "after_transaction_end")
def _part(session: WorkspaceSession, transaction: SessionTransaction) -> None:
    if transaction.parent is None:
        session.part()


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
        said = attributes.get_history(row, COLUMN, PASSIVE_NO_INITIALIZE)
        if row not in session.new and said.deleted:
            raise UnscopedQuery(f"a {type(row).__name__} is to change its workspace")
