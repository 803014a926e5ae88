"""What kind of mail a mail is, and what a bounce tells."""

from __future__ import annotations

import enum
from dataclasses import dataclass


class Kind(enum.StrEnum):
    """Who or what wrote a mail."""

    HUMAN = "human"
    AUTO_REPLY = "auto_reply"  # an absence note, an acknowledgement
    BOUNCE = "bounce"  # a mail could not be delivered, or not yet
    DELIVERED = "delivered"  # a delivery status notification of success (RFC 3464)
    READ = "read"  # a disposition notification (RFC 8098)
    COMPLAINT = "complaint"  # a feedback report (RFC 5965)
    LIST = "list"  # a mailing list, a newsletter
    NOTIFICATION = "notification"  # a program wrote it, of its own accord


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a mail is, whether an automatic answer is allowed (RFC 3834 §2), and why not.

    `may_auto_respond` may be false of a mail that a person wrote; `reasons` are sentences.
    """

    kind: Kind
    may_auto_respond: bool
    reasons: tuple[str, ...] = ()

    @property
    def is_bounce(self) -> bool:
        """Whether it reports a delivery (RFC 3464): failed, delayed, or done."""
        return self.kind in {Kind.BOUNCE, Kind.DELIVERED}


class Action(enum.StrEnum):
    """What became of a mail for one recipient (RFC 3464 §2.3.3)."""

    FAILED = "failed"
    DELAYED = "delayed"
    DELIVERED = "delivered"
    RELAYED = "relayed"
    EXPANDED = "expanded"


@dataclass(frozen=True, slots=True)
class BouncedRecipient:
    """What became of a mail for one recipient.

    `status` is an enhanced status code (RFC 3463) such as "5.1.1", "" when none is told;
    `permanent` whether trying again would be useless.
    """

    address: str
    action: Action
    status: str
    permanent: bool
    diagnostic: str


@dataclass(frozen=True, slots=True)
class Bounce:
    """A report on a delivery, by recipient.

    `original_message_id` and `original_envelope_id` are those of the mail that was sent, "" when
    the report does not tell; `original_to` its To, which helps where no recipient is named.
    """

    recipients: tuple[BouncedRecipient, ...]
    original_message_id: str = ""
    original_envelope_id: str = ""
    original_to: tuple[str, ...] = ()

    @property
    def permanent(self) -> bool:
        """Whether any recipient failed for good."""
        return any(recipient.permanent for recipient in self.recipients)
