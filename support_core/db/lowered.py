"""Small letters in every script: SQLite's own ``lower`` knows ASCII only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import String
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

if TYPE_CHECKING:
    from sqlalchemy.sql.compiler import SQLCompiler

NAME = "support_lower"


class lowered(FunctionElement[str]):  # noqa: N801 - it is called like the functions of sqlalchemy.func
    """A text in small letters, to compare with a ``str.lower()``."""

    type = String()
    inherit_cache = True


@compiles(lowered)
def _compile(element: lowered, compiler: SQLCompiler, **kwargs: Any) -> str:
    return f"lower({compiler.process(element.clauses, **kwargs)})"


@compiles(lowered, "sqlite")
def _compile_for_sqlite(element: lowered, compiler: SQLCompiler, **kwargs: Any) -> str:
    return f"{NAME}({compiler.process(element.clauses, **kwargs)})"


def provide(connection: Any) -> None:
    """Give a connection of SQLite's driver the function."""
    connection.create_function(NAME, 1, _lower, deterministic=True)


def _lower(text: str | None) -> str | None:
    return None if text is None else text.lower()
