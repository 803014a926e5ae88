"""Members of a workspace, their roles, and what they log in with.

A user is a member of one workspace: a person who works in two has a row, and a password, in each.
An administrator of one workspace can therefore never touch a login of another.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from ..db.types import Json, UTCDateTime
from .base import Base, Identified, Timestamped, WorkspaceScoped, now, tenant_key, within


class Role(Identified, Timestamped, WorkspaceScoped, Base):
    """A named set of permissions; the built-in ones cannot be changed."""

    __tablename__ = "roles"
    __table_args__ = (tenant_key(), Index("uq_roles_name", "workspace_id", "name", unique=True))

    workspace_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("workspaces.id", ondelete="CASCADE")
    )
    name: Mapped[str] = mapped_column(String(63))
    permissions: Mapped[list[str]] = mapped_column(Json)
    is_builtin: Mapped[bool] = mapped_column(default=False)


class User(Identified, Timestamped, WorkspaceScoped, Base):
    """A member. ``email_key`` tells addresses apart; ``is_available`` steers assignment."""

    __tablename__ = "users"
    __table_args__ = (
        tenant_key(),
        within("role_id", "roles"),
        Index(
            "uq_users_email",
            "workspace_id",
            "email_key",
            unique=True,
            postgresql_where=text("deleted_at IS NULL"),
            sqlite_where=text("deleted_at IS NULL"),
        ),
        Index("ix_users_login", "email_key"),
    )

    email: Mapped[str] = mapped_column(String(255))
    email_key: Mapped[str] = mapped_column(String(255))
    name: Mapped[str] = mapped_column(String(255))
    role_id: Mapped[int] = mapped_column(BigInteger)
    password_hash: Mapped[str | None] = mapped_column(String(255))
    is_active: Mapped[bool] = mapped_column(default=True)
    is_available: Mapped[bool] = mapped_column(default=True)
    deleted_at: Mapped[datetime | None] = mapped_column(UTCDateTime)


class ApiToken(Identified, WorkspaceScoped, Base):
    """A bearer token: stored as SHA-256 of its secret, which is shown once."""

    __tablename__ = "api_tokens"
    __table_args__ = (
        tenant_key(),
        within("user_id", "users"),
        Index("uq_api_tokens_secret", "secret_hash", unique=True),
        Index("ix_api_tokens_workspace", "workspace_id", "id"),
    )

    user_id: Mapped[int] = mapped_column(BigInteger)
    name: Mapped[str] = mapped_column(String(255))
    secret_hash: Mapped[str] = mapped_column(String(64))
    abilities: Mapped[list[str]] = mapped_column(Json)
    expires_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    last_used_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    revoked_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=now)


class LoginSession(Identified, Base):
    """A browser's login: the cookie's secret as SHA-256, and until when it holds."""

    __tablename__ = "login_sessions"

    secret_hash: Mapped[str] = mapped_column(String(64), unique=True)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=now)
    expires_at: Mapped[datetime] = mapped_column(UTCDateTime, index=True)


class LoginSessionUser(Base):
    """A member whose password the login matched; several where a person works in several."""

    __tablename__ = "login_session_users"

    session_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("login_sessions.id", ondelete="CASCADE"), primary_key=True
    )
    user_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("users.id", ondelete="CASCADE"), primary_key=True, index=True
    )
