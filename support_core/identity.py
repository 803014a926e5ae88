"""Who is calling, and what a plan denies."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple


class Identity(NamedTuple):  # not a frozen dataclass, which takes five times as long to make
    """An authenticated caller in one workspace.

    ``permissions`` are the role's, cut down to the token's abilities. ``key`` names the credential
    for rate limits and idempotency (``token:7``, ``user:3``). ``via`` is ``token``, ``session`` or
    ``host``; only a session needs the CSRF token.
    """

    workspace_id: int
    user_id: int
    user_name: str
    user_email: str
    role: str
    permissions: frozenset[str]
    key: str
    via: str = "token"
    token_id: int | None = None
    session_id: int | None = None
    plan: str | None = None


@dataclass(frozen=True)
class HostIdentity:
    """A host's answer to ``support_identify``: which member of which workspace this is."""

    workspace_id: int
    user_id: int


class Actor(NamedTuple):
    """Who does something, for line items and the audit trail; all empty for the system itself."""

    user_id: int | None = None
    name: str | None = None
    token_id: int | None = None
    address: str | None = None
    request_id: str | None = None

    def shown(self) -> dict[str, str | int | None]:
        """Return who acts as the audit trail keeps it, beside the user's id."""
        return {
            "name": self.name,
            "token_id": self.token_id,
            "address": self.address,
            "request_id": self.request_id,
        }


@dataclass(frozen=True)
class WorkspaceRef:
    """A workspace as entitlement hooks see it."""

    id: int
    plan: str | None = None


@dataclass(frozen=True)
class Denial:
    """Why a plan does not allow something; ``limit`` only where one is used up."""

    current_plan: str | None
    limit: int | None = None


@dataclass(frozen=True)
class Entitlements:
    """What ``GET /entitlements`` shows of a plan; a limit of None is unlimited."""

    plan: str | None
    features: dict[str, bool] = field(default_factory=dict)
    limits: dict[str, int | None] = field(default_factory=dict)
