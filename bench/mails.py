"""Mails as customers send them: two in five answer an earlier one, one in five brings a file."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from email.utils import format_datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

BEGAN = datetime(2026, 11, 2, 8, tzinfo=UTC)

#: Of so many mails, the last ``ANSWERS`` answer those that begin the group.
GROUP, ANSWERS = 5, 2

FILE_BYTES = 24_000

WORDS = (
    *("order", "parcel", "invoice", "delivery", "address", "refund", "account", "password"),
    *("broken", "missing", "late", "payment", "receipt", "number", "size", "colour", "question"),
    *("please", "thanks", "could", "would", "since", "last", "week", "still", "waiting", "for"),
    *("the", "my", "your", "our", "with", "without", "another", "again", "before", "after"),
)


def mails(count: int, to: str) -> Iterator[bytes]:
    """Yield so many mails, the same ones every time, to one address."""
    dice = random.Random(2026)  # noqa: S311 - no secret
    subjects: dict[int, str] = {}
    for number in range(count):
        place = number % GROUP
        answered = number - (GROUP - ANSWERS) if place >= GROUP - ANSWERS else None
        subject = subjects.get(answered or 0, "") if answered is not None else _words(dice, 5)
        subjects[number] = subject
        yield _mail(dice, number, to=to, subject=subject, answered=answered)


def conversations(count: int) -> int:
    """Return how many conversations these mails are."""
    whole, rest = divmod(count, GROUP)
    return whole * (GROUP - ANSWERS) + min(rest, GROUP - ANSWERS)


def _mail(
    dice: random.Random, number: int, *, to: str, subject: str, answered: int | None
) -> bytes:
    customer = (answered if answered is not None else number) % 500
    sent = BEGAN + timedelta(minutes=number)
    mail = EmailMessage()
    mail["Return-Path"] = f"<customer{customer}@customer.example>"
    mail["Delivered-To"] = to
    mail["Received"] = f"from mail.customer.example by mx.desk.example; {format_datetime(sent)}"
    mail["From"] = f"Customer {customer} <customer{customer}@customer.example>"
    mail["To"] = to
    mail["Subject"] = f"Re: {subject}" if answered is not None else subject
    mail["Date"] = format_datetime(sent)
    mail["Message-ID"] = f"<{number}.bench@customer.example>"
    if answered is not None:
        mail["In-Reply-To"] = f"<{answered}.bench@customer.example>"
        mail["References"] = f"<{answered}.bench@customer.example>"
    paragraphs = [_words(dice, 40) for _ in range(3)]
    plain, html = "\n\n".join(paragraphs), "".join(f"<p>{it}</p>" for it in paragraphs)
    if answered is not None:
        line, quoted = f"On {BEGAN:%a, %d %b %Y} Support <{to}> wrote:", _words(dice, 60)
        plain += f"\n\n{line}\n> {quoted}"
        html += f'<div class="gmail_quote">{line}<blockquote>{quoted}</blockquote></div>'
    mail.set_content(f"{plain}\n\n-- \nCustomer {customer}\n")
    mail.add_alternative(f"<html><body>{html}</body></html>", subtype="html")
    if number % GROUP == 0:
        mail.add_attachment(
            dice.randbytes(FILE_BYTES), maintype="image", subtype="png", filename=f"{number}.png"
        )
    return mail.as_bytes()


def _words(dice: random.Random, count: int) -> str:
    return " ".join(dice.choice(WORDS) for _ in range(count)).capitalize()
