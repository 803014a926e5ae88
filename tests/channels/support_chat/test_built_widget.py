"""The built widget belongs to its sources, is small, and leaves nothing to be looked up."""

from __future__ import annotations

import gzip
import hashlib
import json
import re
from pathlib import Path

import pytest

import support_chat
from support_chat.schemas import TEXTS
from tests.packaging.layout import repository_files

CHANNEL = Path(support_chat.__file__).parent
BUILT = CHANNEL / "static" / "widget.js"
WIDGET = CHANNEL / "widget"
MOST_GZIPPED = 30_000


def sources() -> dict[str, bytes]:
    """Return what the built file is made of, in the order the build reads it."""
    paths = [*(it for it in (WIDGET / "src").rglob("*") if it.is_file())]
    paths += [WIDGET / "build.mjs", WIDGET / "package-lock.json"]
    return {
        it.relative_to(WIDGET).as_posix(): it.read_bytes()
        for it in sorted(paths, key=lambda it: it.relative_to(WIDGET).as_posix())
    }


def test_the_built_widget_is_made_of_these_sources() -> None:
    digest = hashlib.sha256()
    for name, content in sources().items():
        digest.update(f"{name}\0{len(content)}\0".encode())
        digest.update(content)
    banner = BUILT.read_text(encoding="utf-8").partition("\n")[0]
    assert f"Sources: {digest.hexdigest()}" in banner, "the sources changed: make widget"


def test_the_built_widget_is_small() -> None:
    assert len(gzip.compress(BUILT.read_bytes(), mtime=0)) < MOST_GZIPPED


def test_the_lock_names_no_registry() -> None:
    lock = json.loads((WIDGET / "package-lock.json").read_text(encoding="utf-8"))
    assert not [it for it in lock["packages"].values() if "resolved" in it]
    assert all("integrity" in it for name, it in lock["packages"].items() if name)


def test_what_npm_installs_is_not_in_the_repository() -> None:
    assert WIDGET / "package.json" in repository_files()
    assert not [it for it in repository_files() if "node_modules" in it.parts]


@pytest.mark.parametrize(
    "never",
    ["innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "Function("],
)
def test_no_source_makes_markup_or_code_of_text(never: str) -> None:
    found = [name for name, content in sources().items() if never.encode() in content]
    assert not found


def test_every_language_has_every_text_which_a_workspace_may_replace() -> None:
    def keys(language: str) -> list[str]:
        text = (WIDGET / "src" / "texts" / f"{language}.js").read_text(encoding="utf-8")
        return re.findall(r'^  (\w+): "[^"\n]+",$', text, re.MULTILINE)

    def holes(language: str) -> list[list[str]]:
        text = (WIDGET / "src" / "texts" / f"{language}.js").read_text(encoding="utf-8")
        return [sorted(re.findall(r"\{\w+\}", line)) for line in text.splitlines()]

    assert tuple(keys("en")) == TEXTS, "what a workspace may replace"
    languages = sorted(it.stem for it in (WIDGET / "src" / "texts").glob("??.js"))
    assert languages == ["ar", "de", "en", "es", "fr", "he", "it", "nl", "pl", "pt"]
    for language in languages:
        assert keys(language) == keys("en"), language
        assert holes(language) == holes("en"), language
