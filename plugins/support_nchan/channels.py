"""The names of nchan's channels, which nobody outside can address.

An event stands in the channel of the permission that shows it and, for streams with filters, in
those of its type, its noun and its mailbox as well. A stream of one permission is thus one channel,
whose order is the log's.

A subscription's channels stand in places of their own: what a caller may not see is there as an
empty channel, so that the position that nchan hands out keeps its meaning when permissions change.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from support_core.plugin_api import DomainEvent, Seat, Selection, Signal, Subscription

#: nchan subscribes a request to so many channels at most.
MOST = 255

#: Begins the names that take the place of channels that a caller may not see: nothing is ever
#: published there. They differ, because nchan takes each channel once.
NOTHING = "none"

#: Shows everything that an agent's stream may carry beside events.
SIGNALS = "view_conversations"


def of(said: DomainEvent | Signal, permission: str) -> list[str]:
    """Return where an event or a signal is published."""
    noun = said.type.partition(".")[0]
    kinds = ("", f"/{quote(said.type, safe='')}", f"/{quote(noun, safe='')}.*")
    places = [""] if said.mailbox_id is None else ["", f"/m{said.mailbox_id}"]
    return [f"{said.workspace_id}{place}/{permission}{kind}" for place in places for kind in kinds]


def chosen(
    subscription: Subscription, selection: Selection | None, known: Iterable[str]
) -> list[str]:
    """Return the channels of what a stream shows; ``known`` are the permissions that events ask."""
    mailboxes = sorted(selection.mailboxes) if selection and selection.mailboxes else None
    places = [""] if mailboxes is None else [f"/m{each}" for each in mailboxes]
    types = sorted(selection.types) if selection else []
    kinds = [f"/{quote(each, safe='.*')}" for each in types] or [""]
    held = subscription.permissions or frozenset()
    named = [
        (permission, f"{place}/{permission}{kind}")
        for permission in sorted(known)
        for place in places
        for kind in kinds
    ]
    return [
        f"{subscription.workspace_id if permission in held else NOTHING}{name}"
        for permission, name in named
    ]


def leashes(subscription: Subscription, *, minute: int, recheck: int) -> list[str]:
    """Return channels that carry nothing: deleting one ends the streams that hang on it."""
    workspace_id, holder = subscription.workspace_id, subscription.holder
    login = f"{NOTHING}/login"
    if holder is not None and holder.token_id is not None:
        login = token(workspace_id, holder.token_id)
    elif holder is not None:
        login = logins(workspace_id)
    user_id = holder.user_id if holder is not None else 0
    return [everybody(workspace_id), user(workspace_id, user_id), login, turn(minute, recheck)]


def seats(subscription: Subscription, seat: Seat, *, minute: int, recheck: int) -> list[str]:
    """Return the channels of a stream of an audience: what its name is shown, and its leashes."""
    names = (seat.name, *seat.leashes)
    shown = [of_audience(subscription.workspace_id, seat.audience, name) for name in names]
    return [*shown, turn(minute, recheck)]


def of_audience(workspace_id: int, audience: str, name: str) -> str:
    """Return where an audience's name is shown what is for it; deleting it ends its streams."""
    return f"{workspace_id}/audience/{audience}/{quote(name, safe=':')}"


def everybody(workspace_id: int) -> str:
    """Return the leash of all streams of a workspace."""
    return f"{workspace_id}/leash"


def user(workspace_id: int, user_id: int) -> str:
    """Return the leash of a member's streams."""
    return f"{workspace_id}/leash/user/{user_id}"


def token(workspace_id: int, token_id: int) -> str:
    """Return the leash of a token's streams."""
    return f"{workspace_id}/leash/token/{token_id}"


def logins(workspace_id: int) -> str:
    """Return the leash of the streams that hang on a login, or on the host's."""
    return f"{workspace_id}/leash/logins"


def turn(minute: int, recheck: int) -> str:
    """Return the leash of the streams that were opened in this minute, of so many in turn."""
    return f"leash/{minute % (recheck + 1)}"


def greeting(name: str = NOTHING) -> str:
    """Return the channel of an opening message."""
    return f"hello/{name}"


def joined(channels: Sequence[str]) -> str:
    """Return channels as nginx takes them."""
    return ",".join(channels)
