"""What the documentation must say about the code, written by the code itself.

Each function returns Markdown. In a page it stands between ``<!-- table: name -->`` and
``<!-- end -->``; a file of the example stands between ``<!-- file: path -->`` and ``<!-- end -->``.
``python -m tests.docs`` writes them anew.
"""

from __future__ import annotations

import ast
import inspect
import textwrap
from typing import TYPE_CHECKING

import click

from support_chat.settings import SETTINGS as CHAT_SETTINGS
from support_core import errors, hookspecs
from support_core.cli.root import cli
from support_core.cli.routes import plain, routes_of
from support_core.errors import SupportError
from support_core.security.permissions import BUILTIN_ROLES, GRANTABLE
from support_core.settings import CORE_SETTINGS
from support_email.settings import SETTINGS as EMAIL_SETTINGS
from support_nchan.settings import SETTINGS as NCHAN_SETTINGS
from support_plans.catalogue import SETTINGS as PLAN_SETTINGS
from support_sla.settings import SETTINGS as SLA_SETTINGS
from support_webhooks.settings import SETTINGS as WEBHOOK_SETTINGS
from support_whatsapp.settings import SETTINGS as WHATSAPP_SETTINGS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from support_core.rest import Operation
    from support_core.settings import Setting
    from support_core.testing import DeskUnderTest


#: The plugins whose routes and settings the pages show.
PLUGINS = ("api", "chat", "email", "plans", "sla", "webhooks", "whatsapp")


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(
        "| " + " | ".join(cell.replace("|", "\\|") for cell in it) + " |" for it in lines
    )


def code(text: str) -> str:
    return f"`{text}`" if text else ""


def settings(declared: Iterable[Setting]) -> str:
    """Return what each setting takes, its default and its meaning."""
    return table(
        ("setting", "takes", "default", "meaning"),
        [(code(it.name), _kind(it), code(it.default), it.doc) for it in declared],
    )


_KINDS = {
    "text": "text",
    "words": "words, with spaces or commas between",
    "flag": "true or false",
    "count": "a whole number above 0",
    "count0": "a whole number",
    "seconds": "seconds",
    "bytes": "a size: 500KiB, 25MiB",
    "rate": "a rate: 60/minute, or off",
    "broker": "embedded, or the URL of a server",
    "limit": "a whole number, or unlimited",
}


def _kind(setting: Setting) -> str:
    kind, _, argument = setting.kind.partition(":")
    shown = f"one of {argument.replace(',', ', ')}" if kind == "choice" else _KINDS[kind]
    return f"{shown} (secret)" if setting.secret else shown


def permissions() -> str:
    """Return which of the roles that ship hold which permission."""
    return table(
        ("permission", *BUILTIN_ROLES),
        [
            (code(name), *("yes" if name in held else "" for held in BUILTIN_ROLES.values()))
            for name in GRANTABLE
        ],
    )


def error_kinds() -> list[type[SupportError]]:
    """Return every error with an answer of its own, by status and code."""
    kinds = [
        it
        for it in vars(errors).values()
        if isinstance(it, type) and issubclass(it, SupportError) and it is not SupportError
    ]
    return sorted(kinds, key=lambda it: (it.status, it.code, it.__name__))


def error_codes() -> str:
    """Return status, code and meaning of every error."""
    rows = []
    for kind in error_kinds():
        meaning = " ".join((inspect.getdoc(kind) or "").split()).replace("``", "`")
        shown = "none: the body has `errors`" if kind is errors.Invalid else code(kind.code)
        rows.append((str(kind.status), shown, meaning))
    return table(("status", "`error`", "when"), rows)


def routes(desk: DeskUnderTest) -> str:
    """Return every endpoint with its gates, grouped as the OpenAPI document groups them."""
    operations: dict[tuple[str, str], Operation] = {}
    for entry in desk.registry.introspector.get_category("views") or ():
        operation = entry["introspectable"].get("operation")
        if operation is not None:
            operations[plain(operation.path), operation.method] = operation
    rows = []
    for row in routes_of(desk.registry):
        found = operations.get((row["path"], row["method"]))
        rows.append(
            (
                row["method"],
                code(row["path"].removeprefix("/api/support")),
                found.summary if found else "",
                row["permission"] or "",
                ", ".join(
                    f"{name} {code(row[name])}"
                    for name in ("limit", "rate")
                    if row[name] is not None
                ),
            )
        )
    return table(("method", "path", "what it does", "permission", "also counted"), rows)


def commands() -> str:
    """Return every command of the command line, the plugins' own aside."""
    return table(("command", "what it does"), list(_commands(cli, "support-core")))


def _commands(group: click.Group, prefix: str) -> Iterable[tuple[str, str]]:
    for name in group.commands:
        command = group.commands[name]
        if isinstance(command, click.Group):
            yield from _commands(command, f"{prefix} {name}")
        else:
            yield (
                code(f"{prefix} {name}"),
                (command.help or "").partition("\n\n")[0].replace("\n", " "),
            )


def hooks() -> str:
    """Return every hook: its signature as written, and its contract."""
    tree = ast.parse(inspect.getsource(hookspecs))
    parts = []
    for node in tree.body:
        if isinstance(node, ast.FunctionDef):
            signature = f"def {node.name}({ast.unparse(node.args)}) -> {_returned(node)}"
            contract = textwrap.dedent(ast.get_docstring(node) or "")
            parts.append(
                f"### {node.name}\n\n```python\n{signature}\n```\n\n{contract.replace('``', '`')}"
            )
    return "\n\n".join(part.replace(":class:", "") for part in parts)


def _returned(node: ast.FunctionDef) -> str:
    return ast.unparse(node.returns) if node.returns else "None"


def tables(desk: DeskUnderTest) -> dict[str, str]:
    """Return every table by its name."""
    return {
        "settings": settings(CORE_SETTINGS),
        "settings of plans": settings(PLAN_SETTINGS),
        "settings of chat": settings(CHAT_SETTINGS),
        "settings of email": settings(EMAIL_SETTINGS),
        "settings of whatsapp": settings(WHATSAPP_SETTINGS),
        "settings of webhooks": settings(WEBHOOK_SETTINGS),
        "settings of sla": settings(SLA_SETTINGS),
        "settings of nchan": settings(NCHAN_SETTINGS),
        "permissions": permissions(),
        "errors": error_codes(),
        "routes": routes(desk),
        "commands": commands(),
        "hooks": hooks(),
    }
