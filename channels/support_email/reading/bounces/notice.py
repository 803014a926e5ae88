"""Bounces without a report, as qmail, Exim and old Exchange write them: words for people."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ..reply.visible import visible_html
from ..verdicts import Action, BouncedRecipient
from .phrases import DELAYED, ORIGINALS, SUBJECTS, TEXTS
from .report import own_parts, recipients_in
from .status import enhanced_status, is_permanent, status_in

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..mail import Mail

_MACHINES = re.compile(
    r"mailer[-_.]?daemon|post_?master|mail[-_.]?delivery|delivery[-_.]?(?:system|subsystem|status)"
    r"|mdaemon|mail[-_.]?system|mail-?daemon|microsoftexchange[0-9a-f]{32}",
    re.IGNORECASE,
)
# The whole of a name: people and firms have such words in theirs.
_MACHINE_NAMES = re.compile(
    r"\W*(?:the |internet |e?-?mail )?(?:mail delivery|mailer[- ]daemon|postmaster"
    r"|mail administrator|mail (?:sub)?system|delivery (?:sub)?system|system ?administrator"
    r"|administrateur système|systemadministratör|administrador del sistema"
    r"|amministratore di sistema|systeembeheerder)"
    r"(?: (?:system|subsystem|service|agent|daemon|notification|status))?\W*",
    re.IGNORECASE,
)
_BOUNCE_FIELDS = ("X-Failed-Recipients", "X-MS-Exchange-Message-Is-Ndr")
_NOBODY = re.compile(r"(?:no|do[-_.]?not)[-_.]?reply", re.IGNORECASE)
_EMAIL = re.compile(r"[A-Za-z0-9_.+=/!#$%&'*?^`{|}~-]{1,128}@[A-Za-z0-9.-]{1,255}[A-Za-z0-9]")
_HEADER_OF_ORIGINAL = re.compile(r"(?:received|return-path|x-originating-ip|message-id)\s?:", re.I)
_FOLLOWS = ("follows", "follow", "following", ":", "-", "message")
# The header of the original as some servers show it within their words.
_SHOWN_FIELD = re.compile(
    r"\s*(?:from|to|cc|reply-to|sender|mail from|original sender|return-path)\s?:", re.IGNORECASE
)
_MOST_RECIPIENTS = 50
_MOST_LINES = 300
_LONGEST = 50_000


def is_from_machine(mail: Mail) -> bool:
    """Whether a mail server itself is the sender: by its name, or for want of a return path."""
    sender = mail.sender
    return_path = mail.headers.get("Return-Path", "-").strip()
    local = sender.email.partition("@")[0] if sender else ""
    return (
        return_path == "<>"
        or _MACHINES.match(return_path.strip("<>")) is not None
        or _MACHINES.match(local or mail.headers.get("From")) is not None
        or (sender is not None and _MACHINE_NAMES.fullmatch(sender.name) is not None)
    )


def _returns_a_mail(mail: Mail) -> bool:
    """Whether it comes from an address that nobody reads, and brings a mail back."""
    local = mail.sender.email.partition("@")[0] if mail.sender else ""
    return _NOBODY.match(local) is not None and any(
        part.content_type in {"message/rfc822", "text/rfc822-headers"}
        for part in own_parts(mail.root)
    )


def is_notice(mail: Mail) -> bool:
    """Whether a mail without a report is a bounce.

    What only people may have written is none, whatever it says: they forward bounces.
    """
    if any(name in mail.headers for name in _BOUNCE_FIELDS):
        return True
    if not is_from_machine(mail) and not _returns_a_mail(mail):
        return False
    subject = mail.subject.lower()
    if any(phrase in subject for phrase in SUBJECTS):
        return True
    words = notice_text(mail)
    lowered = words.lower()
    has_address = _EMAIL.search(words) is not None
    if enhanced_status(words) and has_address:
        return True  # in whatever language it says so
    return any(phrase in lowered for phrase in TEXTS) and (bool(status_in(words)) or has_address)


def notice_text(mail: Mail) -> str:
    """Return the server's own words: the text before the original mail."""
    text = mail.text if mail.text.strip() else visible_html(mail.html).text
    kept = []
    for index, line in enumerate(text[:_LONGEST].splitlines()[:_MOST_LINES]):
        if (index and _HEADER_OF_ORIGINAL.match(line)) or _announces_original(line):
            break
        kept.append(line)
    return "\n".join(kept)


def _announces_original(line: str) -> bool:
    """Whether a line says that the original mail follows, not that it was received or lost."""
    bare = line.strip().lower()
    return (
        len(bare) < 120
        and (bare.startswith(("--", "==", "__")) or bare.rstrip(".").endswith(_FOLLOWS))
        and any(phrase in bare for phrase in ORIGINALS)
    )


def noticed_recipients(mail: Mail, others: tuple[str, ...]) -> tuple[BouncedRecipient, ...]:
    """Return the recipients that a notice names, each with what is said of it.

    `others` are the recipients of the mail that was sent, for notices that name none.
    """
    words = notice_text(mail)
    if told := [found for found in recipients_in(words) if "@" in found.address]:
        return tuple(told[:_MOST_RECIPIENTS])
    is_delayed = _is_delayed(mail.subject, words)
    failed = _EMAIL.findall(mail.headers.get("X-Failed-Recipients"))
    people = _not_recipients(mail)
    said = dict(_said_of_each(words, people))
    shown = (it for line in words.splitlines() for it in _EMAIL.findall(line.lower()))
    found = failed or [*said] or [*others] or [it for it in shown if it not in people]
    addresses = dict.fromkeys(it.lower() for it in found[:_MOST_RECIPIENTS])
    if len(addresses) == 1:
        return tuple(_recipient(it, words, is_delayed=is_delayed) for it in addresses)
    return tuple(_recipient(it, said.get(it) or words, is_delayed=is_delayed) for it in addresses)


def _recipient(address: str, words: str, *, is_delayed: bool) -> BouncedRecipient:
    diagnostic = " ".join(words.split())[:2000]
    status = status_in(words)
    return BouncedRecipient(
        address=address,
        action=Action.DELAYED if is_delayed else Action.FAILED,
        status=status,
        permanent=not is_delayed and is_permanent(status, diagnostic),
        diagnostic=diagnostic,
    )


def _said_of_each(words: str, others: set[str]) -> Iterator[tuple[str, str]]:
    """Yield each address that is no server's or sender's, with the text up to the next one."""
    address, said = "", list[str]()
    for line in words.splitlines():
        emails = [] if _SHOWN_FIELD.match(line) else _EMAIL.findall(line)
        found = [email for email in emails if email.lower() not in others]
        new = found[0].lower() if found else address
        if new != address:
            if address:
                yield address, "\n".join(said)
            address, said = new, []
        said.append(line)
    if address:
        yield address, "\n".join(said)


def _not_recipients(mail: Mail) -> set[str]:
    people = (*mail.to, *mail.cc, *((mail.sender,) if mail.sender else ()))
    return {address.email.lower() for address in people}


def _is_delayed(subject: str, words: str) -> bool:
    said = f"{subject}\n{words}".lower()
    return any(phrase in said for phrase in DELAYED)
