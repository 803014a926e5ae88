"""What the document says beyond what can be read off the code."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..security.policy import COOKIE as COOKIE_NAME
from .operations import BEARER, COOKIE, CSRF

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ..application import Application

_DESCRIPTION = """\
The REST API of this desk: customers' conversations, whichever channel they came by.

Times are UTC in ISO 8601 with `Z`, ids are integers. Bodies are JSON objects; a field that an \
endpoint does not know is refused, not ignored. What belongs to another workspace answers exactly \
like what does not exist.

Lists come in pages by number (`page`, `per_page`), or by cursor, whose cost does not grow with \
depth: start with an empty `cursor` and go on with `meta.next_cursor`.

Every answer carries `X-Request-Id`. Every error has one body, `error` and `message`; a failed \
validation lists each failing field under `errors` instead. A path that does not exist is 404 \
`not_found`; a method that a path does not have is 405 `method_not_allowed` with `Allow`.
"""

TAGS = {
    "Authentication": "Logging in with a cookie, and who is calling.",
    "Conversations": "What customers and agents write to each other.",
    "Attachments": "Files: uploaded first, then named in a message.",
    "Customers": "The people who write.",
    "Mailboxes": "Where conversations belong.",
    "Users": "The workspace's members.",
    "Roles": "What members may do.",
    "Tokens": "Credentials of programs.",
    "Workspace": "The plan, the channels, the event log and the audit trail.",
}
LAST = "Operations"


def description(application: Application) -> str:
    """Return the introduction, with the general rate limit where there is one."""
    rate = rate_text(application, "general")
    if rate is None:
        return _DESCRIPTION
    return _DESCRIPTION + f"\nRate limits are counted per token or login: {rate} in general.\n"


def rate_text(application: Application, name: str) -> str | None:
    """Return a configured rate as ``60/minute``; None where it is switched off."""
    settings = application.settings
    family = settings.family("support.ratelimit.*")
    rate = family.get(f"support.ratelimit.{name}")
    if rate is None or not settings["support.ratelimit.enabled"]:
        return None
    amount, seconds = rate
    window = {1: "second", 60: "minute", 3600: "hour", 86400: "day"}.get(seconds)
    return f"{amount}/{window}" if window else f"{amount} in {seconds} seconds"


def tags(used: Iterable[str]) -> list[dict[str, str]]:
    """Return the tags in the order to read them in: the core's, the plugins', running the desk."""
    names = set(used)
    known = [name for name in TAGS if name in names]
    others = sorted(names - set(known) - {LAST})
    last = [LAST] if LAST in names else []
    described = {**TAGS, LAST: "For whoever runs the desk."}
    return [
        {"name": name, **({"description": described[name]} if name in described else {})}
        for name in [*known, *others, *last]
    ]


def security_schemes() -> dict[str, Any]:
    """Return the ways in (RFC 6750; a login cookie with a token against forged requests)."""
    return {
        BEARER: {
            "type": "http",
            "scheme": "bearer",
            "description": "An API token; it implies its workspace.",
        },
        COOKIE: {
            "type": "apiKey",
            "in": "cookie",
            "name": COOKIE_NAME,
            "description": "The cookie of `POST /api/support/auth/login`.",
        },
        CSRF: {
            "type": "apiKey",
            "in": "header",
            "name": "X-CSRF-Token",
            "description": "The `csrf_token` of the login, with every unsafe request of a cookie.",
        },
    }
