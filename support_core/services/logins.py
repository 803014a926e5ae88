"""Logins by e-mail address and password, and their sessions.

They serve every workspace a person works in, which is why they say so to the session.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, select

from ..addresses import email_key
from ..bus import Signal
from ..events import ACCESS, signal_on
from ..models import LoginSession, LoginSessionUser, User, Workspace
from ..security.secrets import digest, new_session_secret, verify_password

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy.orm import Session

UNSCOPED = {"unscoped": "a login finds the workspaces of its person"}

#: Passwords compared per attempt; each costs tens of milliseconds on purpose.
MOST_WORKSPACES = 10


def matching_members(session: Session, email: str, password: str) -> list[int]:
    """Return the ids of the members this address and password belong to, in all workspaces.

    Takes as long for an unknown address as for a known one with one membership.
    """
    rows = session.execute(
        select(User.id, User.password_hash)
        .where(
            User.email_key == email_key(email),
            User.is_active,
            User.deleted_at.is_(None),
            User.password_hash.is_not(None),
        )
        .order_by(User.id)
        .limit(MOST_WORKSPACES),
        execution_options=UNSCOPED,
    ).all()
    if not rows:
        verify_password(None, password)
    return [row.id for row in rows if verify_password(row.password_hash, password)]


def start_session(
    session: Session, user_ids: Sequence[int], *, now: datetime, seconds: float
) -> str:
    """Start a login of these members for so many seconds; returns the cookie's secret."""
    secret = new_session_secret()
    login = LoginSession(
        secret_hash=digest(secret), created_at=now, expires_at=now + timedelta(seconds=seconds)
    )
    session.add(login)
    session.flush()
    session.add_all(LoginSessionUser(session_id=login.id, user_id=id_) for id_ in user_ids)
    session.flush()
    return secret


def end_session(session: Session, session_id: int) -> None:
    """End a login, and with it the streams it holds in every workspace of its person."""
    workspaces = session.execute(
        select(User.workspace_id)
        .join(LoginSessionUser, LoginSessionUser.user_id == User.id)
        .where(LoginSessionUser.session_id == session_id),
        execution_options=UNSCOPED,
    ).scalars()
    for workspace_id in workspaces.all():
        signal_on(session, Signal(ACCESS, workspace_id))
    session.execute(
        delete(LoginSessionUser).where(LoginSessionUser.session_id == session_id),
        execution_options=UNSCOPED,
    )
    session.execute(
        delete(LoginSession).where(LoginSession.id == session_id), execution_options=UNSCOPED
    )


def workspaces_of(session: Session, user_ids: Sequence[int]) -> list[dict[str, Any]]:
    """Return id, name and slug of the workspaces these members belong to."""
    rows = session.execute(
        select(Workspace.id, Workspace.name, Workspace.slug)
        .join(User, User.workspace_id == Workspace.id)
        .where(User.id.in_(user_ids))
        .order_by(Workspace.id),
        execution_options=UNSCOPED,
    )
    return [{"id": row.id, "name": row.name, "slug": row.slug} for row in rows]
