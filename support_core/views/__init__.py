"""The endpoints of the core, one module per noun."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pyramid.config import Configurator


def includeme(config: Configurator) -> None:
    """Register every endpoint of the core."""
    config.scan(__name__)
