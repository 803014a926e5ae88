"""Elements by which clients mark what they quote in HTML, whatever language they speak."""

from __future__ import annotations

import enum
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from selectolax.lexbor import LexborNode


class Mark(enum.Enum):
    """What an element says of the text it holds, or that follows."""

    QUOTED = "quoted"  # all of it is quoted
    INTRO = "intro"  # its first line introduces a quotation
    CUT = "cut"  # the quoted mail starts here and reaches to the end
    RULE = "rule"  # the same, if its first line is a label with a value
    SIGNATURE = "signature"  # the client put the sender's signature there


_CLASSES = {
    # Gmail, and those who write as Gmail does (K-9, Mailspring, Superhuman).
    "gmail_attr": Mark.INTRO,
    "gmail_quote": Mark.INTRO,
    "gmail_quote_container": Mark.INTRO,
    "moz-cite-prefix": Mark.INTRO,  # Thunderbird
    "moz-email-headers-table": Mark.CUT,
    "protonmail_quote": Mark.QUOTED,
    "tutanota_quote": Mark.QUOTED,
    "zmail_extra": Mark.QUOTED,  # Zoho Mail
    "yahoo_quoted": Mark.QUOTED,
    "yahoo-quoted-begin": Mark.CUT,
    "outlookmessageheader": Mark.CUT,
    "ms-outlook-mobile-reference-message": Mark.CUT,
    "hs_reply": Mark.QUOTED,  # HubSpot
    "freshdesk_quote": Mark.QUOTED,
    "front-blockquote": Mark.QUOTED,
    "mail-quote-collapse": Mark.QUOTED,  # Mail.ru, Yandex
    "qt": Mark.QUOTED,  # Fastmail
    "hey_quote": Mark.QUOTED,
    "skiff_quote": Mark.QUOTED,
    "quotedreply": Mark.QUOTED,
    "ntes_not_fresh_mail_quote": Mark.QUOTED,  # NetEase
    "ntes-mailmaster-quote": Mark.QUOTED,
    "gmail_signature": Mark.SIGNATURE,
    "gmail_signature_prefix": Mark.SIGNATURE,
    "moz-signature": Mark.SIGNATURE,
    "protonmail_signature_block": Mark.SIGNATURE,
    "front-signature": Mark.SIGNATURE,
    "ms-outlook-ios-signature": Mark.SIGNATURE,
    "ms-outlook-mobile-signature": Mark.SIGNATURE,
}
_IDS = {
    "appendonsend": Mark.CUT,  # Outlook on the web, for Mac, for phones
    "divrplyfwdmsg": Mark.CUT,
    "stopspelling": Mark.CUT,  # Hotmail
    "olk_src_body_section": Mark.CUT,  # Outlook 2011 for Mac
    "mail-editor-reference-message-container": Mark.CUT,  # Outlook for Android and iOS
    "ms-outlook-mobile-body-separator-line": Mark.CUT,
    "zwchr": Mark.CUT,  # Zimbra
    "isreplycontent": Mark.CUT,  # NetEase 163 and 126
    "spnreplycontent": Mark.CUT,
    "replysplit": Mark.CUT,
    "reply-intro": Mark.INTRO,  # Roundcube
    "isforwardcontent": Mark.CUT,
    "composer_signature_quote": Mark.QUOTED,
    "quoteheader": Mark.INTRO,
    "signature": Mark.SIGNATURE,  # Outlook on the web
    "ms-outlook-mobile-signature": Mark.SIGNATURE,
    "ymail_android_signature": Mark.SIGNATURE,
    "composer_signature": Mark.SIGNATURE,  # Samsung
    "applemailsignature": Mark.SIGNATURE,
    "applelinesignature": Mark.SIGNATURE,
    "ntes-pcmail-signature": Mark.SIGNATURE,
}
_NAMES = {
    "quote": Mark.QUOTED,  # GMX, Web.de
    "messagereplysection": Mark.QUOTED,  # Spark
    "quoted-content": Mark.QUOTED,
    "x_quote": Mark.QUOTED,
    "messagesignaturesection": Mark.SIGNATURE,  # Spark
}
_MARKERS = {"__quoted_text__": Mark.CUT}  # data-marker, Zimbra
# The line that Outlook and Windows Mail draw above a quoted header block; other clients write the
# same style in other words.
_GREY = (
    r"(?:#(?:b5c4df|e1e1e1|e5e5e5)"
    r"|rgb\( ?(?:181, ?196, ?223|225, ?225, ?225|229, ?229, ?229)\))"
)
_OUTLOOK_LINE = re.compile(
    rf"border-top: ?(?:[\w.]{{1,8}} ){{0,2}}{_GREY}|border-(?:top-)?color: ?{_GREY}"
)
_SPACE = re.compile(r"\s+")
_NUMBERED = re.compile(r"_\d+$")
# Yahoo and Outlook put strings of their own before names of classes and ids.
_PREFIXED = re.compile(r"^(?:x_|ydp[0-9a-f]{6,9}|yiv\d{6,12}|m_-?\d{6,20})")
_LONGEST = 500


def mark_of(node: LexborNode) -> Mark | None:
    """Return what an element marks, None when nothing."""
    if node.tag == "blockquote":
        return Mark.QUOTED
    attributes = node.attributes
    return _mark_of(attributes, node.tag or "") if attributes else None


def _mark_of(attributes: dict[str, str | None], tag: str) -> Mark | None:
    def value(name: str) -> str:
        return (attributes.get(name) or "")[:_LONGEST].lower()

    classes = (_CLASSES.get(_bare(name)) for name in value("class").split())
    identifier = _bare(value("id"))
    found = (
        next(filter(None, classes), None)
        or _IDS.get(identifier)
        or _CLASSES.get(_NUMBERED.sub("", identifier))
        or _NAMES.get(value("name"))
        or _MARKERS.get(value("data-marker"))
    )
    if found is None and tag in {"div", "td"}:
        is_line = _OUTLOOK_LINE.search(_SPACE.sub(" ", value("style"))) is not None
        return Mark.RULE if is_line else None
    return found


def _bare(name: str) -> str:
    while (shorter := _PREFIXED.sub("", name)) != name:
        name = shorter
    return name
