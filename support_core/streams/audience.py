"""Audiences: streams of people outside, of whom many or few see one and the same.

Whoever holds a stream of an audience sits in it under a name, such as a visitor under their own.
What is shown to a name can thus be made once, where it happens, and be sent by an engine that
knows nothing of it but the name.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..settings import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from ..bus import Signal
    from ..desk import Desk
    from ..events import DomainEvent
    from ..plugins import Plugins


@dataclass(frozen=True, slots=True)
class Seat:
    """Where a stream sits: it shows what is shown to ``name``.

    It ends when the audience says that the name, or one of the ``leashes``, ends. Names are the
    audience's own, of letters, digits, ``:`` and ``-``, and unique within a workspace.
    """

    audience: str
    name: str
    leashes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Shown:
    """What those of a name see: the name of an event of their stream, and its data, for JSON."""

    name: str
    event: str
    data: Any


@dataclass(frozen=True)
class Audience:
    """A kind of people outside, and what they see.

    ``wants`` tells by an event alone whether it may be for anybody. ``show`` makes of such events
    what each name sees, in their order, with a desk that reads: of what is not to be seen any more
    it makes nothing. ``hears`` are the types of signals that are for somebody, and ``hear`` makes
    of one what each name sees. ``ended_by`` are the types of events that may end streams, and
    ``ends`` tells which names and leashes end; what was shown to an ended name is forgotten.
    """

    name: str
    wants: Callable[[DomainEvent], bool]
    show: Callable[[Desk, Sequence[DomainEvent]], Iterable[Shown]]
    hears: frozenset[str]
    hear: Callable[[Desk, Signal], Iterable[Shown]]
    ended_by: frozenset[str]
    ends: Callable[[Desk, Sequence[DomainEvent]], Iterable[str]]


def collect_audiences(plugins: Plugins) -> tuple[Audience, ...]:
    """Ask the plugins; raises :class:`ConfigurationError` for two audiences of one name."""
    found: dict[str, Audience] = {}
    for plugin, implementation in plugins.implementations("support_audiences"):
        for audience in implementation():
            if found.setdefault(audience.name, audience) is not audience:
                raise ConfigurationError(
                    f"The plugin {plugin} declares the audience {audience.name}, which is "
                    "another's already; take one of them out of support.plugins."
                )
    return tuple(found.values())
