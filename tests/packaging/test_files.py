"""No file knows a machine, and no module grows without a reason."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from .layout import ROOT, repository_files

if TYPE_CHECKING:
    from pathlib import Path

MAX_LINES = 400
# Path from the root, and why the module is better off as one.
LONG_MODULES: dict[str, str] = {
    "support_core/migrations/versions/core_0001_initial.py": "one revision makes the first schema",
    "tests/plugins/support_sla/test_examples.py": "one table of worked examples",
}

HOMES = ("work", "home", "root", "Users")
MACHINE_PATH = re.compile(rf"(?<![\w.}})/-])/(?:{'|'.join(HOMES)})/[\w.~-]")
REGISTRIES = ("pypi.org/simple", "pythonhosted.org", "registry.npmjs.org", "deb.debian.org")
INDEX_OPTION = re.compile(r"(?:--(?:extra-)?index-url|PIP_(?:EXTRA_)?INDEX_URL)[= ]")


def text_of(path: Path) -> str:
    """Return a file's text, "" when it is none."""
    content = path.read_bytes()
    return "" if b"\0" in content else content.decode("utf-8", errors="replace")


def machine_knowledge(text: str) -> list[str]:
    """Return the lines that name a path or a package registry of somebody's machine."""
    return [
        f"{number}: {line.strip()[:120]}"
        for number, line in enumerate(text.splitlines(), 1)
        if MACHINE_PATH.search(line)
        or INDEX_OPTION.search(line)
        or any(registry in line for registry in REGISTRIES)
    ]


def test_no_file_names_a_path_or_a_registry_of_somebodys_machine():
    this_file = ROOT / "tests" / "packaging" / "test_files.py"
    found = [
        f"{path.relative_to(ROOT)}:{line}"
        for path in repository_files()
        if path != this_file
        for line in machine_knowledge(text_of(path))
    ]
    assert not found, "\n".join(found)


@pytest.mark.parametrize("home", HOMES)
def test_a_machine_path_is_found(home):
    for text in (f"cd /{home}/somebody", f"x = '/{home}/x.py'", f"(see /{home}/.config)"):
        assert machine_knowledge(text) == [f"1: {text}"]


@pytest.mark.parametrize(
    "text",
    [f"https://{REGISTRIES[0]}/x", "pip install --index-url=x y", "export PIP_INDEX_URL=x"],
)
def test_a_registry_is_found(text):
    assert machine_knowledge(text) == [f"1: {text}"]


@pytest.mark.parametrize(
    "text",
    [
        "https://example.org/home/page",
        "{base}/home/x",
        "src/work/x.py",
        "./root/x",
        "/homework/x",
        "ProtectHome=yes",
        "https://pypi.org/project/pyramid/",
    ],
)
def test_what_only_looks_like_a_machine_path_is_left_alone(text):
    assert machine_knowledge(text) == []


def test_no_module_is_long_without_a_reason():
    long = {
        str(path.relative_to(ROOT))
        for path in repository_files()
        if path.suffix == ".py" and text_of(path).count("\n") > MAX_LINES
    }
    assert long == set(LONG_MODULES), f"over {MAX_LINES} lines, or listed and no longer so"
    assert all(LONG_MODULES.values())


def test_the_files_under_test_are_this_repositorys():
    files = repository_files()
    assert ROOT / "setup.cfg" in files
    assert not [path for path in files if path.relative_to(ROOT).parts[0] == ".venv"]
