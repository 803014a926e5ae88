"""The bus: how processes tell each other that something was committed."""

from __future__ import annotations

from .base import Bus, Listener
from .choice import open_bus
from .messages import Notice, Signal

__all__ = ["Bus", "Listener", "Notice", "Signal", "open_bus"]
