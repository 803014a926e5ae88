from __future__ import annotations

import re

import pytest
from hypothesis import given, strategies as st
from selectolax.lexbor import LexborHTMLParser

from support_core.html import sanitise, to_text

LINK = 'target="_blank" rel="noopener noreferrer nofollow"'

PAYLOADS = [
    "<script>alert(1)</script>",
    "<SCRIPT SRC=//evil.example/x.js></SCRIPT>",
    "<scr<script>ipt>alert(1)</scr</script>ipt>",
    "<script\x00>alert(1)</script>",
    "<script/x>alert(1)</script/x>",
    "<img src=x onerror=alert(1)>",
    '<img src="x" onerror="alert(1)"//>',
    "<img/src=x/onerror=alert(1)>",
    '<img """><script>alert(1)</script>">',
    "<img src=javascript:alert(1)>",
    "<img src='jav&#x09;ascript:alert(1)'>",
    "<img src='data:image/svg+xml,<svg onload=alert(1)>'>",
    "<img src='data:text/html;base64,PHNjcmlwdD4='>",
    "<img srcset='https://evil.example/a 1x'>",
    "<a href=javascript:alert(1)>x</a>",
    "<a href=' \x01javascript:alert(1)'>x</a>",
    "<a href='java\nscript:alert(1)'>x</a>",
    "<a href='&#106;avascript:alert(1)'>x</a>",
    "<a href='JaVaScRiPt:alert(1)'>x</a>",
    "<a href='vbscript:x'>x</a>",
    "<a href='data:text/html,<script>alert(1)</script>'>x</a>",
    "<a href='javascript&colon;alert(1)'>x</a>",
    "<a href='//evil.example'>x</a>",
    "<a xlink:href='javascript:alert(1)'>x</a>",
    "<a ping=https://evil.example href=https://a>x</a>",
    "<svg onload=alert(1)>",
    "<svg><script>alert(1)</script></svg>",
    "<svg><a xlink:href=javascript:alert(1)><text>x</text></a></svg>",
    "<svg><animate onbegin=alert(1) attributeName=x>",
    (
        "<math><mtext><table><mglyph><style><!--</style>"
        "<img title='--&gt;&lt;img src=1 onerror=alert(1)&gt;'>"
    ),
    "<math href=javascript:alert(1)>x</math>",
    "<svg></p><style><a id='</style><img src=1 onerror=alert(1)>'>",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
    "<form><math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>",
    (
        "<math><mtext><table><mglyph><style><math><table id=mXSS>"
        "<![CDATA[<img src onerror=alert(1)>]]>"
    ),
    "<svg><title><style><img src=x onerror=alert(1)></style></title></svg>",
    "<svg><foreignObject><math><mi><style></math><img src onerror=alert(1)>",
    "<xmp><p title='</xmp><img src onerror=alert(1)>'></xmp>",
    "<listing>&lt;img src onerror=alert(1)&gt;</listing>",
    "<textarea><img title='</textarea><img src onerror=alert(1)>'>",
    "<title><img title='</title><img src onerror=alert(1)>'>",
    "<template><img src onerror=alert(1)></template>",
    (
        "<select><template><style><!--</style>"
        "<a rel='--></style></template></select><img src onerror=alert(1)>'>"
    ),
    "<iframe src=javascript:alert(1)></iframe>",
    "<iframe srcdoc='<script>alert(1)</script>'>",
    "<object data=javascript:alert(1)></object>",
    "<embed src=javascript:alert(1)>",
    "<base href=https://evil.example/>",
    "<meta http-equiv=refresh content='0;url=javascript:alert(1)'>",
    "<link rel=stylesheet href=https://evil.example/x.css>",
    "<style>@import 'https://evil.example/x.css';</style>",
    "<form action=https://evil.example><input name=password><button formaction=javascript:x>",
    "<isindex type=image src=1 onerror=alert(1)>",
    "<body onload=alert(1) background=javascript:alert(1)>",
    "<table background=https://evil.example/x.png><td background=javascript:alert(1)>x",
    "<video src=x onerror=alert(1)><source onerror=alert(1)></video>",
    "<audio src onerror=alert(1)>",
    "<details open ontoggle=alert(1)>x</details>",
    "<marquee onstart=alert(1)>x</marquee>",
    "<p style='background:url(https://evil.example)'>x</p>",
    "<p style='width:expression(alert(1))'>x</p>",
    "<p style='color:red;behavior:url(x)'>x</p>",
    "<p style='-moz-binding:url(x)'>x</p>",
    "<p style='color:\\75 rl(https://evil.example)'>x</p>",
    "<p style='color:u/**/rl(https://evil.example)'>x</p>",
    "<p style='position:fixed;top:0;left:0'>x</p>",
    "<div id=location name=cookie class=admin-button>x</div>",
    "<custom-element onclick=alert(1)>x</custom-element>",
    "<!--<img src='--><img src=x onerror=alert(1)>'>",
    "<!--[if IE]><script>alert(1)</script><![endif]-->",
    "<?xml version='1.0'?><script>alert(1)</script>",
    "<![CDATA[<script>alert(1)</script>]]>",
    "<a title='<img src=x onerror=alert(1)>' href=https://a>x</a>",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "<plaintext><script>alert(1)</script>",
]

