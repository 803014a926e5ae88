"""Meta's signature of a webhook: ``X-Hub-Signature-256``, HMAC-SHA256 over the raw body."""

from __future__ import annotations

import hashlib
import hmac

HEADER = "X-Hub-Signature-256"
PREFIX = "sha256="


def signature(app_secret: str, body: bytes) -> str:
    """Return the header's value for a body."""
    return PREFIX + hmac.new(app_secret.encode(), body, hashlib.sha256).hexdigest()


def is_genuine(app_secret: str, body: bytes, given: str) -> bool:
    """Tell whether the owner of the app's secret signed just these bytes; in constant time."""
    expected = signature(app_secret, body).encode()
    return hmac.compare_digest(expected, given.encode("utf-8", "replace"))


def same_token(known: str, given: str) -> bool:
    """Compare two tokens in constant time."""
    return hmac.compare_digest(known.encode(), given.encode("utf-8", "replace"))
