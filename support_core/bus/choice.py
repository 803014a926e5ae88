"""Opening the bus that ``support.bus`` names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..settings import ConfigurationError
from .memory import MemoryBus
from .postgresql import PostgresBus
from .redis import RedisBus

if TYPE_CHECKING:
    from ..db import Database
    from ..settings import Settings
    from .base import Bus


def open_bus(settings: Settings, database: Database) -> Bus:
    """Return the bus, not yet connected; raises :class:`ConfigurationError` for another name."""
    chosen: str = settings["support.bus"]
    if chosen == MemoryBus.name:
        return MemoryBus()
    if chosen == PostgresBus.name:
        return PostgresBus(database)
    if chosen.startswith(("redis://", "rediss://")):
        return RedisBus(chosen, namespace=settings["support.bus.namespace"])
    raise ConfigurationError(
        f"support.bus: {chosen.rpartition('@')[2]!r} cannot be used; say memory, postgresql or "
        "redis://host:port/db."
    )