ALLOWED_ATTRIBUTES = {
    *("align", "alt", "bgcolor", "border", "cellpadding", "cellspacing", "color", "colspan"),
    *("data-blocked-src", "datetime", "dir", "face", "height", "href", "lang", "rel", "reversed"),
    *("rowspan", "scope", "size", "span", "src", "start", "style", "target", "title", "type"),
    *("abbr", "valign", "value", "width"),
}
FORBIDDEN_ELEMENTS = (
    "script, style, svg, math, iframe, object, embed, form, input, button, meta, base, link,"
    "template, noscript, textarea, select, video, audio, title, xmp, plaintext"
)


def assert_harmless(shown: str) -> None:
    """Read the result as a browser would, not as text."""
    document = LexborHTMLParser(f"<!DOCTYPE html><body><main>{shown}</main>")
    root = document.css_first("main")
    assert root is not None
    assert root.css_first(FORBIDDEN_ELEMENTS) is None
    for node in root.css("*"):
        if node.tag == "main":
            continue
        assert set(node.attributes) <= ALLOWED_ATTRIBUTES, node.html
        for name in ("href", "src"):
            url = node.attributes.get(name)
            if url is not None:
                assert re.match(r"(https?|mailto|tel|cid):|data:image/(png|jpe?g|gif|webp)", url)
        style = node.attributes.get("style") or ""
        assert not re.search(r"url|expression|position|behavior|binding|[\\*]", style)
        if node.tag == "img":
            assert not (node.attributes.get("src") or "").startswith("http")


@pytest.mark.parametrize("payload", PAYLOADS)
def test_no_script_survives(payload: str) -> None:
    for wrapped in (payload, f"<table>{payload}", f"<p><b>{payload}</b></p>", payload * 2):
        shown = sanitise(wrapped)
        assert_harmless(shown)
        assert_harmless(sanitise(shown))


@given(st.lists(st.sampled_from(PAYLOADS) | st.text(alphabet="<>/\"'=-! abimgp", max_size=10)))
def test_no_script_survives_in_any_mixture(pieces: list[str]) -> None:
    assert_harmless(sanitise("".join(pieces)))


@given(st.text())
def test_any_text_is_sanitised_and_read(text: str) -> None:
    assert_harmless(sanitise(text))
    assert "\n\n\n" not in to_text(text)


def test_ordinary_markup_stays() -> None:
    markup = (
        "<h1>Hi</h1><p>a <b>b</b> <i>c</i><br>d</p><ul><li>e</li></ul>"
        '<table border="1"><tbody><tr><td colspan="2">f</td></tr></tbody></table>'
        "<blockquote>g</blockquote><pre>h</pre>"
    )
    assert sanitise(markup) == markup


@pytest.mark.parametrize(
    "url", ["https://example.com/?a=1&amp;b=2", "http://a", "mailto:a@b.example", "tel:+420"]
)
def test_links_open_elsewhere_and_tell_nothing(url: str) -> None:
    assert sanitise(f'<a href="{url}">x</a>') == f'<a href="{url}" {LINK}>x</a>'


def test_a_sender_cannot_choose_how_a_link_opens() -> None:
    assert sanitise('<a href="https://a" target="_self" rel="opener">x</a>') == (
        f'<a href="https://a" {LINK}>x</a>'
    )


@pytest.mark.parametrize("url", ["https://a.example/x.png?a=1&amp;b=2", "http://a/", "HTTPS://a/"])
def test_remote_images_are_held_back_unless_asked_for(url: str) -> None:
    image = f'<img src="{url}" alt="Logo">'
    assert sanitise(image) == f'<img data-blocked-src="{url}" alt="Logo">'
    assert sanitise(image, remote_images=True) == image


def test_a_remote_image_is_recognised_as_browsers_do() -> None:
    assert sanitise('<img src=" ht\ntps://a/x ">') == '<img data-blocked-src="https://a/x">'


@pytest.mark.parametrize(
    "url",
    ["cid:part1@example", "data:image/png;base64,AAAA", "data:image/jpeg,x", "data:image/webp;x"],
)
@pytest.mark.parametrize("remote_images", [False, True])
def test_images_of_the_message_itself_are_shown(url: str, *, remote_images: bool) -> None:
    image = f'<img src="{url}">'
    assert sanitise(image, remote_images=remote_images) == image


