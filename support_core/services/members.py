"""Members: the users of one workspace."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, func, select, update

from ..addresses import email_key
from ..errors import Conflict, Forbidden, Invalid, NotFound, invalid_reference
from ..models import ApiToken, LoginSessionUser, Role, User
from ..security.permissions import OWNER
from ..security.secrets import hash_password
from .fields import changed, taken
from .roles import check_grant

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..desk import Desk
    from ..identity import Identity


class MemberService:
    """The workspace's members. The last active owner cannot be lost."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def get(self, user_id: int, *, lock: bool = False) -> User:
        """Return a member; raises ``NotFound``. ``lock`` holds its row to the commit."""
        user = self._desk.session.get(User, user_id, with_for_update=lock or None)
        if user is None or user.deleted_at is not None:
            raise NotFound
        return user

    def require_assignable(self, user_id: int, field: str) -> User:
        """Return a member who may be given conversations; raises ``Invalid`` on ``field``."""
        try:
            user = self.get(user_id)
        except NotFound:
            raise invalid_reference(field) from None
        if not user.is_active:
            raise invalid_reference(field)
        return user

    def by_email(self, email: str) -> User | None:
        """Return the member with this address, whatever its case."""
        return self._desk.session.execute(
            select(User).where(User.email_key == email_key(email), User.deleted_at.is_(None))
        ).scalar_one_or_none()

    def create(self, values: Mapping[str, Any], *, by: Identity | None) -> User:
        """Add a member; ``by`` is who adds, None for the system itself.

        Raises ``Invalid`` for a known address and an unknown role, ``Forbidden`` for a role above
        one's own.
        """
        role_name = values.get("role", "agent")
        errors: dict[str, list[str]] = {}
        if self.by_email(values["email"]) is not None:
            errors["email"] = [taken("email")]
        if self._desk.roles.named(role_name) is None:
            errors.update(invalid_reference("role").errors)
        if errors:
            raise Invalid(errors)
        role = self._role(role_name, by)
        password = values.get("password")
        user = User(
            email=values["email"],
            email_key=email_key(values["email"]),
            name=values["name"],
            role_id=role.id,
            password_hash=hash_password(password) if password else None,
            is_active=values.get("is_active", True),
            is_available=values.get("is_available", True),
        )
        self._desk.session.add(user)
        self._desk.session.flush()
        self._desk.audit.record("user.created", "user", user.id, fields=values)
        self._desk.events.publish("user.created", user_id=user.id)
        return user

    def update(self, user_id: int, values: Mapping[str, Any], *, by: Identity | None) -> User:
        """Change a member. A new password, or losing access, ends the member's logins."""
        user = self.get(user_id)
        self.refuse_reaching_up(user, by)
        if "role" in values:
            role = self._role(values["role"], by)
            if role.id != user.role_id:
                self._keep_an_owner(user)
                user.role_id = role.id
        if values.get("is_active") is False:
            self._keep_an_owner(user)
        if "email" in values and email_key(values["email"]) != user.email_key:
            if self.by_email(values["email"]) is not None:
                raise Invalid({"email": [taken("email")]})
            user.email_key = email_key(values["email"])
        if "password" in values:
            user.password_hash = hash_password(values["password"])
        plain = ("email", "name", "is_active", "is_available")
        changed(user, {name: values[name] for name in plain if name in values})
        self._desk.session.flush()
        if "password" in values or values.get("is_active") is False:
            self._end_logins(user)
        self._desk.audit.record("user.updated", "user", user.id, fields=values)
        self._desk.events.publish("user.updated", user_id=user.id)
        return user

    def delete(self, user_id: int, *, by: Identity | None) -> None:
        """Remove a member: logins end, tokens are revoked, what they wrote stays."""
        user = self.get(user_id)
        self.refuse_reaching_up(user, by)
        self._keep_an_owner(user)
        user.deleted_at = self._desk.clock()
        user.is_active = False
        self._desk.session.flush()
        self._end_logins(user)
        self._desk.session.execute(
            update(ApiToken)
            .where(ApiToken.user_id == user.id, ApiToken.revoked_at.is_(None))
            .values(revoked_at=self._desk.clock())
        )
        self._desk.audit.record("user.deleted", "user", user.id)
        self._desk.events.publish("user.deleted", user_id=user.id)

    def role_name(self, user: User) -> str:
        """Return the name of the member's role."""
        return self._desk.roles.get(user.role_id).name

    def may(self, user_id: int, permission: str) -> bool:
        """Tell whether a member is active and their role has a permission, whoever acts."""
        user = self.get(user_id)
        return user.is_active and permission in self._desk.roles.get(user.role_id).permissions

    def _role(self, name: str, by: Identity | None) -> Role:
        role = self._desk.roles.named(name)
        if role is None:
            raise invalid_reference("role")
        if by is not None:
            if role.name == OWNER and by.role != OWNER:
                raise Forbidden("Only an owner can make an owner.")
            check_grant(role.permissions, by.permissions)
        return role

    def refuse_reaching_up(self, user: User, by: Identity | None) -> None:
        """Raise ``Forbidden`` where ``user`` may do what ``by`` may not."""
        if by is None:
            return
        role = self._desk.roles.get(user.role_id)
        if role.name == OWNER and by.role != OWNER:
            raise Forbidden("Only an owner can change an owner.")
        check_grant(role.permissions, by.permissions)

    def _keep_an_owner(self, user: User) -> None:
        """Refuse what would leave the workspace without an active owner.

        The owner role's row is locked, so that two owners cannot remove each other at once.
        """
        owner = self._desk.session.execute(
            select(Role).where(Role.name == OWNER).with_for_update()
        ).scalar_one()
        self._desk.session.refresh(user, ("role_id", "is_active"))
        if user.role_id != owner.id or not user.is_active:
            return
        others = select(func.count(User.id)).where(
            User.role_id == owner.id,
            User.id != user.id,
            User.is_active,
            User.deleted_at.is_(None),
        )
        if self._desk.session.execute(others).scalar_one() == 0:
            raise Conflict("The last owner of a workspace cannot be removed.")

    def _end_logins(self, user: User) -> None:
        self._desk.session.execute(
            delete(LoginSessionUser).where(LoginSessionUser.user_id == user.id)
        )
