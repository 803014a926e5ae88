"""The class of requests, with everything on it that was added to them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pyramid.interfaces import IRequestExtensions
from pyramid.request import Request

if TYPE_CHECKING:
    from pyramid.config import Configurator


def bake(config: Configurator) -> None:
    """Move what ``add_request_method`` added onto a class; call it once all has been included.

    Pyramid otherwise makes a new class for each request. What is added later still works that way.
    """
    added = config.registry.queryUtility(IRequestExtensions)
    namespace = {"lasting": None, **added.methods, **added.descriptors}
    config.set_request_factory(type("SupportRequest", (Request,), namespace))
    config.commit()
    added.methods.clear()
    added.descriptors.clear()