@pytest.mark.parametrize("url", ["data:image/svg+xml,x", "data:text/html,x", "/x.png", "//a/x.png"])
@pytest.mark.parametrize("remote_images", [False, True])
def test_other_images_lose_their_address(url: str, *, remote_images: bool) -> None:
    assert sanitise(f'<img src="{url}">', remote_images=remote_images) == "<img>"


def test_a_sender_cannot_set_the_held_back_address() -> None:
    assert sanitise('<img data-blocked-src="javascript:alert(1)">') == "<img>"


@pytest.mark.parametrize(
    ("style", "kept"),
    [
        ("color: red; FONT-SIZE: 12px", "color:red;font-size:12px"),
        ("color:rgb(1, 2, 3);background-color:#fff", "color:rgb(1, 2, 3);background-color:#fff"),
        ("font-family:'Segoe UI', Arial", "font-family:'Segoe UI', Arial"),
        ("margin:0 auto;padding-left:1em", "margin:0 auto;padding-left:1em"),
        ("color:red;position:fixed;z-index:9", "color:red"),
        ("color:red;background-color:url(//a)", "color:red"),
        ("color:red;width:calc(1px)", "color:red"),
        ("color:red;margin-left:-500px;text-indent:-.5em", "color:red"),
        ("color:red;margin:0 -9px", "color:red"),
        ("color:red;height:1px/**/", "color:red"),
        ("color:\\72 ed;color:red", "color:red"),
        ("color:red;--x:1;color:var(--x)", "color:red"),
    ],
)
def test_only_harmless_styles_stay(style: str, kept: str) -> None:
    assert sanitise(f'<p style="{style}">x</p>') == f'<p style="{kept}">x</p>'


def test_a_style_without_anything_harmless_goes() -> None:
    assert sanitise('<p style="position:absolute">x</p>') == "<p>x</p>"


def test_lone_surrogates_of_a_broken_charset_are_replaced() -> None:
    assert sanitise("a\udc80b") == "a?b"
    assert to_text("a\udc80b") == "a?b"


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("", ""),
        ("plain", "plain"),
        ("<p>one</p><p>two</p>", "one\n\ntwo"),
        ("<div>one</div><div>two<div>three</div></div>", "one\ntwo\nthree"),
        ("one<br>two<br><br>three", "one\ntwo\n\nthree"),
        ("  a \n\t b&nbsp;c ", "a b c"),
        ("<b>a</b><i>b</i> <u>c</u>", "ab c"),
        ("<h1>Title</h1>text", "Title\n\ntext"),
        ("a<hr>b", "a\n---\nb"),
        ("<ul><li>a</li><li>b</li></ul>", "- a\n- b"),
        ("<ul><li><p>a</p></li><li></li><li>b</ul>c", "- a\n- b\n\nc"),
        ("<ol start=3><li>a<ul><li>b</ul><li>c</ol>", "3. a\n  - b\n4. c"),
        ("<ol start=x><li>a</ol>", "1. a"),
        ("<li>stray", "- stray"),
        ("<blockquote>a<br>b<blockquote>c</blockquote></blockquote>d", "> a\n> b\n\n> > c\n\nd"),
        ("<pre>a\n  b\n\nc</pre>", "a\n  b\n\nc"),
        ("<table><tr><td>a</td><td>b</td></tr><tr><td>c</table>", "a b\nc"),
        ('<a href="https://a/b">here</a>.', "here (https://a/b)."),
        ('<a href="https://a">https://a</a>', "https://a"),
        ('<a href="mailto:a@b">a@b</a> <a href="mailto:a@b">me</a>', "a@b me (a@b)"),
        ('<a href="javascript:x">x</a><a href="https://a"></a>', "x"),
        ('<a href="https://a"><img src=x alt=Logo></a>', "[Logo] (https://a)"),
        ("<img src=x><img alt='  '>a", "a"),
        ("<head><title>t</title></head><style>s</style><script>s</script><body>b", "b"),
        ("a<!-- c -->b<template>t</template>", "ab"),
        ("&lt;b&gt; &amp; &eacute;", "<b> & é"),
        ("<frameset><frame></frameset>", ""),
    ],
)
def test_text_reads_like_the_page(markup: str, text: str) -> None:
    assert to_text(markup) == text


@given(st.text(alphabet="abc žč", min_size=1).filter(str.strip))
def test_words_survive_the_way_to_text(words: str) -> None:
    assert to_text(f"<div><p><b>{words}</b></p></div>").split() == words.split()


def test_deep_quotations_do_not_make_lines_as_long_as_they_are_deep() -> None:
    assert to_text("<blockquote>" * 500 + "x") == "> " * 10 + "x"
