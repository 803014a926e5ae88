"""HTML that others wrote: made safe to show, or turned into plain text."""

from __future__ import annotations

import re
import secrets
from html import escape

import nh3
from selectolax.lexbor import LexborHTMLParser

from support_core.html_cost import affordable, elements, without_tags
from support_core.html_text import UNSEEN, text_of

_TAGS = elements(
    """
    a abbr acronym address b bdi bdo big blockquote br caption center cite code col colgroup dd
    del details dfn div dl dt em figcaption figure font h1 h2 h3 h4 h5 h6 hr i img ins kbd li
    mark ol p pre q rp rt ruby s samp small span strike strong sub summary sup table tbody td
    tfoot th thead time tr tt u ul var wbr
    """
)
# No id and name, which shadow variables of a page's scripts, and no class, which takes its styles.
_CELL = {"abbr", "align", "bgcolor", "colspan", "height", "rowspan", "valign", "width"}
_ATTRIBUTES = {
    "*": {"align", "dir", "lang", "style", "title"},
    "a": {"href"},
    "col": {"span", "width"},
    "colgroup": {"span", "width"},
    "font": {"color", "face", "size"},
    "img": {"alt", "height", "src", "width"},
    "li": {"value"},
    "ol": {"reversed", "start", "type"},
    "table": {"bgcolor", "border", "cellpadding", "cellspacing", "height", "width"},
    "td": _CELL,
    "th": _CELL | {"scope"},
    "time": {"datetime"},
    "tr": {"bgcolor", "valign"},
}
_STYLES = re.compile(
    r"color|background-color|direction|display|font(-family|-size|-style|-variant|-weight)?"
    r"|(line-|max-|min-)?height|(max-|min-)?width|letter-spacing|list-style-type"
    r"|text-(align|decoration|indent|transform)|vertical-align|white-space|word-(break|spacing)"
    r"|overflow-wrap|(margin|padding)(-top|-right|-bottom|-left)?"
    r"|border(-top|-right|-bottom|-left)?(-color|-style|-width)?|border-(collapse|radius|spacing)"
)
# No backslash, colon, comment or brace; functions only for colours; no negative lengths, which
# would draw over what stands outside.
_STYLE_VALUE = re.compile(r"[\w\s#%.,+'\"()-]+", re.ASCII)
_STYLE_FUNCTION = re.compile(r"(?<![\w-])(?!(?:rgb|hsl)a?\()[\w-]*\(", re.ASCII | re.IGNORECASE)
_NEGATIVE = re.compile(r"(?<![\w-])-\.?[0-9]")

_LINK = re.compile(r"(?:https?|mailto|tel):", re.IGNORECASE)
_INLINE_IMAGE = re.compile(r"cid:|data:image/(?:png|jpeg|jpg|gif|webp)[;,]", re.IGNORECASE)
_REMOTE_IMAGE = re.compile(r"https?:", re.IGNORECASE)
# nh3 can change an attribute's value, not its name: held-back images leave it with this mark,
# which no sender can know, and which is then replaced together with the name.
_MARK = f"blocked-{secrets.token_hex(16)}:"


def sanitise(html: str, *, remote_images: bool = False) -> str:
    """Return a fragment that is safe to put into a page, whatever `html` is.

    Links open elsewhere and tell nothing (`rel="noopener noreferrer nofollow"`). Images of the
    message itself (`cid:`, `data:`) stay; those of the web carry their address in
    `data-blocked-src` unless `remote_images`, for they tell the sender who reads when. HTML
    that would be ruinous to parse comes back as its text.
    """
    prepared = affordable(_encodable(html))
    if prepared is None:
        return f"<p>{'<br>'.join(map(escape, _lines(html)))}</p>"
    if remote_images:
        return _WITH_REMOTE_IMAGES.clean(prepared)
    return _CLEANER.clean(prepared).replace(f'src="{_MARK}', 'data-blocked-src="')


def to_text(html: str) -> str:
    """Return what `html` says as plain text, in linear time.

    Blocks stand on lines of their own, lists have bullets or numbers, quotations `> `, links
    their address behind them, images their description.
    """
    prepared = affordable(_encodable(html))
    if prepared is None:
        return "\n".join(_lines(html))
    return text_of(LexborHTMLParser(prepared))


def _encodable(html: str) -> str:
    """Replace lone surrogates, which mail in a broken charset leaves behind."""
    return html.encode("utf-8", "replace").decode()


def _lines(html: str) -> list[str]:
    lines = (" ".join(line.split()) for line in without_tags(_encodable(html)).splitlines())
    return [line for line in lines if line]


def _without_remote_images(tag: str, attribute: str, value: str) -> str | None:
    kept = _filtered(tag, attribute, value)
    if kept is not None and tag == "img" and attribute == "src" and _REMOTE_IMAGE.match(kept):
        return _MARK + kept
    return kept


def _filtered(tag: str, attribute: str, value: str) -> str | None:
    """Return the value an attribute may have; None drops the attribute, as does an error."""
    if attribute == "style":
        return _safe_style(value) or None
    if (tag, attribute) == ("a", "href"):
        url = _url(value)
        return url if _LINK.match(url) else None
    if (tag, attribute) == ("img", "src"):
        url = _url(value)
        return url if _INLINE_IMAGE.match(url) or _REMOTE_IMAGE.match(url) else None
    return value


def _url(value: str) -> str:
    """Return a URL as browsers read it (https://url.spec.whatwg.org/#url-parsing)."""
    return re.sub(r"[\t\n\r]", "", value).strip("".join(map(chr, range(33))))


def _safe_style(style: str) -> str:
    kept = []
    for declaration in style.split(";"):
        name, _, value = declaration.partition(":")
        name, value = name.strip().lower(), value.strip()
        if (
            _STYLES.fullmatch(name)
            and _STYLE_VALUE.fullmatch(value)
            and not _STYLE_FUNCTION.search(value)
            and not _NEGATIVE.search(value)
        ):
            kept.append(f"{name}:{value}")
    return ";".join(kept)


def _cleaner(*, remote_images: bool) -> nh3.Cleaner:
    return nh3.Cleaner(
        tags=_TAGS,
        clean_content_tags=UNSEEN,
        attributes=_ATTRIBUTES,
        attribute_filter=_filtered if remote_images else _without_remote_images,
        link_rel="noopener noreferrer nofollow",
        set_tag_attribute_values={"a": {"target": "_blank"}},
        url_schemes={"http", "https", "mailto", "tel", "cid", "data"},
        url_relative="deny",
    )


_CLEANER = _cleaner(remote_images=False)
_WITH_REMOTE_IMAGES = _cleaner(remote_images=True)
