"""Waiting for what another thread or process does."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

PATIENCE = 30.0


def until(
    true: Callable[[], object], what: str = "what the line says", *, patience: float = PATIENCE
) -> float:
    """Wait until something is true, ``patience`` seconds at most; return the seconds it took.

    ``what`` says in a failure what did not happen.
    """
    began = time.monotonic()
    while not true():
        assert time.monotonic() - began < patience, f"not within {patience} s: {what}"
        time.sleep(0.01)
    return time.monotonic() - began
