"""The document and its page, made once per application and kept as bytes."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from ..rendering import dumps
from .document import build_document
from .page import render_page

if TYPE_CHECKING:
    from collections.abc import Callable

    from pyramid.registry import Registry


class Documentation:
    """Both forms of the documentation of one application; safe to ask from many threads."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._lock = threading.RLock()
        self._document: dict[str, Any] | None = None
        self._kept: dict[str, bytes] = {}

    @property
    def document(self) -> dict[str, Any]:
        """The OpenAPI document; made when first asked for, when every plugin has registered."""
        with self._lock:
            if self._document is None:
                self._document = build_document(self._registry)
            return self._document

    def json(self) -> bytes:
        """Return the document as JSON."""
        return self._keep("json", lambda: dumps(self.document))

    def html(self) -> bytes:
        """Return the page as HTML."""
        return self._keep("html", lambda: render_page(self.document).encode())

    def _keep(self, form: str, make: Callable[[], bytes]) -> bytes:
        with self._lock:
            if form not in self._kept:
                self._kept[form] = make()
            return self._kept[form]
