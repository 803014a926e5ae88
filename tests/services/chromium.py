"""Debian's Chromium, driven by Playwright.

``python -m tests.services.chromium`` says where the program is, or fails saying why not.
"""

from __future__ import annotations

import os
import shutil
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser

PROGRAMS = ("chromium", "chromium-browser")
#: Hosts of no domain that all lead here, as pages of other origins than the desk's.
HOSTS = "MAP *.test 127.0.0.1"


class ChromiumMissing(Exception):
    """The program is not here."""


def find_program() -> str:
    """Return the path of the program; raises ChromiumMissing."""
    for name in PROGRAMS:
        path = shutil.which(name)
        if path is not None:
            return path
    raise ChromiumMissing("no chromium on the PATH; install the Debian package chromium")


@contextmanager
def chromium() -> Iterator[Browser]:
    """Run one, without windows; its sandbox refuses root, as which containers run."""
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 - only who drives one needs it

    program = find_program()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=program,
            chromium_sandbox=os.geteuid() != 0,
            args=[f"--host-resolver-rules={HOSTS}", "--disable-dev-shm-usage"],
        )
        try:
            yield browser
        finally:
            browser.close()


if __name__ == "__main__":
    try:
        print(find_program())  # noqa: T201
    except ChromiumMissing as missing:
        sys.exit(str(missing))
