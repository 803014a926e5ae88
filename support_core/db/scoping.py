"""Judging what SQLAlchemy compiles: does a statement stay within one workspace?

The verdict is found while a statement is compiled, on the FROM and WHERE clauses that are really
rendered, at every depth: subqueries, unions and CTEs included, however the statement was written.
SQLAlchemy keeps compiled statements, and the verdict with them; each execution only compares the
values of the ``workspace_id`` parameters with the session's workspace.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from sqlalchemy import event
from sqlalchemy.sql import operators
from sqlalchemy.sql.elements import (
    BinaryExpression,
    BindParameter,
    BooleanClauseList,
    ColumnClause,
    Grouping,
    Label,
)
from sqlalchemy.sql.lambdas import LambdaElement
from sqlalchemy.sql.selectable import Alias, FromGrouping, Join, TableClause

from .unindexed import plain

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from sqlalchemy import Connection, Engine

COLUMN = "workspace_id"

#: ``Connection.info`` key of the session that uses the connection.
SESSION = "support.session"

#: Names of tables whose rows belong to workspaces.
TENANT_TABLES: set[str] = set()

_PLAIN_LITERAL = re.compile(r"\*|[A-Za-z0-9_]+|'[^']*'")
_VALUES = re.compile(rf"{COLUMN}(_m[0-9]+)?")


class UnscopedQuery(RuntimeError):
    """A statement on tenant rows that is not held to one workspace: a defect, never user input."""


class Verdict:
    """What a compiled statement does with tenant rows.

    ``problem`` is why it may not run in any workspace; ``binds`` must all have the session's.
    ``by_key`` is an UPDATE or DELETE that only a flush may run. ``inserted`` are the parameters of
    an INSERT that hold workspaces, once they are known: a statement has the same ones every time.
    """

    def __init__(self) -> None:
        self.tenant = False
        self.problem: str | None = None
        self.by_key: str | None = None
        self.textual = False
        self.inserts = False
        self.binds: list[BindParameter[Any]] = []
        self.inserted: list[str] | None = None

    def refuse(self, problem: str) -> None:
        self.problem = self.problem or problem


def is_tenant(source: Any) -> bool:
    """Tell whether a FROM element is a tenant table, or an alias of one."""
    if isinstance(source, Alias):
        source = source.element
    return isinstance(source, TableClause) and source.name in TENANT_TABLES


def _conjuncts(clauses: Iterable[Any]) -> Iterator[Any]:
    """Yield what all has to be true."""
    for clause in clauses:
        if isinstance(clause, LambdaElement):
            yield from _conjuncts([clause._resolved])  # noqa: SLF001 - it has no public name
        elif isinstance(clause, Grouping):
            yield from _conjuncts([clause.element])
        elif isinstance(clause, BooleanClauseList) and clause.operator is operators.and_:
            yield from _conjuncts(clause.clauses)
        else:
            yield clause


class _Holding:
    """Which tables of one FROM clause are held to a workspace, by which parameters."""

    def __init__(self, froms: Iterable[Any], where: Iterable[Any]) -> None:
        self.sources: set[Any] = set()
        self.held: set[Any] = set()
        self.binds: list[BindParameter[Any]] = []
        self._links: list[tuple[Any, Any]] = []
        conditions: list[tuple[Any, set[Any] | None]] = [(it, None) for it in _conjuncts(where)]
        for source in froms:
            self._collect(source, conditions)
        for condition, only in conditions:
            self._read(condition, only)
        self._follow_links()

    @property
    def loose(self) -> list[str]:
        """The names of the tenant tables that nothing holds."""
        unheld = (it for it in self.sources if is_tenant(it) and it not in self.held)
        return sorted(getattr(source, "element", source).name for source in unheld)

    def _collect(self, source: Any, conditions: list[tuple[Any, set[Any] | None]]) -> set[Any]:
        """Take in a FROM element; a join's condition holds the side it can drop rows of."""
        if isinstance(source, FromGrouping):
            return self._collect(source.element, conditions)
        if not isinstance(source, Join):
            self.sources.add(source)
            return {source}
        left = self._collect(source.left, conditions)
        right = self._collect(source.right, conditions)
        if not source.full:
            only = right if source.isouter else None
            conditions += [(it, only) for it in _conjuncts([source.onclause])]
        return left | right

    def _read(self, condition: Any, only: set[Any] | None) -> None:
        if not (isinstance(condition, BinaryExpression) and condition.operator is operators.eq):
            return
        sides = (plain(condition.left), plain(condition.right))
        for one, other in (sides, sides[::-1]):
            if not (isinstance(one, ColumnClause) and one.name == COLUMN):
                continue
            if only is not None and one.table not in only:
                continue
            if isinstance(other, BindParameter):
                self.held.add(one.table)
                self.binds.append(other)
            elif isinstance(other, ColumnClause) and other.name == COLUMN:
                self._links.append((other.table, one.table))

    def _follow_links(self) -> None:
        """Hold what equals a held table, or one of an enclosing statement, judged there."""
        grew = True
        while grew:
            grew = False
            for origin, target in self._links:
                outer = is_tenant(origin) and origin not in self.sources
                if target not in self.held and (origin in self.held or outer):
                    self.held.add(target)
                    grew = True


