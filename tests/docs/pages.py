"""Reading the pages: their sections that the code writes, and their blocks of code."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples" / "channel-sms"

SECTION = re.compile(r"<!-- (table|file): (.+?) -->\n(.*?)<!-- end -->", re.DOTALL)
BLOCK = re.compile(
    r"^(?:<!-- (run|tour)(?: ([\w-]+))? -->\n)?```(\w*)\n(.*?)^```$", re.DOTALL | re.MULTILINE
)
LANGUAGES = {".py": "python", ".toml": "toml", ".cfg": "ini", ".md": "markdown"}


@dataclass(frozen=True)
class Block:
    """A fenced block. ``mark`` is ``run`` or ``tour`` where a test runs it, else empty."""

    page: Path
    mark: str
    name: str
    language: str
    text: str


def pages() -> list[Path]:
    """Return README and every page of ``docs/``."""
    return [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


def blocks(page: Path) -> list[Block]:
    """Return a page's blocks of code."""
    found = BLOCK.finditer(page.read_text("utf-8"))
    return [Block(page, it[1] or "", it[2] or "", it[3], it[4]) for it in found]


def woven(text: str, tables: Mapping[str, str]) -> str:
    """Return a page's text with its sections as the code has them now."""

    def fill(match: re.Match[str]) -> str:
        kind, name = match[1], match[2]
        content = tables[name] if kind == "table" else _file(name)
        return f"<!-- {kind}: {name} -->\n{content}\n<!-- end -->"

    return SECTION.sub(fill, text)


def _file(name: str) -> str:
    path = EXAMPLE / name
    return f"```{LANGUAGES[path.suffix]}\n{path.read_text('utf-8')}```"


def sections(kind: str) -> list[str]:
    """Return the names of all sections of a kind, over all pages."""
    return [
        match[2]
        for page in pages()
        for match in SECTION.finditer(page.read_text("utf-8"))
        if match[1] == kind
    ]
