"""The OpenAPI document and its readable page, made from the registered services."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .documentation import Documentation

if TYPE_CHECKING:
    from pyramid.config import Configurator


def includeme(config: Configurator) -> None:
    """Register both endpoints; the document is made when it is first asked for."""
    config.registry.support_documentation = Documentation(config.registry)
    config.scan(".views")
