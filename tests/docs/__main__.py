"""``python -m tests.docs``: write the sections that the code knows best."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from support_core.testing import make_desk

from .pages import pages, woven
from .tables import PLUGINS, tables


def main() -> None:
    """Rewrite every page whose sections are out of date, and name it."""
    with tempfile.TemporaryDirectory() as folder:
        desk = make_desk(Path(folder), f"sqlite:///{folder}/support.sqlite", plugins=PLUGINS)
        current = tables(desk)
        desk.application.close()
    for page in pages():
        before = page.read_text("utf-8")
        after = woven(before, current)
        if after != before:
            page.write_text(after, encoding="utf-8")
            sys.stdout.write(f"{page.name}\n")


if __name__ == "__main__":
    main()
