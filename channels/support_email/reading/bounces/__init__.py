"""Bounces: what became of a mail for each of its recipients."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..verdicts import Bounce
from .notice import is_from_machine, is_notice, noticed_recipients
from .original import original_of
from .report import envelope_id, own_parts, reported_recipients

if TYPE_CHECKING:
    from ..mail import Mail

__all__ = ["bounce_of", "is_from_machine", "own_parts", "report_type"]


def bounce_of(mail: Mail) -> Bounce | None:
    """Return what a delivery report tells, None when the mail is none.

    Reports of success (RFC 3464 §2.3.3 "delivered") are reports too; see each recipient's action.
    A bounce whose recipient nobody can tell has none.
    """
    recipients = reported_recipients(mail)
    if not recipients and (
        report_type(mail) not in {"delivery-status", ""} or not _may_be_notice(mail)
    ):
        return None
    original = original_of(mail)
    recipients = recipients or noticed_recipients(mail, original.to)
    return Bounce(recipients, original.message_id, envelope_id(mail), original.to)


def report_type(mail: Mail) -> str:
    """Return the report type of a `multipart/report` (RFC 6522), "" when it tells none."""
    if mail.root.content_type != "multipart/report":
        return ""
    told = mail.root.parameters.get("report-type", "").lower()
    parts = {part.content_type for part in own_parts(mail.root)}
    if "message/feedback-report" in parts:
        return "feedback-report"
    if "message/disposition-notification" in parts:
        return "disposition-notification"
    return told


def _may_be_notice(mail: Mail) -> bool:
    return report_type(mail) == "delivery-status" or is_notice(mail)
