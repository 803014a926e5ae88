"""Roles: the four that ship, and a workspace's own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import select, update

from ..errors import Conflict, Forbidden, Invalid, NotFound
from ..models import Role, User
from ..security.permissions import BUILTIN_ROLES, LEAST
from .fields import changed, taken

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from ..desk import Desk


class RoleService:
    """The workspace's roles. Nobody can grant a permission they do not hold themselves."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def seed(self) -> dict[str, Role]:
        """Create the roles that ship, in a new workspace."""
        roles = {
            name: Role(name=name, permissions=[str(it) for it in permissions], is_builtin=True)
            for name, permissions in BUILTIN_ROLES.items()
        }
        self._desk.session.add_all(roles.values())
        self._desk.session.flush()
        return roles

    def get(self, role_id: int, *, lock: bool = False) -> Role:
        """Return a role; raises ``NotFound``. ``lock`` holds its row to the commit."""
        role = self._desk.session.get(Role, role_id, with_for_update=lock or None)
        if role is None:
            raise NotFound
        return role

    def named(self, name: str) -> Role | None:
        """Return the role of this name."""
        return self._desk.session.execute(
            select(Role).where(Role.name == name)
        ).scalar_one_or_none()

    def create(self, values: Mapping[str, Any], *, granter: frozenset[str]) -> Role:
        """Create a role; raises ``Invalid`` for a name that is taken."""
        if self.named(values["name"]) is not None:
            raise Invalid({"name": [taken("name")]})
        check_grant(values["permissions"], granter)
        role = Role(name=values["name"], permissions=values["permissions"])
        self._desk.session.add(role)
        self._desk.session.flush()
        self._desk.audit.record("role.created", "role", role.id, fields=values)
        return role

    def update(self, role_id: int, values: Mapping[str, Any], *, granter: frozenset[str]) -> Role:
        """Change a role of the workspace's own; raises ``Conflict`` for a built-in one."""
        role = self._own(role_id)
        check_grant(role.permissions, granter)
        check_grant(values.get("permissions", ()), granter)
        name = values.get("name", role.name)
        if name != role.name and self.named(name) is not None:
            raise Invalid({"name": [taken("name")]})
        changed(role, values)
        self._desk.session.flush()
        self._desk.audit.record("role.updated", "role", role.id, fields=values)
        self._desk.events.publish("role.updated", role_id=role.id)
        return role

    def delete(self, role_id: int) -> None:
        """Remove a role that nobody has; raises ``Conflict`` otherwise."""
        role = self._own(role_id)
        held = select(User.id).where(User.role_id == role.id, User.deleted_at.is_(None)).limit(1)
        if self._desk.session.execute(held).first() is not None:
            raise Conflict("The role is held by members. Give them another one first.")
        # Who has left keeps a row behind what they wrote, and that row some role.
        self._desk.session.execute(
            update(User)
            .where(User.role_id == role.id)
            .values(role_id=select(Role.id).where(Role.name == LEAST).scalar_subquery())
            .execution_options(synchronize_session=False)
        )
        self._desk.audit.record("role.deleted", "role", role.id)
        self._desk.session.delete(role)
        self._desk.session.flush()

    def _own(self, role_id: int) -> Role:
        role = self.get(role_id)
        if role.is_builtin:
            raise Conflict("The built-in roles cannot be changed.")
        return role


def check_grant(permissions: Iterable[str], granter: frozenset[str]) -> None:
    """Raise ``Forbidden`` for the first permission the granter does not hold."""
    for permission in permissions:
        if permission not in granter:
            raise Forbidden(
                "You cannot grant a permission that you do not have.", permission=permission
            )
