"""The plain text of a parsed HTML document."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from support_core.html_cost import elements

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from selectolax.lexbor import LexborHTMLParser, LexborNode

# Elements that show nothing of what is between their tags, or nothing that mail should show.
UNSEEN = elements(
    """
    embed frameset head iframe math noembed noframes noscript object script select style svg
    template textarea title
    """
)
_BLOCKS = elements(
    """
    address article aside body caption center dd details dialog div dl dt fieldset figcaption
    figure footer form header html legend li main nav section summary tbody tfoot thead tr
    """
)
_PARAGRAPHS = elements("blockquote h1 h2 h3 h4 h5 h6 ol p pre table ul")
_LISTS = frozenset({"ol", "ul"})
_SPACE = re.compile(r"[ \t\n\f\r\xa0]+")
# Depth that is still shown; hostile nesting would otherwise make every line as long as it is deep.
_MOST_QUOTES = 10
_MOST_INDENTS = 10


def text_of(document: LexborHTMLParser) -> str:
    """Return the text of a document, without blank lines at its ends."""
    root = document.body or document.root
    if root is None:
        return ""
    writer = _Writer()
    for node, entering in walk(root, unseen=UNSEEN):
        if node.is_text_node:
            writer.text(node.text_content or "")
        elif entering:
            writer.enter(node)
        else:
            writer.leave(node)
    return writer.finish()


def walk(root: LexborNode, *, unseen: Collection[str]) -> Iterator[tuple[LexborNode, bool]]:
    """Yield each node on the way down, and each element again on the way up.

    What lies inside of ``unseen`` elements is passed over. No recursion: hostile nesting is deep.
    """
    depth = 0
    node = root
    while True:
        yield node, True
        child = None if node.tag in unseen or not node.is_element_node else node.first_child
        if child is not None:
            node, depth = child, depth + 1
            continue
        while True:
            if node.is_element_node:
                yield node, False
            if depth == 0:
                return
            following, parent = node.next, node.parent
            if following is not None:
                node = following
                break
            if parent is None:
                return
            node, depth = parent, depth - 1


class _Writer:
    """Builds lines from the events of a walk."""

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._line: list[str] = []
        self._blank = False  # whether an empty line is due before the next one
        self._gap = False  # whether a space is due before the next word
        self._quotes = 0
        self._preformatted = 0
        self._lists: list[int | None] = []  # the next number of each open list, None for bullets
        self._marker = ""
        self._links: list[tuple[str, list[str]]] = []

    def enter(self, node: LexborNode) -> None:
        tag = node.tag
        if tag == "br":
            self._break()
        elif tag == "hr":
            self._end_line()
            self._word("---")
            self._end_line()
        elif tag == "img":
            self.text(f"[{alt}]" if (alt := _attribute(node, "alt").strip()) else "")
        elif tag == "a":
            self._links.append((_url_of(node), []))
        elif tag in {"td", "th"}:
            self._gap = True
        self._boundary(tag)
        if tag == "blockquote":
            self._quotes += 1
        elif tag == "pre":
            self._preformatted += 1
        elif tag in _LISTS:
            self._lists.append(_start(node) if tag == "ol" else None)
        elif tag == "li":
            self._marker = self._next_marker()

    def leave(self, node: LexborNode) -> None:
        tag = node.tag
        if tag == "a":
            self._leave_link()
        elif tag in _LISTS:
            self._end_line()
            self._lists.pop()
        self._boundary(tag)
        if tag == "blockquote":
            self._quotes -= 1
        elif tag == "pre":
            self._preformatted -= 1
        elif tag == "li":
            self._marker = ""

    def text(self, text: str) -> None:
        if self._preformatted:
            first, *others = text.replace("\r\n", "\n").split("\n")
            self._word(first)
            for line in others:
                self._break()
                self._word(line)
            return
        words = _SPACE.sub(" ", text)
        self._gap = self._gap or words.startswith(" ")
        if stripped := words.strip(" "):
            self._word(stripped)
            self._gap = words.endswith(" ")

    def finish(self) -> str:
        self._end_line()
        return "\n".join(self._lines).strip("\n")

    def _word(self, text: str) -> None:
        if not text:
            return
        if self._gap and self._line:
            self._line.append(" ")
        self._gap = False
        self._line.append(text)
        if self._links:
            self._links[-1][1].append(text)

    def _boundary(self, tag: str | None) -> None:
        if tag in _BLOCKS:
            self._end_line()
        elif tag in _PARAGRAPHS:
            self._end_line()
            self._blank = self._blank or not self._lists  # lists have no gaps

    def _break(self) -> None:
        if self._line:
            self._end_line()
        else:
            self._blank = True

    def _end_line(self) -> None:
        if self._line:
            quotes = "> " * min(self._quotes, _MOST_QUOTES)
            if self._blank and self._lines:
                self._lines.append("")
            indent = "  " * min(max(len(self._lists) - 1, 0), _MOST_INDENTS)
            self._lines.append(f"{quotes}{indent}{self._marker}{''.join(self._line)}".rstrip())
            self._line, self._marker, self._blank = [], "", False
        self._gap = False

    def _next_marker(self) -> str:
        if not self._lists or (number := self._lists[-1]) is None:
            return "- "
        self._lists[-1] = number + 1
        return f"{number}. "

    def _leave_link(self) -> None:
        url, words = self._links.pop()
        text = "".join(words)
        if url and text and text not in {url, url.removeprefix("mailto:")}:
            self._gap = True
            self._word(f"({url.removeprefix('mailto:')})")


def _attribute(node: LexborNode, name: str) -> str:
    return node.attributes.get(name) or ""


def _url_of(link: LexborNode) -> str:
    url = _attribute(link, "href").strip()
    return url if url.lower().startswith(("http://", "https://", "mailto:")) else ""


def _start(ordered: LexborNode) -> int:
    value = _attribute(ordered, "start").strip()
    return int(value) if re.fullmatch(r"-?[0-9]{1,9}", value) else 1
