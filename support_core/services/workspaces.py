"""Workspaces: made by an operator, each with its roles, counters and first owner."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

from sqlalchemy import insert, select

from ..models import Counter, Workspace
from ..security.permissions import OWNER

if TYPE_CHECKING:
    from ..application import Application
    from ..db import WorkspaceSession
    from ..models import User

COUNTERS = ("conversations", "events")


def slugify(name: str) -> str:
    """Return a name's slug: lower-case ASCII letters, digits and dashes, at most 63."""
    ascii_name = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", ascii_name.lower()).strip("-")[:63] or "workspace"


def find_workspace(application: Application, name: str) -> Workspace | None:
    """Return the workspace of this id, slug or name."""
    with application.database.transaction(write=False) as session:
        criteria = [Workspace.slug == name, Workspace.name == name]
        if name.isascii() and name.isdecimal() and len(name) < 19:
            criteria.insert(0, Workspace.id == int(name))
        for criterion in criteria:
            found = session.execute(
                select(Workspace).where(criterion).order_by(Workspace.id).limit(1)
            ).scalar_one_or_none()
            if found is not None:
                return found
    return None


def create_workspace(application: Application, name: str, *, plan: str | None) -> Workspace:
    """Create a workspace with the roles that ship, under a slug of its own."""
    with application.database.transaction() as session:
        return add_workspace(application, session, name, plan=plan)


def add_workspace(
    application: Application, session: WorkspaceSession, name: str, *, plan: str | None
) -> Workspace:
    """Create a workspace in somebody's transaction, whose session then serves it."""
    taken = set(
        session.execute(
            select(Workspace.slug).where(Workspace.slug.startswith(slugify(name)))
        ).scalars()
    )
    workspace = Workspace(name=name, slug=_free(slugify(name), taken), plan=plan)
    session.add(workspace)
    session.flush()
    session.workspace_id = workspace.id
    session.execute(
        insert(Counter.__table__),
        [{"workspace_id": workspace.id, "name": it, "value": 0} for it in COUNTERS],
    )
    application.desk_on(session, plan=plan).roles.seed()
    return workspace


def _free(slug: str, taken: set[str]) -> str:
    if slug not in taken:
        return slug
    number = 2
    while f"{slug[:58]}-{number}" in taken:
        number += 1
    return f"{slug[:58]}-{number}"


def ensure_owner(
    application: Application, workspace: Workspace, *, email: str, name: str | None = None
) -> User:
    """Return the member with this address, made an owner where there is none."""
    with application.desk(workspace.id) as desk:
        user = desk.members.by_email(email)
        if user is None:
            user = desk.members.create(
                {"email": email, "name": name or email.partition("@")[0], "role": OWNER}, by=None
            )
        return user
