"""Signatures and retries of outgoing webhooks: Standard Webhooks 1.0.0, symmetric scheme (v1).

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
Moments are Unix seconds, as in the headers.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
import secrets as randomness
from datetime import UTC
from email.utils import parsedate_to_datetime
from random import SystemRandom
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_PREFIX = "whsec_"
# Visible ASCII, so that it is a header value; no full stop, which parts the signed content.
_MESSAGE_ID = re.compile(r"[!-\-/-~]+")
_TIMESTAMP = re.compile(r"[0-9]{1,12}")

RETRY_DELAYS = (0, 5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400)
"""Seconds to wait before each attempt; 75:35:05 hours in all."""

_LONGEST_WAIT = 86_400.0

_random = SystemRandom()


class SecretInvalid(ValueError):
    """A signing secret is empty or not base64. Never quotes the secret."""


class SignatureInvalid(Exception):
    """A message is not, or no longer, one that the holder of the secret has sent."""


def generate_secret() -> str:
    """Return a new signing secret: `whsec_` and 32 random bytes in base64."""
    return _PREFIX + base64.b64encode(randomness.token_bytes(32)).decode("ascii")


def sign(secrets: Sequence[str], *, message_id: str, timestamp: int, body: bytes) -> dict[str, str]:
    """Return the three headers of one attempt to deliver `body`.

    Several secrets give a signature each: the new one and the old one while an endpoint's
    secret is being replaced. `message_id` stays the same over all attempts, `timestamp` is the
    moment of this one. Raises `SecretInvalid`, and `ValueError` for an empty list of secrets or
    an id that is not visible ASCII without a full stop.
    """
    if not secrets:
        raise ValueError("A webhook is signed with one secret at least.")
    if not _MESSAGE_ID.fullmatch(message_id):
        raise ValueError(f"{message_id!r} cannot be a webhook id.")
    signatures = (
        _signature(secret, message_id=message_id, timestamp=str(timestamp), body=body)
        for secret in secrets
    )
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(signatures),
    }


def verify(
    secret: str,
    headers: Mapping[str, str],
    body: bytes,
    *,
    now: float,
    tolerance: float = 300,
) -> None:
    """Check that `body` was signed with `secret`, `tolerance` seconds ago or ahead at most.

    Header names match in any case; one valid signature among several is enough, versions other
    than v1 are passed over. Raises `SignatureInvalid`, and `SecretInvalid` for our own secret.
    """
    given = {name.lower(): value for name, value in headers.items()}
    try:
        message_id, timestamp, signatures = (
            given[f"webhook-{name}"] for name in ("id", "timestamp", "signature")
        )
    except KeyError as error:
        raise SignatureInvalid(f"The header {error.args[0]} is missing.") from None
    if not message_id or not _TIMESTAMP.fullmatch(timestamp):
        raise SignatureInvalid("The webhook id or timestamp is malformed.")
    if abs(now - int(timestamp)) > tolerance:
        raise SignatureInvalid("The webhook timestamp is too old or too new.")
    expected = _signature(secret, message_id=message_id, timestamp=timestamp, body=body).encode()
    matches = [
        hmac.compare_digest(expected, signature.encode("utf-8", "replace"))
        for signature in signatures.split(" ")
    ]
    if not any(matches):
        raise SignatureInvalid("No signature matches.")


def retry_delay(attempt: int, *, jitter: float = 0.1) -> float | None:
    """Return the seconds to wait before an attempt, the first being 1; None after the last.

    The delay is lengthened at random by up to the share `jitter` of it, so that messages which
    failed together do not come back together.
    """
    if attempt < 1:
        raise ValueError("Attempts are counted from 1.")
    if attempt > len(RETRY_DELAYS):
        return None
    return RETRY_DELAYS[attempt - 1] * (1 + _random.uniform(0, jitter))


def retry_after(value: str | None, *, now: float) -> float | None:
    """Return the seconds that a Retry-After header asks to wait (RFC 9110 §10.2.3).

    Between 0 and 24 hours, whatever it asks; None when it is absent or malformed.
    """
    text = (value or "").strip()
    if re.fullmatch(r"[0-9]+", text):
        return min(float(text), _LONGEST_WAIT)  # float, not int: any number of digits is taken
    try:
        moment = parsedate_to_datetime(text)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        seconds = moment.timestamp() - now
    except (ValueError, OverflowError):
        return None
    return min(max(seconds, 0.0), _LONGEST_WAIT)


def _signature(secret: str, *, message_id: str, timestamp: str, body: bytes) -> str:
    content = f"{message_id}.{timestamp}.".encode() + body
    digest = hmac.new(_key(secret), content, hashlib.sha256).digest()
    return f"v1,{base64.b64encode(digest).decode('ascii')}"


def _key(secret: str) -> bytes:
    encoded = secret.removeprefix(_PREFIX).rstrip("=")
    try:
        key = base64.b64decode(encoded + "=" * (-len(encoded) % 4), validate=True)
    except (ValueError, binascii.Error):
        key = b""
    if not key:
        raise SecretInvalid("A webhook secret is whsec_ followed by base64, and not empty.")
    return key
