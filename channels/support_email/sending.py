"""Carrying a reply to its SMTP server, at most once without somebody's say.

Before the text of a mail is handed over, that is noted and committed; so is the server's answer.
What is found noted without an answer may have gone out or not: it fails with just these words, and
leaves again only when an agent says so.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from support_core.plugin_api import Permanent, Retry, Sent

from .mime import wire_address
from .models import EmailSending
from .outgoing import draft, remember
from .people import add_people
from .problems import MailServerError
from .sessions import Sessions
from .settings import GIVE_UP_DAYS
from .smtp import Uncertain

if TYPE_CHECKING:
    from collections.abc import Sequence

    from support_core.plugin_api import Desk, OpenDesk, OutboundMessage

    from .outgoing import Draft
    from .smtp import Handed

#: Seconds before each further attempt; the last one again and again.
PAUSES = (60, 300, 900, 1800, 3600, 7200, 14400)

DAY = 86400

UNCERTAIN = (
    "Nobody knows whether this mail was sent: the connection ended after the mail server had been "
    "given it and before it answered. Ask the recipient, or send it again."
)

OVERTAKEN = "Another attempt at this mail is under way."

NO_SERVER = "The mailbox has no outgoing mail server (smtp_host)."


class _Overtaken(Exception):
    """While this attempt was silent for long, another one has begun and come further."""


def carry(message: OutboundMessage, open_desk: OpenDesk) -> Sent:
    """Send one reply to those of its recipients who do not have it yet.

    Raises ``Retry`` with the days of patience that are configured, and ``Permanent``.
    """
    with open_desk() as desk:
        days: int = desk.settings[GIVE_UP_DAYS]
        row = _row(desk, message.delivery_id)
        if row.state == "taken":  # the process ended before the core heard of it
            return Sent(external_id=row.answer)
        if row.state == "data" and message.attempt > 1:
            raise Permanent(UNCERTAIN)
        row.state = "ready"
        ready = draft(desk, message)
        sessions = Sessions(desk, open_desk)
    if ready is None:
        raise _later(message, NO_SERVER, days)
    wanted = [
        it["address"] for it in message.recipients if it.get("state") not in {"taken", "failed"}
    ]
    if not wanted:
        raise Permanent("The mail has no recipient.")
    try:
        handed = _hand_over(ready, wanted, sessions, open_desk)
    except MailServerError as error:
        raise _later(message, error.message, days) from None
    except Uncertain:
        raise Permanent(UNCERTAIN) from None
    except _Overtaken:
        raise Retry(PAUSES[0], OVERTAKEN) from None
    return _concluded(open_desk, ready, handed, days)


def _hand_over(
    ready: Draft, wanted: Sequence[str], sessions: Sessions, open_desk: OpenDesk
) -> Handed:
    by_wire = {wire_address(it): it for it in wanted}
    noted = False

    def before_text(taken: list[str]) -> None:
        nonlocal noted
        with open_desk() as desk:
            row = _row(desk, ready.message.delivery_id)
            if row.state != "ready":
                raise _Overtaken
            row.state, row.recipients = "data", taken
            remember(desk, ready)
            add_people(desk, ready.message.conversation.id, [by_wire[it] for it in taken])
        noted = True

    try:
        handed = sessions.hand_over(
            ready.account,
            wire_address(ready.account.address),
            list(by_wire),
            ready.written(),
            before_text=before_text,
        )
    except MailServerError:
        if noted:  # the text has not come to its end: the server has no mail
            _note(open_desk, ready.message, "ready")
        raise
    handed.taken = [by_wire[it] for it in handed.taken]
    handed.refused = {by_wire[it]: refusal for it, refusal in handed.refused.items()}
    return handed


def _concluded(open_desk: OpenDesk, ready: Draft, handed: Handed, days: int) -> Sent:
    message, whole = ready.message, handed.whole
    taken = handed.taken if whole is None else []
    waiting = [it for it, refusal in handed.refused.items() if not refusal.permanent]
    with open_desk() as desk:
        row = _row(desk, message.delivery_id)
        row.state = "taken" if taken and not waiting else "ready"
        row.answer = ready.message_id if taken else None
        for address in taken:
            _mark(desk, message, address, "taken", None)
        for address, refusal in handed.refused.items():
            if refusal.permanent:
                _mark(desk, message, address, "failed", str(refusal))
            else:
                _mark(desk, message, address, "waiting", str(refusal))
    if whole is not None:
        if whole.permanent:
            raise Permanent(f"The mail server refused the mail: {whole}")
        raise _later(message, f"The mail server refused the mail for now: {whole}", days)
    if waiting:
        reason = handed.refused[waiting[0]]
        raise _later(message, f"{waiting[0]} was refused for now: {reason}", days)
    if not taken and not any(it.get("state") == "taken" for it in message.recipients):
        address, refusal = next(iter(handed.refused.items()))
        raise Permanent(f"{address} was refused: {refusal}")
    return Sent(external_id=ready.message_id)


def _mark(
    desk: Desk, message: OutboundMessage, address: str, state: str, error: str | None
) -> None:
    desk.deliveries.report_recipient(
        "email", address, state, message_id=message.message_id, error=error
    )


def _row(desk: Desk, delivery_id: int) -> EmailSending:
    row = desk.session.get(EmailSending, (desk.workspace_id, delivery_id), with_for_update=True)
    if row is None:
        row = EmailSending(delivery_id=delivery_id, state="ready")
        desk.session.add(row)
        desk.session.flush()
    return row


def _note(open_desk: OpenDesk, message: OutboundMessage, state: str) -> None:
    with open_desk() as desk:
        _row(desk, message.delivery_id).state = state


def _later(message: OutboundMessage, reason: str, days: int) -> Retry | Permanent:
    """Return another attempt, or the end where the days are used up."""
    past = sum(PAUSES[min(it, len(PAUSES) - 1)] for it in range(message.attempt - 1))
    if past > days * DAY:
        return Permanent(f"Given up after {days} days: {reason}")
    return Retry(PAUSES[min(message.attempt - 1, len(PAUSES) - 1)], reason)
