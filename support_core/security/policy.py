"""Pyramid's security policy: who the request comes from, and whether that is enough."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import structlog
from pyramid.security import Allowed, Denied
from sqlalchemy.exc import SQLAlchemyError

from ..errors import Unauthenticated
from ..models import ApiToken
from . import authentication, secrets
from .permissions import Permission

if TYPE_CHECKING:
    from datetime import datetime

    from pyramid.request import Request

    from ..identity import Identity

log = structlog.get_logger(__name__)

COOKIE = "support_session"
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})

#: How stale a token's ``last_used_at`` may get, so that reading does not mean writing.
USE_NOTED_EVERY = timedelta(minutes=5)


class SupportSecurityPolicy:
    """Identity by bearer token, by host, or by login cookie, in this order."""

    def identity(self, request: Request) -> Identity | None:
        """Return the caller, found once per request."""
        caller: Identity | None = request.caller
        return caller

    def authenticated_userid(self, request: Request) -> str | None:
        identity = self.identity(request)
        return identity.key if identity else None

    def permits(self, request: Request, _context: Any, permission: str) -> Allowed | Denied:
        identity = self.identity(request)
        if identity is None:
            return Denied("nobody is logged in")
        if permission == Permission.MEMBER or permission in identity.permissions:
            return Allowed("granted")
        denied = Denied("the role or the token's abilities do not allow it")
        denied.permission = str(permission)
        return denied

    def remember(self, _request: Request, _userid: str, **_kw: Any) -> list[tuple[str, str]]:
        return []

    def forget(self, _request: Request, **_kw: Any) -> list[tuple[str, str]]:
        return []


def find_caller(request: Request) -> Identity | None:
    """Authenticate ``request`` on a read-only transaction of its own, or the request's own one."""
    header = request.headers.get("Authorization")
    now = request.registry.support.clock()
    if header is not None:
        scheme, _, token = header.partition(" ")
        if scheme.lower() != "bearer" or not token.strip():
            raise Unauthenticated
        with request.reading_session() as session:
            use = authentication.by_token(session, token.strip(), now)
        if use is None:
            raise Unauthenticated
        if use.last_used_at is None or now - use.last_used_at > USE_NOTED_EVERY:
            _note_use_later(request, use.identity, now)
        return use.identity
    answer = request.registry.support.plugins.hook.support_identify(request=request)
    if answer is not None:
        with request.reading_session() as session:
            return authentication.by_host(session, answer)
    cookie = request.cookies.get(COOKIE)
    if cookie:
        with request.reading_session() as session:
            return authentication.by_session(
                session, cookie, now, wanted=request.headers.get("X-Workspace")
            )
    return None


def _note_use_later(request: Request, identity: Identity, now: datetime) -> None:
    """Note that the token was used, after the response and in a transaction of its own."""

    def note(_request: Request) -> None:
        database = request.registry.support.database
        try:
            with database.transaction(identity.workspace_id) as session:
                token = session.get(ApiToken, identity.token_id)
                if token is not None:
                    token.last_used_at = now
        except SQLAlchemyError as error:  # the next request notes it
            log.warning("token_use_not_noted", error=type(error).__name__)

    request.add_finished_callback(note)


def check_csrf(request: Request, identity: Identity) -> bool:
    """Tell whether an unsafe request of a login cookie proves that our own page sent it."""
    if identity.via != "session" or request.method in SAFE_METHODS:
        return True
    cookie = request.cookies.get(COOKIE) or ""
    given = request.headers.get("X-CSRF-Token") or ""
    return secrets.same(given, secrets.csrf_token(cookie))
