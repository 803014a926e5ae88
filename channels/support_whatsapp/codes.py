"""Meta's error codes: which pass by themselves, and after how long it is worth trying again.

Decided by code alone, since titles and HTTP statuses vary (Meta, "Error codes").
"""

from __future__ import annotations

#: Seconds to wait before the first further attempt, by the code of an error that passes.
TRANSIENT = {
    1: 30.0,  # unknown, or an outage of the API
    2: 30.0,  # the service is down for the moment
    4: 300.0,  # the app's calls are used up for now
    80007: 300.0,  # the business account's calls are used up for now
    130429: 30.0,  # too many messages a second
    131000: 30.0,  # something went wrong at WhatsApp
    131016: 60.0,  # a service is overloaded
    131048: 3600.0,  # held back because too many were blocked or reported
    131056: 60.0,  # too many messages to this one customer
    131057: 600.0,  # the number is in maintenance
    133016: 3600.0,  # registered too often
}

#: The access token, or what it may do.
TOKEN = frozenset({0, 3, 10, 190, *range(200, 300)})

#: Codes after which the number itself needs somebody's care.
ACCOUNT = TOKEN | {368, 131031, 131042, 131045, 133010}

LONGEST_PAUSE = 3600.0
SERVER_ERROR, TOO_MANY = 500, 429


def pause_of(code: int | None, status: int) -> float | None:
    """Return the seconds after which an error may be over; None for one that stays."""
    if code in TRANSIENT:
        return TRANSIENT[code]
    if code is None or code == status:
        return 30.0 if status >= SERVER_ERROR or status == TOO_MANY else None
    return None


def delay(pause: float, attempt: int) -> float:
    """Return the seconds before the attempt that follows ``attempt``, which counts from 1."""
    return min(LONGEST_PAUSE, pause * float(1 << min(attempt - 1, 12)))
