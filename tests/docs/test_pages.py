"""Nothing is missing from the documentation, and nothing in it is out of date."""

from __future__ import annotations

import ast
import re
import shlex
from typing import TYPE_CHECKING, Any

import pytest

from support_core import hookspecs
from support_core.cli.root import cli
from support_core.hookspecs import hookspec
from support_core.security.permissions import GRANTABLE
from support_core.settings import CORE_SETTINGS, Settings
from support_core.testing import make_desk
from support_email.settings import SETTINGS as EMAIL_SETTINGS
from support_nchan.settings import SETTINGS as NCHAN_SETTINGS
from support_plans.catalogue import SETTINGS as PLAN_SETTINGS
from support_webhooks.settings import SETTINGS as WEBHOOK_SETTINGS
from support_whatsapp.settings import SETTINGS as WHATSAPP_SETTINGS

from .pages import EXAMPLE, ROOT, blocks, pages, sections, woven
from .tables import PLUGINS, error_kinds, tables

if TYPE_CHECKING:
    from pathlib import Path

    from support_core.testing import DeskUnderTest

DOCS = ROOT / "docs"
DECLARED = [
    *CORE_SETTINGS,
    *PLAN_SETTINGS,
    *EMAIL_SETTINGS,
    *WEBHOOK_SETTINGS,
    *NCHAN_SETTINGS,
    *WHATSAPP_SETTINGS,
]
#: Files of the example that the tutorial leaves to the reader.
LEFT_OUT = {"README.md", "sms_channel/migrations/__init__.py", "tests/test_sms.py"}


@pytest.fixture(scope="module")
def shipped(tmp_path_factory: pytest.TempPathFactory) -> DeskUnderTest:
    """An application with the plugins that ship, and nothing besides."""
    folder = tmp_path_factory.mktemp("docs")
    desk = make_desk(folder, f"sqlite:///{folder}/support.sqlite", plugins=PLUGINS)
    desk.application.close()
    return desk


@pytest.fixture(scope="module")
def current(shipped: DeskUnderTest) -> dict[str, str]:
    return tables(shipped)


def page(name: str) -> str:
    return (DOCS / name).read_text("utf-8")


def relative(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", pages(), ids=relative)
def test_what_the_code_knows_best_is_up_to_date(path: Path, current: dict[str, str]) -> None:
    text = path.read_text("utf-8")
    assert woven(text, current) == text, "run python -m tests.docs"


def test_every_table_has_a_place(current: dict[str, str]) -> None:
    assert sorted(sections("table")) == sorted(current)


def test_the_tutorial_builds_the_whole_example() -> None:
    files = {
        str(path.relative_to(EXAMPLE))
        for path in EXAMPLE.rglob("*")
        if path.is_file()
        and not {"__pycache__", "build"} & set(path.parts)
        and ".egg-info" not in str(path)
    }
    assert set(sections("file")) == files - LEFT_OUT
    assert files >= LEFT_OUT


@pytest.mark.parametrize("setting", DECLARED, ids=lambda it: it.name)
def test_every_setting_is_documented_with_its_default(setting: Any) -> None:
    (row,) = [it for it in page("configuration.md").splitlines() if f"| `{setting.name}` |" in it]
    assert setting.doc in row
    assert not setting.default or f"`{setting.default}`" in row


def test_every_hook_is_documented_with_its_arguments() -> None:
    text = page("hooks.md")
    names = [name for name in vars(hookspecs) if name.startswith("support_")]
    assert len(names) > 15
    for name in names:
        arguments = ast.parse(
            re.search(rf"^def {name}\(.* -> .*$", text, re.MULTILINE)[0] + ": ..."
        )
        documented = [it.arg for it in arguments.body[0].args.args]  # type: ignore[attr-defined]
        code = getattr(hookspecs, name).__code__
        assert documented == list(code.co_varnames[: code.co_argcount])
    assert hookspec.project_name == hookspecs.PROJECT


@pytest.mark.parametrize("name", GRANTABLE)
def test_every_permission_is_documented(name: str) -> None:
    assert f"| `{name}` |" in page("permissions.md")


@pytest.mark.parametrize("kind", error_kinds(), ids=lambda it: it.__name__)
def test_every_error_code_is_documented_with_its_status(kind: Any) -> None:
    shown = f"| {kind.status} | `{kind.code}` |"
    assert shown in page("rest.md") or kind.code == "invalid"


def test_every_route_is_documented_once_per_method(shipped: DeskUnderTest) -> None:
    text = page("rest.md")
    for entry in shipped.registry.introspector.get_category("views"):
        operation = entry["introspectable"].get("operation")
        if operation is not None:
            path = re.sub(r":\[0-9\]\+", "", operation.path).removeprefix("/api/support")
            assert text.count(f"| {operation.method} | `{path}` |") == 1, operation


def test_every_event_that_the_core_publishes_is_documented() -> None:
    text = page("rest.md")
    published = {
        name
        for path in (ROOT / "support_core").rglob("*.py")
        for name in re.findall(r"publish\(\s*\"([a-z_.]+)\"", path.read_text("utf-8"))
    }
    assert len(published) > 10
    assert [name for name in sorted(published) if f"`{name}`" not in text] == []


def test_every_page_is_on_the_map() -> None:
    assert {path.name for path in DOCS.glob("*.md")} - {"index.md"} == set(
        re.findall(r"^\| \[(\w[\w-]+\.md)\]", page("index.md"), re.MULTILINE)
    )


@pytest.mark.parametrize("path", pages(), ids=relative)
def test_links_lead_to_files(path: Path) -> None:
    links = re.findall(r"\]\((?!https?:)([^)#]+)\)", path.read_text("utf-8"))
    assert [link for link in links if not (path.parent / link).exists()] == []


@pytest.mark.parametrize("path", pages(), ids=relative)
def test_python_is_python_and_ini_is_configuration(path: Path) -> None:
    for block in blocks(path):
        if block.language == "python" and " -> " not in block.text:
            ast.parse(block.text)
        elif block.language == "ini":
            lines = [line.partition(" = ") for line in block.text.splitlines()]
            named = {name: value for name, _, value in lines if name.startswith("support.")}
            known = {it for it in named if not it.startswith("support.sms.")}
            Settings({name: named[name].replace("sms", "") for name in known}, DECLARED)


@pytest.mark.parametrize("path", pages(), ids=relative)
def test_commands_that_are_shown_exist(path: Path) -> None:
    for block in blocks(path):
        for line in block.text.splitlines():
            if line.startswith("$ support-core "):
                words = shlex.split(line.removeprefix("$ "), comments=True)
                with cli.make_context("support-core", words[1:], resilient_parsing=True) as context:
                    command = cli.get_command(context, _first(words[1:]))
                    assert command is not None, line


def _first(words: list[str]) -> str:
    return words[2] if words[0] == "-c" else words[0]


def test_a_missing_row_would_be_noticed(current: dict[str, str]) -> None:
    text = page("permissions.md")
    without = "".join(line for line in text.splitlines(True) if "`manage_roles`" not in line)
    assert without != text
    assert woven(without, current) == text
