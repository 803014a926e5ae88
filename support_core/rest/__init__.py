"""How an endpoint is declared, and what stands between it and a request."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .paths import ID, path_id
from .service import DEFAULT_FEATURE, PREFIX, Operation, Service

if TYPE_CHECKING:
    from pyramid.config import Configurator

__all__ = ["DEFAULT_FEATURE", "ID", "PREFIX", "Operation", "Service", "path_id"]


def includeme(config: Configurator) -> None:
    """Install routing, request methods, gates and the outermost tween."""
    config.include(".paths")
    config.include(".requests")
    config.include(".gates")
    config.include(".tween")
