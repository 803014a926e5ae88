"""What the conformance kit runs on here: the suite's database, and messages on a failure."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

if TYPE_CHECKING:
    from tests.services.databases import Databases


@pytest.fixture(scope="class")
def fresh_database(databases: Databases) -> str:
    """SQLAlchemy's URL of an empty database of the suite's kind."""
    return databases.create(f"contract_{os.getpid()}_{uuid4().hex[:12]}")
