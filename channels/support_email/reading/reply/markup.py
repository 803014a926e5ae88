"""An HTML body as lines, each with the nodes that show it, so that lines can be taken out."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from selectolax.lexbor import LexborHTMLParser

from support_core.plugin_api import affordable_html, to_text, walk_html

from .containers import Mark, mark_of
from .lines import MOST_LINES, Line, Role, lines_of, starts_quoted, unquote_broken_addresses

if TYPE_CHECKING:
    from selectolax.lexbor import LexborNode

# As many tags as a long thread has; what is beyond belongs to what is before.
_MOST_TAGS = 15_000
_UNSEEN = frozenset(
    {
        *("embed", "head", "iframe", "math", "noscript", "object", "script", "select", "style"),
        *("svg", "template", "textarea", "title"),
    }
)
_BLOCKS = frozenset(
    {
        *("address", "article", "aside", "blockquote", "body", "center", "dd", "details", "dialog"),
        *("div", "dl", "dt", "fieldset", "figure", "footer", "form", "h1", "h2", "h3", "h4", "h5"),
        *("h6", "header", "hr", "html", "li", "main", "nav", "ol", "p", "pre", "section", "table"),
        *("tbody", "td", "tfoot", "th", "thead", "tr", "ul"),
    }
)
_CELLS = frozenset({"td", "th"})
_SPACE = re.compile(r"[ \t\n\f\r\u00a0]+")
_PREFORMATTED = re.compile(r"white-space:\s*pre")
_LABELLED = re.compile(r"[^\W\d_][^:：]{0,24}[:：]")
_KEPT_WHEN_EMPTY = frozenset({"body", "html", "td", "th"})


@dataclass
class _Shown:
    """A line with the nodes that show it."""

    line: Line
    nodes: list[LexborNode] = field(default_factory=list)


class Markup:
    """An HTML body; `lines` may be given roles before :meth:`written` is asked."""

    def __init__(self, html: str) -> None:
        self._html = html
        looked_at = _beginning(html)
        self._is_cut = len(looked_at) < len(html)
        prepared = affordable_html(looked_at.encode("utf-8", "replace").decode())
        self._tree = None if prepared is None else LexborHTMLParser(prepared)
        self._shown = [] if self._tree is None else _Reader(self._tree).read()
        self.lines = (
            lines_of(to_text(looked_at))
            if self._tree is None
            else [shown.line for shown in self._shown]
        )

    def written(self) -> str:
        """Return the HTML without the lines that are not written; "" if it is ruinous to parse."""
        if self._tree is None:
            return ""
        if all(line.role is Role.WRITTEN or line.is_blank for line in self.lines):
            return self._html
        if self._is_cut and self.lines[-1].role is Role.WRITTEN:
            return self._html  # for nobody knows where the rest belongs
        self._take_out()
        body = self._tree.body
        return (body.inner_html or "").strip() if body is not None else ""

    def _take_out(self) -> None:
        kept: dict[int, list[str]] = {}
        for shown in self._shown:
            if shown.line.role is Role.WRITTEN:
                for node in shown.nodes:
                    kept.setdefault(node.mem_id, []).append(shown.line.text)
        parents: dict[int, LexborNode] = {}
        done: set[int] = set()
        for shown in self._shown:
            if shown.line.role is Role.WRITTEN:
                continue
            for node in shown.nodes:
                if node.mem_id in done:
                    continue
                done.add(node.mem_id)
                if (texts := kept.get(node.mem_id)) is not None:
                    node.replace_with("\n".join(texts))
                elif (parent := node.parent) is not None:
                    parents[parent.mem_id] = parent
                    node.remove()
        _prune(list(parents.values()))


def _beginning(html: str) -> str:
    """Return as much of a body as is looked at."""
    pieces = html.split("<", _MOST_TAGS)
    return html if len(pieces) <= _MOST_TAGS else html[: len(html) - len(pieces[-1]) - 1]


def _prune(parents: list[LexborNode]) -> None:
    """Remove elements that show nothing any more, from the inside out."""
    removed: set[int] = set()
    for start in parents:
        node: LexborNode | None = start
        while node is not None and node.mem_id not in removed and _is_empty(node):
            parent = node.parent
            removed.add(node.mem_id)
            node.remove()
            node = parent


def _is_empty(node: LexborNode) -> bool:
    if node.tag in _KEPT_WHEN_EMPTY:
        return False
    child = node.first_child
    while child is not None:
        if child.is_element_node and child.tag != "br":
            return False
        if child.is_text_node and (child.text_content or "").strip():
            return False
        child = child.next
    return True


class _Reader:
    """Reads a tree into lines."""

    def __init__(self, tree: LexborHTMLParser) -> None:
        self._tree = tree
        self._shown: list[_Shown] = []
        self._texts: list[str] = []
        self._nodes: list[LexborNode] = []
        self._quoted = 0
        self._preformatted = 0
        self._signed = 0
        self._cut = self._intro = self._ruled = False  # whether the next line starts what they say

    def read(self) -> list[_Shown]:
        root = self._tree.body or self._tree.root
        if root is not None:
            for node, entering in walk_html(root, unseen=_UNSEEN):
                if node.is_text_node:
                    self._text(node)
                elif entering:
                    self._enter(node)
                else:
                    self._leave(node)
        self._end_line()
        unquote_broken_addresses(shown.line for shown in self._shown)
        return self._shown

    def _enter(self, node: LexborNode) -> None:
        tag = node.tag or ""
        if tag == "br":
            self._end_line(is_break=True)
            return
        if tag in _BLOCKS and tag not in _CELLS:
            self._end_line()
        elif tag in _CELLS:
            self._texts.append(" ")
        mark = mark_of(node)
        if mark is Mark.QUOTED:
            self._end_line()
            self._quoted += 1
        elif mark is Mark.CUT:
            self._end_line()
            self._cut = True
        elif mark is Mark.INTRO:
            self._end_line()
            self._intro = True
        elif mark is Mark.RULE:
            self._end_line()
            self._ruled = True
        elif mark is Mark.SIGNATURE:
            self._end_line()
            self._signed += 1
        if tag == "img":
            self._nodes.append(node)
        elif tag == "hr":
            self._texts.append("_" * 30)
            self._nodes.append(node)
            self._end_line()
        if _is_preformatted(node):
            self._preformatted += 1

    def _leave(self, node: LexborNode) -> None:
        tag = node.tag or ""
        if tag in _BLOCKS and tag not in _CELLS:
            self._end_line()
        if _is_preformatted(node):
            self._preformatted -= 1
        mark = mark_of(node)
        if mark is Mark.QUOTED:
            self._end_line()
            self._quoted -= 1
        elif mark is Mark.SIGNATURE:
            self._end_line()
            self._signed -= 1

    def _text(self, node: LexborNode) -> None:
        text = node.text_content or ""
        if not self._preformatted:
            self._texts.append(text)
            self._nodes.append(node)
            return
        first, *others = text.replace("\r\n", "\n").split("\n")
        self._texts.append(first)
        self._nodes.append(node)
        for line in others[:MOST_LINES]:
            self._end_line(is_break=True)
            self._texts.append(line)
            self._nodes.append(node)

    def _end_line(self, *, is_break: bool = False) -> None:
        if len(self._shown) >= MOST_LINES:
            self._shown[-1].nodes.extend(self._nodes)
            self._texts, self._nodes = [], []
            return
        joined = "".join(self._texts)
        text = joined.rstrip() if self._preformatted else _spaced(joined)
        if text or is_break or self._nodes:
            line = Line(text, quoted=self._quoted > 0 or starts_quoted(text))
            line.signed = self._signed > 0 and not line.quoted
            if text:
                line.cut = self._cut or (self._ruled and _LABELLED.match(text) is not None)
                line.intro = self._intro and not line.quoted
                self._cut = self._intro = self._ruled = False
            self._shown.append(_Shown(line, self._nodes))
        self._texts, self._nodes = [], []


def _spaced(text: str) -> str:
    """Return a text with single spaces; most have no others, which is quick to tell."""
    is_spaced = text.isprintable() and "  " not in text
    return (text if is_spaced else _SPACE.sub(" ", text)).strip()


def _is_preformatted(node: LexborNode) -> bool:
    return node.tag == "pre" or bool(
        _PREFORMATTED.search((node.attributes.get("style") or "") if node.attributes else "")
    )
