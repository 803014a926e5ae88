"""The import rules of the house, held by reading every module's syntax tree.

* The core imports no plugin and no test.
* A plugin imports the core's ``plugin_api`` (its tests: ``testing`` too), the standard library,
  PyPI, and itself relatively; never another plugin.
* ``models`` know no web framework and nothing above them; ``services`` know no web framework and
  nothing of the API's surface; ``views`` know that surface and no tables.
* Hooks are called by services and infrastructure: never by models or views.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

CORE = "support_core"
WEB = frozenset({"pyramid", "pyramid_tm", "cornice", "webob", "webtest"})
TABLES = frozenset({"sqlalchemy", "alembic"})
SURFACE = frozenset({"views", "rest", "presenters", "schemas"})

FORBIDDEN_DISTRIBUTIONS = {"models": WEB, "services": WEB, "views": TABLES}
FORBIDDEN_SIBLINGS = {
    "models": SURFACE | {"services"},
    "services": SURFACE,
    "views": frozenset({"models", "db", "migrations", "hookspecs", "plugins", "jobs", "cli"}),
}
HOOKLESS_LAYERS = ("models", "views")
HOOK_NAMES = frozenset({"hook", "hooks"})
# Functions of importlib and Pyramid that import what their first argument names.
IMPORTERS = frozenset({"import_module", "__import__", "include", "scan", "maybe_dotted"})


@dataclass(frozen=True)
class Module:
    """A module to be judged: its dotted name, its source, and whether it is a package."""

    name: str
    source: str
    is_package: bool = False
    is_test: bool = False

    @property
    def top(self) -> str:
        """The import package it belongs to."""
        return self.name.partition(".")[0]

    @property
    def layer(self) -> str:
        """The folder or module below the import package that it is in, "" for the package."""
        return (*self.name.split("."), "")[1]

    @property
    def parent(self) -> tuple[str, ...]:
        """What a relative import with one dot starts from."""
        parts = tuple(self.name.split("."))
        return parts if self.is_package else parts[:-1]


@dataclass(frozen=True)
class Import:
    """One imported name: ``from a.b import c`` is ``a.b.c``."""

    target: str
    line: int
    relative: bool = False

    @property
    def parts(self) -> tuple[str, ...]:
        """Its dotted parts."""
        return tuple(self.target.split("."))


def violations(module: Module, plugins: frozenset[str]) -> list[str]:
    """Return a sentence for each rule that ``module`` breaks; ``plugins`` are import names."""
    tree = ast.parse(module.source, module.name)
    found = []
    for imported in imports(tree, module):
        found += [
            (imported.line, broken)
            for broken in (
                _broken_border(module, imported, plugins),
                _broken_layer(module, imported),
            )
            if broken
        ]
    if module.layer in HOOKLESS_LAYERS:
        found += [(line, f"{module.layer} call no hooks") for line in _hook_uses(tree)]
    return [f"{module.name}:{line}: {broken}" for line, broken in sorted(found)]


def imports(tree: ast.AST, module: Module) -> Iterator[Import]:
    """Yield everything that a module imports, at its top, in functions, or by name."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (Import(alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = _base(node.level, module) + ((node.module,) if node.module else ())
            for alias in node.names:
                yield Import(".".join((*base, alias.name)), node.lineno, relative=node.level > 0)
        elif isinstance(node, ast.Call):
            yield from _import_by_name(node, module)


def _base(level: int, module: Module) -> tuple[str, ...]:
    if level == 0:
        return ()
    return module.parent[: len(module.parent) - (level - 1)]


def _import_by_name(node: ast.Call, module: Module) -> Iterator[Import]:
    called = node.func
    name = called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")
    if name not in IMPORTERS or not node.args or not isinstance(node.args[0], ast.Constant):
        return
    target = node.args[0].value
    if isinstance(target, str) and target:
        level = len(target) - len(target.lstrip("."))
        below = (target.lstrip("."),) if target.lstrip(".") else ()
        absolute = ".".join((*_base(level, module), *below))
        yield Import(absolute, node.lineno, relative=level > 0)


def _broken_border(module: Module, imported: Import, plugins: frozenset[str]) -> str | None:
    """Judge an import by whose it is: the core's, a plugin's or a stranger's."""
    owner = imported.parts[0]
    if owner == "tests" and not module.is_test:
        return "only tests import tests"
    if module.top == CORE:
        return f"the core imports no plugin, but {owner}" if owner in plugins else None
    return _broken_plugin_border(module, imported, plugins)


def _broken_plugin_border(module: Module, imported: Import, plugins: frozenset[str]) -> str | None:
    owner = imported.parts[0]
    own = owner == module.top
    if own and not imported.relative and not module.is_test:
        return f"a plugin imports itself relatively, not as {imported.target}"
    if owner in plugins and not own:
        return f"a plugin imports no other plugin, but {owner}"
    open_doors = {"plugin_api", "testing"} if module.is_test else {"plugin_api"}
    if owner == CORE and not open_doors.intersection(imported.parts[1:2]):
        return f"a plugin imports {CORE}.plugin_api, not {imported.target}"
    return None


def _broken_layer(module: Module, imported: Import) -> str | None:
    """Judge an import by the layer it is made in."""
    owner = imported.parts[0]
    if owner in FORBIDDEN_DISTRIBUTIONS.get(module.layer, ()):
        return f"{module.layer} import no {owner}"
    if owner == module.top and len(imported.parts) > 1:
        sibling = imported.parts[1]
        if sibling in FORBIDDEN_SIBLINGS.get(module.layer, ()):
            return f"{module.layer} import no {sibling}"
    return None


def _hook_uses(tree: ast.AST) -> Iterator[int]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and (
            node.attr in HOOK_NAMES
            or (isinstance(node.value, ast.Name) and node.value.id in HOOK_NAMES)
        ):
            yield node.lineno
