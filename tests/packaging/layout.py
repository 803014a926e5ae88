"""What this repository consists of: its root, its shelves, its packages and its files."""

from __future__ import annotations

import configparser
import subprocess
from pathlib import Path

from tests.services import require_service

ROOT = Path(__file__).parents[2]
CORE = "support_core"
SHELVES = ("channels", "plugins")


def setup_cfg() -> configparser.ConfigParser:
    """Return setup.cfg, read as setuptools reads it."""
    parser = configparser.ConfigParser(interpolation=None, delimiters=("=",))
    parser.optionxform = str  # type: ignore[assignment, method-assign]
    parser.read(ROOT / "setup.cfg", encoding="utf-8")
    return parser


def source_folders() -> dict[str, Path]:
    """Return each top-level import package with its folder: the core and what the shelves hold."""
    shelved = [folder for shelf in SHELVES for folder in (ROOT / shelf).glob("*/")]
    folders = {folder.name: folder for folder in shelved if not folder.name.startswith(("_", "."))}
    return {CORE: ROOT / CORE, **folders}


def plugins() -> frozenset[str]:
    """Return the import names of the shelves' packages."""
    return frozenset(source_folders()) - {CORE}


def packages(name: str, folder: Path) -> set[str]:
    """Return the dotted names of every folder below ``folder`` that holds Python files."""
    holding = {path.parent.relative_to(folder) for path in folder.rglob("*.py")}
    return {".".join((name, *part.parts)) for part in holding}


def repository_files() -> list[Path]:
    """Return every file that git holds or would hold after ``git add``."""
    listing = subprocess.run(
        [
            *("git", "-c", f"safe.directory={ROOT}"),
            *("ls-files", "-z", "--cached", "--others", "--exclude-standard"),
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if listing.returncode:
        require_service("git checkout", listing.stderr.strip())
    return [path for name in listing.stdout.split("\0") if name and (path := ROOT / name).is_file()]
