"""Finding out who calls: bearer token, login cookie, or the host's own login.

One statement each. They are the audited exceptions to workspace scoping: before them nobody knows
the workspace.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, or_, select

from ..db import Prepared
from ..errors import Forbidden, Unauthenticated, WorkspaceRequired
from ..identity import Identity
from ..models import ApiToken, LoginSession, LoginSessionUser, Role, User, Workspace
from .permissions import GRANTABLE
from .secrets import TOKEN_PREFIX, digest

if TYPE_CHECKING:
    from datetime import datetime

    from ..db import AnyRow, WorkspaceSession
    from ..identity import HostIdentity

UNSCOPED = "authentication: the credential tells the workspace"

_user, _role, _workspace = User.__table__.c, Role.__table__.c, Workspace.__table__.c
_token, _session = ApiToken.__table__.c, LoginSession.__table__.c
_link = LoginSessionUser.__table__.c

_MEMBER = (
    _user.id.label("user_id"),
    _user.name.label("user_name"),
    _user.email,
    _user.workspace_id,
    _role.name.label("role"),
    _role.permissions,
    _workspace.plan,
    _workspace.slug,
)
_MEMBERS = User.__table__.join(Role.__table__, _role.id == _user.role_id).join(
    Workspace.__table__, _workspace.id == _user.workspace_id
)
_ACTIVE = (_user.is_active, _user.deleted_at.is_(None))

_BY_TOKEN = Prepared(
    select(_token.id, _token.abilities, _token.expires_at, _token.last_used_at, *_MEMBER)
    .select_from(_MEMBERS.join(ApiToken.__table__, _token.user_id == _user.id))
    .where(
        _token.secret_hash == bindparam("secret_hash"),
        _token.revoked_at.is_(None),
        or_(_token.expires_at.is_(None), _token.expires_at > bindparam("now")),
        *_ACTIVE,
    ),
    unscoped=UNSCOPED,
)
_BY_SESSION = Prepared(
    select(_session.id, *_MEMBER)
    .select_from(
        _MEMBERS.join(LoginSessionUser.__table__, _link.user_id == _user.id).join(
            LoginSession.__table__, _session.id == _link.session_id
        )
    )
    .where(
        _session.secret_hash == bindparam("secret_hash"),
        _session.expires_at > bindparam("now"),
        *_ACTIVE,
    )
    .order_by(_user.workspace_id),
    unscoped=UNSCOPED,
)
_BY_HOST = Prepared(
    select(*_MEMBER)
    .select_from(_MEMBERS)
    .where(
        _user.id == bindparam("user_id"),
        _user.workspace_id == bindparam("member_of"),
        *_ACTIVE,
    ),
    unscoped=UNSCOPED,
)

_ALL = frozenset(GRANTABLE)


@dataclass(frozen=True)
class TokenUse:
    """An identity found by token, and when that token was last noted as used."""

    identity: Identity
    last_used_at: datetime | None


def by_token(session: WorkspaceSession, token: str, now: datetime) -> TokenUse | None:
    """Return who holds this API token; None for an unknown, revoked or expired one."""
    if not token.startswith(TOKEN_PREFIX):
        return None
    rows = session.fetch(_BY_TOKEN, {"secret_hash": digest(token), "now": now})
    if not rows:
        return None
    row = rows[0]
    granted = _ALL.intersection(row.permissions).intersection(row.abilities)
    identity = _identity(row, granted, key=f"token:{row.id}", via="token", token_id=row.id)
    return TokenUse(identity, row.last_used_at)


def by_session(
    session: WorkspaceSession, secret: str, now: datetime, *, wanted: str | None
) -> Identity | None:
    """Return who is logged in with this cookie, in the ``wanted`` workspace (id or slug).

    Raises ``WorkspaceRequired`` where the person works in several and named none, and
    ``Forbidden`` where they named one they do not work in.
    """
    rows = session.fetch(_BY_SESSION, {"secret_hash": digest(secret), "now": now})
    if not rows:
        return None
    row = _choose(rows, wanted)
    return _identity(
        row,
        _ALL.intersection(row.permissions),
        key=f"user:{row.user_id}",
        via="session",
        session_id=row.id,
    )


def by_host(session: WorkspaceSession, answer: HostIdentity) -> Identity:
    """Return the member the host named; raises ``Unauthenticated`` where there is none."""
    rows = session.fetch(_BY_HOST, {"user_id": answer.user_id, "member_of": answer.workspace_id})
    if not rows:
        raise Unauthenticated
    row = rows[0]
    return _identity(row, _ALL.intersection(row.permissions), key=f"user:{row.user_id}", via="host")


def _choose(rows: Any, wanted: str | None) -> Any:
    if wanted is None:
        if len(rows) > 1:
            raise WorkspaceRequired
        return rows[0]
    for row in rows:
        if wanted in (str(row.workspace_id), row.slug):
            return row
    raise Forbidden("You are not a member of this workspace.")


def _identity(row: AnyRow, permissions: frozenset[str], **how: Any) -> Identity:
    return Identity(
        workspace_id=row.workspace_id,
        user_id=row.user_id,
        user_name=row.user_name,
        user_email=row.email,
        role=row.role,
        permissions=permissions,
        plan=row.plan,
        **how,
    )
