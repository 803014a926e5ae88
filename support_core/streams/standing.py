"""Asking again whether the holders of streams may still hold them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, or_, select

from ..models import ApiToken, LoginSession, LoginSessionUser, Role, User
from ..security.permissions import GRANTABLE

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from ..db import WorkspaceSession
    from .subscription import Holder

CHUNK = 500
_ALL = frozenset(GRANTABLE)

_user, _role, _token = User.__table__.c, Role.__table__.c, ApiToken.__table__.c
_login, _link = LoginSession.__table__.c, LoginSessionUser.__table__.c

_MEMBERS = (
    select(_user.id, _role.permissions)
    .select_from(
        User.__table__.join(
            Role.__table__,
            (_role.id == _user.role_id) & (_role.workspace_id == _user.workspace_id),
        )
    )
    .where(
        _user.workspace_id == bindparam("of_workspace"),
        _user.id.in_(bindparam("ids", expanding=True)),
        _user.is_active,
        _user.deleted_at.is_(None),
    )
)
_TOKENS = select(_token.id, _token.abilities).where(
    _token.workspace_id == bindparam("of_workspace"),
    _token.id.in_(bindparam("ids", expanding=True)),
    _token.revoked_at.is_(None),
    or_(_token.expires_at.is_(None), _token.expires_at > bindparam("now")),
)
_LOGINS = (
    select(_login.id, _link.user_id)
    .select_from(
        LoginSession.__table__.join(LoginSessionUser.__table__, _link.session_id == _login.id)
    )
    .where(_login.id.in_(bindparam("ids", expanding=True)), _login.expires_at > bindparam("now"))
)
UNSCOPED = {"unscoped": "a login serves every workspace of its person"}


def permissions_of(
    session: WorkspaceSession, holders: Iterable[Holder], now: datetime
) -> dict[Holder, frozenset[str]]:
    """Return what each holder may do now; those who may nothing any more are left out."""
    asked = set(holders)
    values = {"of_workspace": session.require_workspace(), "now": now}
    members = _found(session, _MEMBERS, {it.user_id for it in asked}, values)
    tokens = _found(session, _TOKENS, {it.token_id for it in asked}, values)
    logins = _logins(session, {it.session_id for it in asked}, now)
    standing: dict[Holder, frozenset[str]] = {}
    for holder in asked:
        permissions = members.get(holder.user_id)
        if permissions is None:
            continue
        granted = frozenset(permissions) & _ALL
        if holder.token_id is not None:
            if holder.token_id not in tokens:
                continue
            granted &= frozenset(tokens[holder.token_id])
        if holder.session_id is not None and (holder.session_id, holder.user_id) not in logins:
            continue
        standing[holder] = granted
    return standing


def _found(
    session: WorkspaceSession, statement: Any, ids: set[Any], values: dict[str, Any]
) -> dict[int, list[str]]:
    wanted = sorted(it for it in ids if it is not None)
    found: dict[int, list[str]] = {}
    for start in range(0, len(wanted), CHUNK):
        chunk = {**values, "ids": wanted[start : start + CHUNK]}
        found.update(session.core(statement, chunk).tuples().all())
    return found


def _logins(session: WorkspaceSession, ids: set[int | None], now: datetime) -> set[tuple[int, int]]:
    wanted = sorted(it for it in ids if it is not None)
    found: set[tuple[int, int]] = set()
    for start in range(0, len(wanted), CHUNK):
        chunk = {"ids": wanted[start : start + CHUNK], "now": now}
        rows = session.core(_LOGINS, chunk, execution_options=UNSCOPED)
        found.update((row.id, row.user_id) for row in rows)
    return found
