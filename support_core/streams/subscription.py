"""What a stream carries, and to whom."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from datetime import datetime

    from ..bus import Signal
    from ..desk import Desk
    from ..events import DomainEvent
    from ..identity import Identity
    from .audience import Seat

    #: Makes frames out of events, in a thread with a desk for reading.
    Render = Callable[[Desk, Sequence[DomainEvent]], Iterable[bytes]]
    Wants = Callable[[DomainEvent], bool]
    Hears = Callable[[Signal], bytes | None]
    Lasts = Callable[[Desk], bool]


@dataclass(frozen=True, slots=True)
class Holder:
    """Whose stream it is, as far as asking again whether they may needs it."""

    user_id: int
    via: str
    token_id: int | None = None
    session_id: int | None = None


@dataclass(frozen=True, slots=True)
class Subscription:
    """One caller's stream of one workspace's events, as a view authorised it.

    ``after`` is the id of the last event that the client has, ``head`` the newest one of the log
    when the view looked; where ``after`` cannot be gone on from, ``reset`` says so to the client.

    With ``topics`` it carries only what is about one of them: ``conversation:7``, ``mailbox:3``, or
    ``noun:id`` for a ``noun_id`` of an event's payload; so that an event costs nothing for all the
    streams that it is not about. ``also`` names more of them at an event that is about one, such
    as the conversation that it began. ``wants`` chooses further. Both run on the event loop: they
    look at the event and their own memory, nothing else.

    ``permissions`` show events by their type; None leaves it to the others. ``render`` makes the
    frames of chosen events, on a thread, with a desk that reads; without it they are those of
    ``GET /events``. ``hears`` makes the frame of a signal, or None, on the event loop.

    Of one ``key`` at most ``limit`` streams are open in a process. From time to time, and when
    access changed, the stream ends unless its ``holder`` still has the ``permission``, ``lasts``
    says True with a desk that reads, and the plan includes the ``feature``. ``expires_at`` ends it
    at that moment. With a ``seat`` it shows what its audience is shown, whoever holds it.
    """

    workspace_id: int
    after: int
    head: int
    key: str
    limit: int
    reset: bool = False
    topics: frozenset[str] = frozenset()
    also: Callable[[DomainEvent], Iterable[str]] | None = None
    wants: Wants | None = None
    permissions: frozenset[str] | None = None
    render: Render | None = None
    hears: Hears | None = None
    holder: Holder | None = None
    lasts: Lasts | None = None
    permission: str | None = None
    feature: str | None = None
    expires_at: datetime | None = None
    seat: Seat | None = None


class Selection:
    """The filters of an agent's stream: types, as names or ``noun.*``, and mailboxes."""

    __slots__ = ("_mailboxes", "_names", "_nouns")

    def __init__(
        self, types: Sequence[str] | None = None, mailboxes: Sequence[int] | None = None
    ) -> None:
        self._names = frozenset(it for it in types or () if not it.endswith(".*"))
        self._nouns = tuple(it[:-1] for it in types or () if it.endswith(".*"))
        self._mailboxes = frozenset(mailboxes) if mailboxes is not None else None

    @property
    def types(self) -> frozenset[str]:
        """Names and ``noun.*``; with none, every type passes."""
        return self._names | {f"{noun}*" for noun in self._nouns}

    @property
    def mailboxes(self) -> frozenset[int] | None:
        """Ids of mailboxes; None where those do not matter, nor whether there is one."""
        return self._mailboxes

    def __call__(self, event: DomainEvent | Signal) -> bool:
        """Tell whether an event or a signal passes."""
        if self._mailboxes is not None and event.mailbox_id not in self._mailboxes:
            return False
        if not self._names and not self._nouns:
            return True
        return event.type in self._names or event.type.startswith(self._nouns or ("\0",))


_SETS: dict[frozenset[str], frozenset[str]] = {}


def shared(permissions: frozenset[str]) -> frozenset[str]:
    """Return the one object of this set of permissions; thousands of streams have the same."""
    if len(_SETS) > 1000:
        _SETS.clear()
    return _SETS.setdefault(permissions, permissions)


def holder_of(caller: Identity) -> Holder:
    """Return the caller as a stream remembers them."""
    return Holder(caller.user_id, caller.via, caller.token_id, caller.session_id)


def selection_of(filters: Mapping[str, Any]) -> Selection | None:
    """Return the filters of a query, None where there are none."""
    types, mailboxes = filters.get("type"), filters.get("mailbox_id")
    return Selection(types, mailboxes) if types or mailboxes else None
