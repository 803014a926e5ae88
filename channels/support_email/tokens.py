"""Reply tokens: signed names of conversations, in addresses and in Message-IDs.

Whoever has a mail of ours has its token; it tells the conversation, not who sends it. A token that
names a member besides goes to that member alone, and proves that an answer is theirs.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from dataclasses import dataclass
from functools import lru_cache

#: 80 bits; a guess is tried once per mail.
MAC_CHARACTERS = 16

#: RFC 5321 §4.5.3.1.1.
LONGEST_LOCAL_PART = 64

_TOKEN = re.compile(rf"r([0-9a-t]{{1,13}})(?:u([0-9a-t]{{1,13}}))?-([a-z2-7]{{{MAC_CHARACTERS}}})")
_DIGITS = "0123456789abcdefghijklmnopqrst"  # base 30, so that the u stays a sign


@dataclass(frozen=True)
class ReplyToken:
    """What a good token says."""

    conversation_id: int
    user_id: int | None = None


@dataclass(frozen=True)
class Signer:
    """Makes and checks the tokens of one mailbox."""

    secret: str
    workspace_id: int
    address: str

    def token(self, conversation_id: int, user_id: int | None = None) -> str:
        """Return a token in letters, digits and a hyphen, whose case does not matter."""
        member = f"u{_written(user_id)}" if user_id is not None else ""
        return f"r{_written(conversation_id)}{member}-{self._mac(conversation_id, user_id)}"

    def read(self, text: str) -> ReplyToken | None:
        """Return what a token says; None for anything that we have not signed."""
        found = _TOKEN.fullmatch(text.lower())
        if found is None:
            return None
        try:
            conversation_id = int(found[1], 30)
            user_id = int(found[2], 30) if found[2] else None
        except ValueError:
            return None
        if not hmac.compare_digest(self._mac(conversation_id, user_id), found[3]):
            return None
        return ReplyToken(conversation_id, user_id)

    def reply_address(self, conversation_id: int, user_id: int | None = None) -> str:
        """Return the mailbox's address with the token as its detail (RFC 5233).

        Where that would be too long, it is the plain address.
        """
        local, _, domain = self.address.rpartition("@")
        detailed = f"{local}+{self.token(conversation_id, user_id)}"
        return f"{detailed}@{domain}" if len(detailed) <= LONGEST_LOCAL_PART else self.address

    def in_address(self, address: str) -> ReplyToken | None:
        """Return the token of an address of this mailbox."""
        local, _, domain = self.address.lower().rpartition("@")
        given, _, at = address.lower().rpartition("@")
        if at != domain or not given.startswith(f"{local}+"):
            return None
        return self.read(given[len(local) + 1 :])

    def message_id(self, unique: str, conversation_id: int) -> str:
        """Return a Message-ID (without angle brackets) that tells the conversation."""
        domain = self.address.rpartition("@")[2]
        return f"{unique}.{self.token(conversation_id)}@{domain}"

    def in_message_id(self, message_id: str) -> ReplyToken | None:
        """Return the token of a Message-ID of ours."""
        return self.read(message_id.rpartition("@")[0].rpartition(".")[2])

    def _mac(self, conversation_id: int, user_id: int | None) -> str:
        said = f"reply:{self.workspace_id}:{conversation_id}:{user_id or ''}"
        digest = hmac.new(self.secret.encode(), said.encode(), hashlib.sha256).digest()
        return base64.b32encode(digest).decode("ascii").lower()[:MAC_CHARACTERS]


@lru_cache(maxsize=4096)  # each id of a mail is asked for several times
def message_key(message_id: str) -> str:
    """Return what mails of one Message-ID have in common: a digest, which tells nothing."""
    bare = "".join(message_id.split()).strip("<>")
    return hashlib.sha256(bare.encode("utf-8", "surrogatepass")).hexdigest()


def _written(number: int) -> str:
    digits = ""
    while number or not digits:
        number, digit = divmod(number, len(_DIGITS))
        digits = _DIGITS[digit] + digits
    return digits
