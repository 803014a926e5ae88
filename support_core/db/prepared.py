"""Prepared statements: compiled and judged once, then run straight on the driver.

SQLAlchemy needs several times as long as SQLite to take a small statement that it has long compiled
to the driver and its rows back. What all that work comes to is the same each time, and is kept
here: the SQL, the order of the parameters, the columns' own conversions both ways, and the verdict
of :mod:`.scoping`. It is for the reads that every request makes, for lists, and for the few writes
that every message from outside makes; nothing else needs it.

The safety is the ordinary one. A statement on tenant rows that is not held to one workspace is
refused when it is compiled, and the parameters that hold it are filled from the session: a caller
cannot give them. Rows, conversions and errors are those of :meth:`WorkspaceSession.core`, which
also takes over for statements whose SQL depends on their values (``IN`` with a list), and as long
as somebody listens to SQLAlchemy's cursor events: a tracer, or a test that counts statements.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, NoReturn

from sqlalchemy import Row
from sqlalchemy.engine.result import SimpleResultMetaData

from .scoping import COLUMN, UnscopedQuery, is_watched

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from sqlalchemy import Connection, Select
    from sqlalchemy.engine import Dialect
    from sqlalchemy.engine.interfaces import DBAPICursor
    from sqlalchemy.sql.dml import UpdateBase

    from .scoping import Verdict
    from .session import WorkspaceSession
    from .types import AnyRow

    Process = Callable[[Any], Any] | None


class Prepared:
    """A SELECT of columns for :meth:`WorkspaceSession.fetch`; declared once, at import.

    Or an INSERT, UPDATE or DELETE; an INSERT is of one row, and ``columns`` are those that it
    fills. ``unscoped`` is why it needs no workspace, where it needs none.
    """

    def __init__(
        self,
        statement: Select[Any] | UpdateBase,
        *,
        columns: Sequence[str] = (),
        unscoped: str | None = None,
    ) -> None:
        if not (statement.is_select or statement.is_dml):
            raise TypeError("only statements on rows are prepared")
        self.statement = statement
        self.columns = list(columns) or None
        self.options = {"unscoped": unscoped} if unscoped else {}
        self._compiled: dict[str, Compiled] = {}

    def on(self, dialect: Dialect) -> Compiled:
        """Return what it is on ``dialect``; raises :class:`UnscopedQuery` for a loose statement."""
        found = self._compiled.get(dialect.name)
        if found is None:
            found = self._compiled[dialect.name] = Compiled(self, dialect)
        return found

    def run(self, session: WorkspaceSession, values: Mapping[str, Any]) -> Sequence[AnyRow]:
        """Return all rows; see :meth:`WorkspaceSession.fetch`."""
        compiled = self.on(session.engine.dialect)
        if not compiled.held.isdisjoint(values):
            raise UnscopedQuery("the session says which workspace, not the caller")
        if compiled.held:
            values = {**values, **dict.fromkeys(compiled.held, session.require_workspace())}
        if compiled.varies or is_watched(session.engine):
            found = session.core(self.statement, values, execution_options=self.options)
            return found.all() if compiled.returns_rows else ()
        parameters = compiled.parameters(values)
        cursor = session.driver().cursor()
        try:
            cursor.execute(compiled.sql, parameters)
            return compiled.rows(cursor) if compiled.returns_rows else ()
        except compiled.driver_error as error:
            _translate(session.connection(), error, compiled.sql, parameters)
        finally:
            cursor.close()


class Compiled:
    """A prepared statement on one dialect."""

    def __init__(self, prepared: Prepared, dialect: Dialect) -> None:
        # Only public attributes, but for two: what SQLAlchemy itself reads with every execution.
        compiled: Any = prepared.statement.compile(dialect=dialect, column_keys=prepared.columns)
        self.sql = str(compiled)
        self.driver_error = dialect.loaded_dbapi.Error
        #: The parameters that hold it to a workspace, all of them.
        self.held = frozenset() if prepared.options else _held(compiled)
        #: Whether the SQL itself depends on the values, or SQLAlchemy makes some of them.
        self.varies = bool(
            (prepared.statement.is_dml and (compiled.insert_prefetch or compiled.update_prefetch))
            or compiled.post_compile_params
            or compiled.literal_execute_params
            or compiled.escaped_bind_names
            or any(bind.callable for bind in compiled.bind_names)
        )
        self._dialect = dialect
        self._named = not compiled.positional
        processors: dict[str, Process] = compiled._bind_processors  # noqa: SLF001
        names = list(compiled.bind_names.values() if self._named else compiled.positiontup)
        self._binds = [(name, processors.get(name)) for name in names]
        self._constants = {
            name: bind.value for bind, name in compiled.bind_names.items() if not bind.required
        }
        self._columns = compiled._result_columns  # noqa: SLF001
        self.returns_rows = bool(self._columns)
        self._row: Callable[[Sequence[Any]], AnyRow] | None = None

    def parameters(self, values: Mapping[str, Any]) -> Any:
        """Return what the driver is given; raises ``KeyError`` for a value that is missing."""
        given = {**self._constants, **values} if self._constants else values
        converted = [
            given[name] if process is None else process(given[name])
            for name, process in self._binds
        ]
        if self._named:
            return {name: value for (name, _), value in zip(self._binds, converted, strict=True)}
        return converted

    def rows(self, cursor: DBAPICursor) -> list[AnyRow]:
        """Return the rows of an executed cursor, converted as their columns' types say."""
        if self._row is None:
            self._row = self._row_maker(cursor.description)
        return [self._row(found) for found in cursor.fetchall()]

    def _row_maker(self, description: Sequence[Any]) -> Callable[[Sequence[Any]], AnyRow]:
        """Return SQLAlchemy's own row class, told of the columns as a result of its own is."""
        processors = [
            column.type.dialect_impl(self._dialect).result_processor(self._dialect, described[1])
            for column, described in zip(self._columns, description, strict=True)
        ]
        shape: Any = SimpleResultMetaData(
            [column.keyname for column in self._columns],
            _processors=processors if any(processors) else None,
        )
        return partial(Row, shape, shape._processors, shape._key_to_index)  # noqa: SLF001


def _held(compiled: Any) -> frozenset[str]:
    """Return the parameters that hold a statement to a workspace, by what the compiler found."""
    verdict: Verdict | None = compiled.scope
    if verdict is None:
        return frozenset()
    if verdict.textual:
        raise UnscopedQuery("textual SQL cannot be checked")
    names = frozenset(compiled.bind_names.get(bind) for bind in verdict.binds)
    problem = verdict.problem or verdict.by_key
    if verdict.inserts:
        names |= {name for name in compiled.bind_names.values() if name == COLUMN}
    if verdict.tenant and not names:
        problem = problem or "tenant rows without a parameter for their workspace"
    if any(not bind.required for bind in verdict.binds) or None in names:
        problem = problem or "the workspace is no parameter of the statement"
    if problem is not None:
        raise UnscopedQuery(problem)
    return names


def _translate(connection: Connection, error: Exception, sql: str, parameters: Any) -> NoReturn:
    """Raise SQLAlchemy's error for the driver's; a lost connection leaves the pool."""
    connection._handle_dbapi_exception(error, sql, parameters, None, None)  # noqa: SLF001
