"""Who may see which events: the permission that each type asks for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import and_, false, not_, or_, true

from ..security.permissions import Permission
from ..settings import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from sqlalchemy import ColumnElement
    from sqlalchemy.sql.elements import SQLCoreOperations

    from ..events import DomainEvent
    from ..plugins import Plugins

#: The permission that shows what an event is about. ``noun.*`` stands for all types of a noun.
CORE_EVENTS: dict[str, Permission] = {
    "conversation.*": Permission.VIEW_CONVERSATIONS,
    "thread.*": Permission.VIEW_CONVERSATIONS,
    "delivery.*": Permission.VIEW_CONVERSATIONS,
    "message.*": Permission.VIEW_CONVERSATIONS,
    "customer.*": Permission.VIEW_CONVERSATIONS,
    "mailbox.*": Permission.VIEW_CONVERSATIONS,
    "user.*": Permission.VIEW_CONVERSATIONS,
    "role.*": Permission.MANAGE_ROLES,
    "token.*": Permission.MANAGE_TOKENS,
}


class EventTypes:
    """The permissions of event types, the plugins' included.

    A type that nobody declared is shown with its conversation, and without one only to those who
    manage the workspace.
    """

    def __init__(self, declared: Mapping[str, Permission]) -> None:
        self._declared = {pattern: str(needed) for pattern, needed in declared.items()}
        self._needed: dict[tuple[str, bool], str] = {}

    @classmethod
    def collect(cls, plugins: Plugins) -> EventTypes:
        """Ask the plugins for theirs; raises ``ConfigurationError`` for one declared twice."""
        declared = dict(CORE_EVENTS)
        for name, implementation in plugins.implementations("support_event_permissions"):
            for pattern, needed in implementation().items():
                if declared.setdefault(pattern, needed) is not needed:
                    raise ConfigurationError(
                        f"The plugin {name} declares the events {pattern} again, with another "
                        "permission; take it out of support.plugins or rename its events."
                    )
        return cls(declared)

    @property
    def permissions(self) -> frozenset[str]:
        """Return every permission that some event may ask for."""
        return frozenset(self._declared.values()) | {
            str(Permission.VIEW_CONVERSATIONS),
            str(_MANAGER),
        }

    def needed(self, type_: str, *, of_conversation: bool) -> str:
        """Return the permission that an event of this type asks for."""
        key = (type_, of_conversation)
        if key not in self._needed:
            if len(self._needed) > 10_000:
                self._needed.clear()  # types come from plugins, which could make them up
            noun = type_.partition(".")[0]
            default = Permission.VIEW_CONVERSATIONS if of_conversation else _MANAGER
            found = self._declared.get(type_) or self._declared.get(f"{noun}.*")
            self._needed[key] = found or str(default)
        return self._needed[key]

    def allows(self, permissions: frozenset[str], event: DomainEvent) -> bool:
        """Tell whether these permissions show the event."""
        needed = self.needed(event.type, of_conversation=event.conversation_id is not None)
        return needed in permissions

    def criterion(
        self,
        permissions: frozenset[str],
        type_: SQLCoreOperations[str],
        conversation_id: SQLCoreOperations[int | None],
    ) -> ColumnElement[bool]:
        """Return :meth:`allows` for a query of the log."""
        exact = [it for it in self._declared if not it.endswith(".*")]
        shown = [
            _of_noun(type_, it, exact) if it.endswith(".*") else type_ == it
            for it, needed in self._declared.items()
            if needed in permissions
        ]
        undeclared = not_(or_(*(matches(type_, it) for it in self._declared)))
        if _MANAGER not in permissions:
            undeclared = and_(undeclared, conversation_id.is_not(None))
        default = undeclared if Permission.VIEW_CONVERSATIONS in permissions else false()
        return or_(*shown, default)


_MANAGER = Permission.MANAGE_WORKSPACE


def matches(type_: SQLCoreOperations[str], pattern: str) -> ColumnElement[bool]:
    """Return whether a column of types matches ``noun.*`` or a type's own name."""
    if pattern.endswith(".*"):
        return type_.startswith(pattern[:-1], autoescape=True)
    return type_ == pattern


def _of_noun(
    type_: SQLCoreOperations[str], pattern: str, exact: Iterable[str]
) -> ColumnElement[bool]:
    """Match a noun, without those of its types that are declared by themselves."""
    apart = [it for it in exact if it.startswith(pattern[:-1])]
    return and_(matches(type_, pattern), type_.not_in(apart) if apart else true())
