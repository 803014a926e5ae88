"""The mail that a mail passes on: attached, or quoted below a header block."""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import addresses
from .bodies import content_of
from .bounces import own_parts
from .ids import message_id
from .mail import Forwarded
from .reply.blocks import header_block_at, is_forward, is_original
from .reply.intros import intro_ending_at
from .reply.lines import lines_of
from .reply.quotes import with_rules_above
from .reply.visible import html_lines
from .subjects import is_forward_subject

if TYPE_CHECKING:
    from .mail import Mail, Part
    from .reply.lines import Line

_MOST_LINES = 2000


def forwarded(mail: Mail) -> Forwarded | None:
    """Return the mail that this one passes on, None when it passes on none.

    An attached mail counts when it is the only one, and a quoted one when the subject or the line
    above it says that it is forwarded: Outlook's header block is the same above a reply.
    """
    quoted = _quoted(mail)
    return quoted if quoted is not None else _attached(mail)


def _attached(mail: Mail) -> Forwarded | None:
    enclosed = [part.children[0] for part in own_parts(mail.root) if part.children]
    if len(enclosed) != 1 or mail.root.content_type == "multipart/report":
        return None
    return _of_part(enclosed[0], note=mail.text)


def _of_part(part: Part, *, note: str) -> Forwarded:
    senders = addresses.parse(part.headers.get("From"))
    content = content_of(part)
    note = "" if note.strip() == content.text.strip() else note  # it had no words of its own
    return Forwarded(
        sender=senders[0] if senders else None,
        subject=part.headers.get("Subject"),
        text=content.text or "\n".join(line.text for line in html_lines(content.html)),
        note=note.strip(),
        message_id=message_id(part.headers.get("Message-ID")),
    )


def _quoted(mail: Mail) -> Forwarded | None:
    lines = (lines_of(mail.text) if mail.text.strip() else html_lines(mail.html))[:_MOST_LINES]
    is_told = is_forward_subject(mail.subject, mail.text or mail.html)
    for index, line in enumerate(lines):
        if line.is_blank or (line.quoted and not is_told):
            continue
        if is_forward(line):
            return _below(lines, index, index + 1)
        if is_told and is_original(line):
            return _below(lines, index, index + 1)
        if is_told and header_block_at(lines, index) is not None:
            return _below(lines, with_rules_above(lines, index), index)
    return None


def _below(lines: list[Line], marker: int, start: int) -> Forwarded | None:
    while start < len(lines) and lines[start].is_blank:
        start += 1
    if start == len(lines):
        return None
    note = "\n".join(line.text for line in lines[:marker]).strip()
    block = header_block_at(lines, start)
    if block is None:
        return _introduced(lines, start, note)
    # Outlook of old: From: Ann [mailto:ann@example.org]
    sender = block.values.get("from", "").replace("[mailto:", "<").replace("]", ">")
    senders = addresses.parse(sender)
    return Forwarded(
        sender=senders[0] if senders else None,
        subject=block.values.get("subject", ""),
        text="\n".join(line.text for line in lines[block.end :]).strip("\n"),
        note=note,
    )


def _introduced(lines: list[Line], start: int, note: str) -> Forwarded | None:
    """Return a mail of which one line tells the sender: Yandex has no header block."""
    if intro_ending_at(lines, start) != start:
        return None
    who = lines[start].plain.rstrip(":： ").rpartition(", ")[2]
    senders = addresses.parse(who)
    text = "\n".join(line.text for line in lines[start + 1 :]).strip("\n")
    return Forwarded(senders[0] if senders else None, subject="", text=text, note=note)
