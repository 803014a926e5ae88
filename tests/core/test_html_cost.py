from __future__ import annotations

import time

import pytest
from hypothesis import given, strategies as st

from support_core.html import sanitise, to_text
from support_core.html_cost import affordable, without_tags

MEGABYTE = 1_000_000


def repeated(piece: str) -> str:
    return piece * (MEGABYTE // len(piece))


HOSTILE = {
    "nested blocks": repeated("<div>"),
    "nested lists": repeated("<ul><li>"),
    "nested quotations": repeated("<blockquote>"),
    "nested tables": repeated("<table><tr><td>"),
    "nested links": repeated("<a href=x>"),
    "formatting in paragraphs": repeated("<b><p>"),
    "formatting that is copied": "<p>"
    + "".join(f"<i id={number}>" for number in range(30_000))
    + "</p>"
    + "<p>x</p>" * 60_000,
    "long formatting that is copied": f'<p><font style="{"color:red;" * 50_000}"></p>'
    + "<p>x</p>" * 60_000,
    "end tags that are ignored": "<b>" * 160_000 + "</p>" * 120_000,
    "end tags hidden in comments": repeated("<div><!--</div>-->"),
    "end tags hidden in attributes": repeated('<div><i title="</div>"></i>'),
    "end tags hidden in a character section": repeated("<div><svg><![CDATA[></svg></div>]]>"),
    "end tags hidden in a text field": repeated("<div><textarea></div></textarea>"),
    "end tags hidden behind a table": repeated("<div><table></div>"),
    "items in items": repeated("<li><p><dd><div>"),
    "items that nothing ends": "<li><p>" * 70_000 + "</div>" * 80_000,
    "paragraphs in formatting": repeated("<div><span><p></span></div>"),
    "start tags hidden from comments": repeated("<!--><div>--!><div>"),
    "void tags within foreign elements": "<svg>" + repeated("<link>"),
    "different attributes": f"<a {''.join(f'x{number} ' for number in range(150_000))}>",
    "attributes without an end": '<a href="' * 110_000,
    "less-than signs": repeated("<"),
    "ampersands": repeated("&"),
    "hard spaces": repeated("\xa0"),
    "open comments": repeated("<!--"),
    "open styles": repeated("<style>"),
    "styles closed by half": repeated("<style></style"),
    "declarations": repeated("<!x>"),
    "null characters": repeated("\0"),
    "equals signs": f"<a {repeated('=')}>",
    "slashes": f"<a {repeated('/')}>",
    "spaces": repeated("<a" + " " * 1000),
}


@pytest.mark.parametrize("attack", HOSTILE)
def test_hostile_html_takes_bounded_time(attack: str) -> None:
    for operation in (sanitise, to_text):
        started = time.thread_time()
        operation(HOSTILE[attack])
        assert time.thread_time() - started < 30  # minutes, when it is not bounded


@pytest.mark.parametrize("piece", ["<div>", "<b><p>", "<div><table></div>", "<div><!--</div>-->"])
def test_hostile_html_is_shown_as_its_text(piece: str) -> None:
    hostile = repeated(piece) + "Hello <script>alert(1)</script><b>&lt;you&gt;</b>"
    assert "alert" not in to_text(hostile)
    assert to_text(hostile).split() == ["Hello", "<you>"]
    assert sanitise(hostile) == "<p>Hello<br>&lt;you&gt;</p>"


def test_a_small_document_is_left_as_it_is() -> None:
    document = "<!-- c --><style>p{}</style><svg><p>x" + "<div>" * 900
    assert affordable(document) == document


def test_a_large_ordinary_document_keeps_its_markup() -> None:
    paragraph = (
        "<!--[if mso]><x><![endif]--><div><p class=MsoNormal><span style='color:red'>Hi &nbsp;"
        "<o:p></o:p></span><br><img src='cid:a'></p></div>"
    )
    document = "<style><!-- p { } --></style>" + paragraph * 8000
    shown = sanitise(document)
    assert shown.count('<span style="color:red">') == 8000
    assert shown.count('<img src="cid:a">') == 8000
    assert "mso" not in shown


@pytest.mark.parametrize(
    "item",
    [
        "<p>one",
        "<ul><li>one<li><p>two</ul>",
        "<dl><dt>one<dd>two</dl>",
        "<div><p>one<p>two</div>",
        "<p>one<br>two</p><hr>",
        "<table><tr><td>one<td>two<tr><td>three</table>",
    ],
)
def test_a_large_document_may_leave_out_the_end_tags_that_html_lets_it(item: str) -> None:
    assert affordable(item * 20_000) == item * 20_000


def test_a_long_conversation_of_nested_quotations_is_affordable() -> None:
    message = "<div><p>Hello <b>you</b></p><p>text</p></div>" * 20
    document = (message + "<blockquote>") * 100 + "</blockquote>" * 100
    assert affordable(document) == document


@given(st.text(alphabet="<>/!-abp'\"= \n&;", max_size=200))
def test_tags_are_taken_out_of_any_text(text: str) -> None:
    assert len(without_tags(text)) <= len(text)
    assert "<a>" not in without_tags(text.replace("&", ""))
