"""Delivery status notifications (RFC 3464): the part that a program is meant to read."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ..verdicts import Action, BouncedRecipient
from .status import enhanced_status, is_permanent

if TYPE_CHECKING:
    from ..mail import Mail, Part

_REPORTS = frozenset({"message/delivery-status", "message/global-delivery-status"})
_FIELD = re.compile(r"^[ \t>]{0,8}([A-Za-z][A-Za-z-]{1,40})[ \t]?:[ \t]*(.*)$")
_RECIPIENTS = ("final-recipient", "original-recipient", "x-actual-recipient")
_MOST_RECIPIENTS = 1000
_LONGEST = 262_144
_LONGEST_DIAGNOSTIC = 2000

Group = dict[str, str]


def reported_recipients(mail: Mail) -> tuple[BouncedRecipient, ...]:
    """Return what the mail's report says of each recipient, nothing when it has no report."""
    found: list[BouncedRecipient] = []
    for part in own_parts(mail.root):
        if part.content_type in _REPORTS:
            text = part.content[:_LONGEST].decode("utf-8", "replace")
            found += recipients_in(text)
    by_address = {recipient.address.lower(): recipient for recipient in reversed(found)}
    return tuple(reversed(by_address.values()))[:_MOST_RECIPIENTS]


def own_parts(root: Part) -> list[Part]:
    """Return the leaves of a mail, but none of the mails that it encloses."""
    waiting, leaves = [root], []
    while waiting:
        part = waiting.pop()
        if part.is_multipart:
            waiting.extend(reversed(part.children))
        else:
            leaves.append(part)
    return leaves


def envelope_id(mail: Mail) -> str:
    """Return the Original-Envelope-Id that the mail's report tells (RFC 3464 §2.2.1)."""
    for part in own_parts(mail.root):
        if part.content_type in _REPORTS:
            for group in groups_of(part.content[:_LONGEST].decode("utf-8", "replace")):
                if group.get("original-envelope-id"):
                    return group["original-envelope-id"]
    return ""


def recipients_in(text: str) -> list[BouncedRecipient]:
    """Read groups of fields, of which each with a recipient or a status tells of one."""
    return [
        _recipient(group)
        for group in groups_of(text)
        if any(name in group for name in _RECIPIENTS) or {"action", "status"} <= group.keys()
    ]


def groups_of(text: str) -> list[Group]:
    """Return the groups of fields, unfolded, their names in lower case."""
    groups: list[Group] = [{}]
    last = ""
    for line in text.splitlines():
        field = _FIELD.match(line)
        if not line.strip():
            groups.append({})
            last = ""
        elif line[0] in " \t" and last and not (field and field[1].lower() in _KNOWN):
            groups[-1][last] = f"{groups[-1][last]} {line.strip()}"[:_LONGEST_DIAGNOSTIC]
        elif field:
            last = field[1].lower()
            groups[-1].setdefault(last, field[2].strip()[:_LONGEST_DIAGNOSTIC])
    return [group for group in groups if group]


_KNOWN = frozenset({*_RECIPIENTS, "action", "status", "diagnostic-code", "remote-mta"})


def _recipient(group: Group) -> BouncedRecipient:
    diagnostic = _after_type(group.get("diagnostic-code", ""))
    status = _status(group, diagnostic)
    action = _action(group.get("action", ""), status)
    return BouncedRecipient(
        address=_address(group),
        action=action,
        status=status,
        permanent=action is Action.FAILED and is_permanent(status, diagnostic),
        diagnostic=diagnostic,
    )


def _status(group: Group, diagnostic: str) -> str:
    """Return the status, the more telling one where the server only says that it failed."""
    told = enhanced_status(group.get("status", ""))
    inner = enhanced_status(diagnostic)
    is_vague = not told or told.endswith(".0.0")
    return inner if is_vague and inner else told


def _address(group: Group) -> str:
    for name in _RECIPIENTS:
        value = _after_type(group.get(name, "")).strip("<> ")
        if "@" in value:
            return value.rpartition("<")[2].split(">")[0].strip()
    return _after_type(group.get("final-recipient", "")).strip("<> ")


def _after_type(value: str) -> str:
    kind, semicolon, rest = value.partition(";")
    return rest.strip() if semicolon and " " not in kind.strip() else value.strip()


def _action(value: str, status: str) -> Action:
    word = re.match(r"[a-z]+", value.strip().lower())
    if word and word[0] in set(Action):
        return Action(word[0])
    if word and word[0] in {"failure", "fail", "failed"}:
        return Action.FAILED
    return Action.DELIVERED if status.startswith("2") else Action.FAILED
