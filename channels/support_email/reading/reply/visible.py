"""From a mail's bodies to what its sender wrote."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..mail import Visible
from ..subjects import is_forward_subject
from .lines import Role, lines_of
from .markup import Markup
from .quotes import mark_quotes
from .signatures import mark_signature

if TYPE_CHECKING:
    from ..mail import Mail
    from .lines import Line

_LONGEST = 1_000_000  # characters of a body that are looked at; the rest is quoted history


def visible_reply(mail: Mail) -> Visible:
    """Tell what the sender wrote from quotations and signatures.

    Both bodies are read; the plain one gives the text, unless only the HTML one knows what is
    quoted.
    """
    passes_on = is_forward_subject(mail.subject, mail.text or mail.html)
    if not mail.html:
        return visible_text(mail.text, passes_on=passes_on)
    from_html = visible_html(mail.html, passes_on=passes_on)
    if not mail.text.strip():
        return from_html
    from_text = visible_text(mail.text, passes_on=passes_on)
    source = from_html if from_html.quoted and not from_text.quoted else from_text
    return Visible(source.text, from_html.html, source.quoted, source.signature)


def shown_reply(mail: Mail) -> Visible:
    """Return what the sender wrote as it is shown: the HTML alone where there is some.

    Reading the plain body beside it, which says the same, would take as long again.
    """
    if mail.html:
        from_html = visible_html(mail.html, passes_on=is_forward_subject(mail.subject, mail.html))
        if from_html.html.strip():
            return from_html
    return visible_reply(mail)


def visible_text(text: str, *, passes_on: bool = False) -> Visible:
    """Read a plain body; `passes_on` says that what Outlook quotes in it is what was sent."""
    lines = lines_of(text[:_LONGEST].replace("\r\n", "\n").replace("\r", "\n"))
    _mark(lines, passes_on=passes_on)
    return Visible(
        text=_text(lines, Role.WRITTEN),
        quoted=_text(lines, Role.QUOTED),
        signature=_text(lines, Role.SIGNATURE),
    )


def visible_html(html: str, *, passes_on: bool = False) -> Visible:
    """Read an HTML body; `passes_on` says that what Outlook quotes in it is what was sent."""
    markup = Markup(html[:_LONGEST])
    _mark(markup.lines, passes_on=passes_on)
    texts = [_text(markup.lines, role) for role in (Role.WRITTEN, Role.QUOTED, Role.SIGNATURE)]
    return Visible(texts[0], markup.written(), *texts[1:])


def html_lines(html: str) -> list[Line]:
    """Return the lines that an HTML body shows."""
    return Markup(html[:_LONGEST]).lines


def _mark(lines: list[Line], *, passes_on: bool) -> None:
    for line in lines:
        if line.signed:
            line.role = Role.SIGNATURE
    mark_quotes(lines, passes_on=passes_on)
    mark_signature(lines)
    if not any(line.role is Role.WRITTEN and not line.is_blank for line in lines):
        # Some write into their signature; else nothing but a quotation is there to be shown.
        written = [line for line in lines if line.signed] or lines
        for line in written:
            line.role = Role.WRITTEN


def _text(lines: list[Line], role: Role) -> str:
    """Return the lines of a role; where others stood between them, one blank line is enough."""
    kept: list[str] = []
    is_joint = False
    for line in lines:
        if line.role is not role:
            is_joint = True
        elif line.text.strip() or not (is_joint and kept and not kept[-1]):
            kept.append(line.text.rstrip())
            is_joint = is_joint and not line.text.strip()
    return "\n".join(kept).strip("\n")
