"""Servers that the suite starts itself: throw-away, on loopback, gone with the suite."""

from __future__ import annotations

import os
from typing import NoReturn

import pytest


def services_are_required() -> bool:
    """Say whether a missing service fails the suite (``SUPPORT_REQUIRE_SERVICES=1``)."""
    return os.environ.get("SUPPORT_REQUIRE_SERVICES", "") not in {"", "0"}


def require_service(name: str, reason: str) -> NoReturn:
    """Skip the running test because the service ``name`` is missing, or fail it.

    ``reason`` says what is missing and how to get it. Where services are required, as in CI, no
    test may go missing quietly.
    """
    message = f"{name}: {reason}"
    if services_are_required():
        pytest.fail(message, pytrace=False)
    pytest.skip(message)
