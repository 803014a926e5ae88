"""The declarative base, constraint names, and the shapes every table shares."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, ClassVar

from sqlalchemy import ForeignKeyConstraint, MetaData, Table, UniqueConstraint
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from ..db.scoping import TENANT_TABLES
from ..db.session import WorkspaceScoped
from ..db.types import Id, UTCDateTime

__all__ = ["Base", "Identified", "Timestamped", "WorkspaceScoped", "now", "tenant_key", "within"]


class Base(DeclarativeBase):
    """Base of every model, the plugins' included."""

    __table__: ClassVar[Table]

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if issubclass(cls, WorkspaceScoped) and "__table__" in cls.__dict__:
            TENANT_TABLES.add(cls.__table__.name)


def now() -> datetime:
    """Return the current time, aware and in UTC."""
    return datetime.now(UTC)


class Identified:
    """A surrogate integer key."""

    id: Mapped[int] = mapped_column(Id, primary_key=True)


class Timestamped:
    """When the row was made and last changed."""

    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=now)
    updated_at: Mapped[datetime] = mapped_column(UTCDateTime, default=now, onupdate=now)


def tenant_key() -> UniqueConstraint:
    """Return the key that :func:`within` refers to; on every table others point at."""
    return UniqueConstraint("workspace_id", "id")


def within(column: str, table: str, *, ondelete: str | None = None) -> ForeignKeyConstraint:
    """Return a foreign key that also compares the workspace.

    The database itself then refuses a row that points into another workspace.
    """
    return ForeignKeyConstraint(
        ["workspace_id", column], [f"{table}.workspace_id", f"{table}.id"], ondelete=ondelete
    )
