"""API tokens: made once, shown once, revoked for good."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..errors import Invalid, NotFound
from ..models import ApiToken
from ..security.permissions import GRANTABLE
from ..security.secrets import digest, new_token
from .roles import check_grant

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from ..desk import Desk
    from ..identity import Identity
    from ..models import User


class TokenService:
    """The workspace's API tokens."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def create(
        self,
        user: User,
        *,
        name: str,
        abilities: Sequence[str] | None = None,
        expires_at: datetime | None = None,
        granter: frozenset[str] | None = None,
    ) -> tuple[ApiToken, str]:
        """Create a token of ``user``; returns it and its secret, which is stored nowhere.

        Without ``abilities`` it can do what its user can. ``granter`` are the permissions of who
        asks; raises ``Forbidden`` for an ability beyond them.
        """
        if abilities is None:
            abilities = [name for name in GRANTABLE if granter is None or name in granter]
        if granter is not None:
            check_grant(abilities, granter)
        secret = new_token()
        token = ApiToken(
            user_id=user.id,
            name=name,
            secret_hash=digest(secret),
            abilities=list(dict.fromkeys(abilities)),
            expires_at=expires_at,
            created_at=self._desk.clock(),
        )
        self._desk.session.add(token)
        self._desk.session.flush()
        self._desk.audit.record("token.created", "token", token.id)
        return token, secret

    def grant(self, values: Mapping[str, Any], *, by: Identity) -> tuple[ApiToken, str]:
        """Create the token a caller asks for: their own, or one of a member not above them.

        Raises ``Invalid`` for an unknown member or a time that has passed, ``Forbidden`` for more
        than the caller has.
        """
        members = self._desk.members
        expires_at = values["expires_at"]
        if expires_at is not None and expires_at <= self._desk.clock():
            raise Invalid({"expires_at": ["The expires at must be a date after now."]})
        user = members.require_assignable(values["user_id"] or by.user_id, "user_id")
        if user.id != by.user_id:
            members.refuse_reaching_up(user, by)
        return self.create(
            user,
            name=values["name"],
            abilities=values["abilities"],
            expires_at=expires_at,
            granter=by.permissions,
        )

    def revoke(self, token_id: int) -> None:
        """End a token at once; raises ``NotFound``."""
        token = self._desk.session.get(ApiToken, token_id)
        if token is None or token.revoked_at is not None:
            raise NotFound
        token.revoked_at = self._desk.clock()
        self._desk.audit.record("token.revoked", "token", token.id)
        self._desk.events.publish("token.revoked", token_id=token.id)
