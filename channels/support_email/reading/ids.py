"""Message ids (RFC 5322 §3.6.4), without their angle brackets."""

from __future__ import annotations

import re

MOST_IDS = 500
LONGEST_ID = 998

_ANGLED = re.compile(r"<([^<>]{1,1500})>")
_SPACE = re.compile(r"\s+")


def message_id(value: str) -> str:
    """Return the id of a Message-ID field, "" when there is none."""
    found = message_ids(value)
    return found[0] if found else ""


def message_ids(value: str) -> tuple[str, ...]:
    """Return every id of an In-Reply-To or References field, in order and as often as they stand.

    Text between the ids, as old clients write, is passed over; ids without brackets count when
    there are none with.
    """
    angled = [_SPACE.sub("", found) for found in _ANGLED.findall(value)]
    found = angled or [word.strip("<>,;") for word in value.split() if "@" in word]
    if not found and len(value.split()) == 1:
        found = [value.strip().strip("<>")]
    return tuple(entry[:LONGEST_ID] for entry in found if entry)[:MOST_IDS]