class ScopeCompiler:
    """Mixed into a dialect's compiler; leaves its :class:`Verdict` on the compiled statement."""

    scope: Verdict | None = None

    def _verdict(self) -> Verdict:
        if self.scope is None:
            self.scope = Verdict()
        return self.scope

    def _judge(self, froms: Iterable[Any], where: Iterable[Any]) -> list[str]:
        verdict = self._verdict()
        holding = _Holding(froms, where)
        verdict.tenant = verdict.tenant or any(map(is_tenant, holding.sources))
        verdict.binds += holding.binds
        return holding.loose

    def _compose_select_body(
        self, text: Any, select: Any, compile_state: Any, inner: Any, froms: Any, *rest: Any
    ) -> Any:
        # Private to SQLAlchemy, and the one place that sees every SELECT as it is rendered.
        loose = self._judge(froms, select._where_criteria)  # noqa: SLF001
        if loose:
            self._verdict().refuse(f"SELECT from {', '.join(loose)} without workspace_id")
        parent: Any = super()
        return parent._compose_select_body(text, select, compile_state, inner, froms, *rest)  # noqa: SLF001

    def visit_update(self, statement: Any, **kw: Any) -> Any:
        return self._change("UPDATE", "visit_update", statement, kw)

    def visit_delete(self, statement: Any, **kw: Any) -> Any:
        return self._change("DELETE", "visit_delete", statement, kw)

    def _change(self, word: str, visit: str, statement: Any, kw: dict[str, Any]) -> Any:
        top = not self.stack  # type: ignore[attr-defined]
        rendered = getattr(super(), visit)(statement, **kw)
        state = self.compile_state if top else None  # type: ignore[attr-defined]
        final = state.statement if state is not None else statement
        froms = [final.table, *(getattr(state, "_extra_froms", None) or ())]
        loose = self._judge(froms, final._where_criteria)  # noqa: SLF001
        if loose:
            self._verdict().by_key = f"{word} of {', '.join(loose)} without workspace_id"
        given = getattr(state, "_dict_parameters", None) or {}
        if is_tenant(final.table) and any(getattr(it, "name", it) == COLUMN for it in given):
            self._verdict().refuse(f"{word} of {final.table.name} changes workspace_id")
        return rendered

    def visit_insert(self, statement: Any, **kw: Any) -> Any:
        rendered = super().visit_insert(statement, **kw)  # type: ignore[misc]
        if is_tenant(statement.table):
            verdict = self._verdict()
            verdict.tenant = True
            if statement.select is None:
                verdict.inserts = True
            elif not self._selects_workspace(statement):
                verdict.refuse(f"INSERT into {statement.table.name} without workspace_id")
        return rendered

    def _selects_workspace(self, statement: Any) -> bool:
        """Tell whether INSERT … SELECT takes the workspace of held rows, or a parameter."""
        names = [getattr(it, "name", it) for it in statement._select_names]  # noqa: SLF001
        if COLUMN not in names:
            return False
        value = list(statement.select.selected_columns)[names.index(COLUMN)]
        value = value.element if isinstance(value, Label) else value
        if isinstance(value, BindParameter):
            self._verdict().binds.append(value)
            return True
        return isinstance(value, ColumnClause) and value.name == COLUMN and is_tenant(value.table)

    def visit_textclause(self, clause: Any, **kw: Any) -> Any:
        self._verdict().textual = True
        return super().visit_textclause(clause, **kw)  # type: ignore[misc]

    def visit_column(self, column: Any, *args: Any, **kw: Any) -> Any:
        if column.is_literal and not _PLAIN_LITERAL.fullmatch(column.name):
            self._verdict().textual = True
        return super().visit_column(column, *args, **kw)  # type: ignore[misc]


def install(engine: Engine) -> None:
    """Judge everything that sessions run on ``engine``; bare connections are left alone."""
    dialect = engine.dialect
    plain = dialect.statement_compiler
    dialect.statement_compiler = type(f"Scoped{plain.__name__}", (ScopeCompiler, plain), {})

    @event.listens_for(engine, "before_cursor_execute")
    def check(
        connection: Connection, _cursor: Any, _sql: str, _parameters: Any, context: Any, _many: bool
    ) -> None:
        session = connection.info.get(SESSION)
        if session is not None and not context.execution_options.get("unscoped"):
            _check(context, session)

    @event.listens_for(engine, "checkin")
    def forget(_connection: Any, record: Any) -> None:
        record.info.pop(SESSION, None)


def is_watched(engine: Engine) -> bool:
    """Tell whether anybody but us listens to what cursors execute: a tracer, or a test."""
    heard = engine.dispatch
    return len(heard.before_cursor_execute) > 1 or len(heard.after_cursor_execute) > 0


def _check(context: Any, session: Any) -> None:
    """Raise :class:`UnscopedQuery` where the statement may leave the session's workspace."""
    workspace_id: int | None = session.workspace_id
    compiled = context.compiled
    if compiled is None:
        if workspace_id is not None and not session.flushing:
            raise UnscopedQuery("driver SQL cannot be checked; say execution_options(unscoped=…)")
        return
    verdict: Verdict | None = getattr(compiled, "scope", None)
    if verdict is None:
        return
    if verdict.textual and workspace_id is not None:
        raise UnscopedQuery("textual SQL cannot be checked; say execution_options(unscoped=…)")
    if not verdict.tenant:
        return
    problem = verdict.problem or (None if session.flushing else verdict.by_key)
    if problem is not None:
        raise UnscopedQuery(problem)
    if workspace_id is None:
        raise UnscopedQuery("tenant rows in a session without a workspace")
    _compare(verdict, compiled, context.compiled_parameters, workspace_id)


def _compare(
    verdict: Verdict, compiled: Any, rows: Sequence[Mapping[str, Any]], workspace_id: int
) -> None:
    names = [compiled.bind_names.get(bind) for bind in verdict.binds]
    for row in rows:
        values = [row.get(name) for name in names]
        if verdict.inserts:
            if verdict.inserted is None:
                verdict.inserted = [name for name in row if _VALUES.fullmatch(name)]
            values += [row.get(name) for name in verdict.inserted] or [None]
        if any(value != workspace_id for value in values):
            raise UnscopedQuery("a statement for another workspace than the session's, or none")
