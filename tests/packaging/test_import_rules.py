"""Every module keeps the import rules, and every rule can be broken."""

from __future__ import annotations

import pytest

from .import_rules import Module, violations
from .layout import ROOT, plugins, source_folders

PLUGINS = frozenset({"support_chat", "support_plans"})


def modules() -> list[Module]:
    """Return every module of the core, the channels and the plugins."""
    found = []
    for name, folder in source_folders().items():
        for path in sorted(folder.rglob("*.py")):
            parts = (name, *path.relative_to(folder).with_suffix("").parts)
            is_package = parts[-1] == "__init__"
            dotted = ".".join(parts[:-1] if is_package else parts)
            is_test = any(part == "tests" or part.startswith("test_") for part in parts)
            found.append(Module(dotted, path.read_text("utf-8"), is_package, is_test))
    return found


def plugin_tests() -> list[Module]:
    """Return the tests of the plugins, which may use what a stranger's tests may use."""
    found = []
    for name in sorted(plugins()):
        for path in sorted((ROOT / "tests").glob(f"**/{name}/**/*.py")):
            source = path.read_text("utf-8")
            found.append(Module(f"{name}.tests.{path.stem}", source, is_test=True))
    return found


def test_every_module_keeps_the_import_rules():
    broken = [line for module in modules() for line in violations(module, plugins())]
    assert not broken, "\n".join(broken)


def test_tests_of_plugins_use_only_what_a_strangers_tests_may_use():
    broken = [line for module in plugin_tests() for line in violations(module, plugins())]
    assert not broken, "\n".join(broken)


def test_the_rules_are_held_over_modules_that_exist():
    names = {module.name for module in modules()}
    assert {"support_core", "support_core.models", "support_core.views", *plugins()} <= names


BROKEN = [
    ("support_core.app", "import support_chat", "the core imports no plugin, but support_chat"),
    ("support_core.app", "from support_chat.x import y", "no plugin, but support_chat"),
    ("support_core.app", "def f():\n    import support_chat", "no plugin, but support_chat"),
    ("support_core.app", "import_module('support_chat.x')", "no plugin, but support_chat"),
    ("support_core.app", "config.include('support_chat')", "no plugin, but support_chat"),
    ("support_core.app", "from tests.services import x", "only tests import tests"),
    ("support_chat.a", "import support_plans", "no other plugin, but support_plans"),
    ("support_chat.a", "from support_chat.b import c", "relatively, not as support_chat.b.c"),
    ("support_chat.a", "import support_core", "plugin_api, not support_core"),
    ("support_chat.a", "from support_core import db", "plugin_api, not support_core.db"),
    ("support_chat.a", "from support_core.testing import x", "not support_core.testing.x"),
    ("support_chat.a", "config.scan('support_core.views')", "not support_core.views"),
    ("support_core.models.user", "from pyramid.request import Request", "import no pyramid"),
    ("support_core.models.user", "import cornice.resource", "models import no cornice"),
    ("support_core.models.user", "from ..services import users", "models import no services"),
    ("support_core.services.users", "import webob", "services import no webob"),
    ("support_core.services.users", "from pyramid import i18n", "services import no pyramid"),
    ("support_core.services.users", "from .. import rest", "services import no rest"),
    ("support_core.services.users", "from ..schemas.user import x", "import no schemas"),
    ("support_core.services.users", "from support_core.presenters import x", "no presenters"),
    ("support_chat.services", "from .views import x", "services import no views"),
    ("support_core.views.users", "from sqlalchemy import select", "views import no sqlalchemy"),
    ("support_core.views.users", "from ..models import User", "views import no models"),
    ("support_core.views.users", "from ..db.session import x", "views import no db"),
    ("support_chat.views", "from .models import Widget", "views import no models"),
    ("support_core.views.users", "desk.hooks.support_event(x)", "views call no hooks"),
    ("support_core.views.users", "manager.hook.support_event(x)", "views call no hooks"),
    ("support_core.models.user", "hook.support_event(x)", "models call no hooks"),
    ("support_chat.models", "self.desk.hooks", "models call no hooks"),
]


@pytest.mark.parametrize(("name", "source", "expected"), BROKEN)
def test_a_broken_rule_is_found(name, source, expected):
    (found,) = set(violations(Module(name, source), PLUGINS))
    assert expected in found
    assert found.startswith(f"{name}:")


KEPT = [
    Module("support_core.app", "from .views import users\nimport pyramid, support_chatter"),
    Module("support_core.services.users", "from ..models import User\nimport sqlalchemy"),
    Module("support_core.services.users", "self.hooks.support_event(event=x)"),
    Module("support_core.views.users", "from ..services.users import x\nfrom ..rest import y"),
    Module("support_core.views.users", "from cornice import Service\nimport pyramid"),
    Module("support_core.models", "from .user import User\nfrom ..db import types", True),
    Module("support_chat.views", "from support_core.plugin_api import Service\nimport httpx"),
    Module("support_chat", "from support_core import plugin_api\nfrom . import views", True),
    Module("support_chat", "config.scan('.views')\nconfig.include('.api.routes')", True),
    Module("support_chat.tests.test_x", "from support_core.testing import x", is_test=True),
    Module("support_chat.tests.test_x", "import support_chat, tests", is_test=True),
]


@pytest.mark.parametrize("module", KEPT)
def test_a_kept_rule_is_left_alone(module):
    assert violations(module, PLUGINS) == []


def test_a_test_of_a_plugin_reaches_no_further_than_testing():
    module = Module("support_chat.tests.test_x", "from support_core.db import x", is_test=True)
    (found,) = violations(module, PLUGINS)
    assert "not support_core.db.x" in found


def test_a_relative_import_from_a_package_starts_in_the_package():
    package = Module("support_core.services", "from .views import x", is_package=True)
    assert violations(package, PLUGINS) == []
