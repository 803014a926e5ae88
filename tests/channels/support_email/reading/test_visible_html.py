"""What somebody wrote in an HTML mail, by the elements and by the words of mail clients."""

from __future__ import annotations

import pytest

from support_email.reading import visible_html, visible_reply

from .making import a_mail

REPLY = "<p>Yes, <b>please</b>.</p>"
OLD = "<p>Do you want it?</p>"
HEADER = (
    "<b>{}</b> Ann &lt;ann@example.org&gt;<br><b>Sent:</b> Monday, 2 December 2019 10:11<br>"
    "<b>To:</b> Bob<br><b>Subject:</b> It<br>"
)

QUOTATIONS = {
    "Gmail": (
        "<div class=gmail_quote><div class=gmail_attr>Lundi Ann skribis:<br></div>"
        f"<blockquote class=gmail_quote>{OLD}</blockquote></div>"
    ),
    "Gmail of old": f"<div class=gmail_quote>On Mon, Ann wrote:<br>{OLD}</div>",
    "Apple Mail": (
        "<div><br><blockquote type=cite><div>On 2 Dec 2019, at 10:11, Ann wrote:</div>"
        f"{OLD}</blockquote></div>"
    ),
    "Thunderbird": (
        "<div class=moz-cite-prefix>Lundi Ann skribis:</div>"
        f"<blockquote type=cite>{OLD}</blockquote>"
    ),
    "Yahoo": f"<div class='ydp12ab34cdyahoo_quoted' id=x><div>Lundi Ann:</div>{OLD}</div>",
    "Yahoo by its id": f"<div id='ydp1a2b3c4dyahoo_quoted_58940'><div>Lundi:</div>{OLD}</div>",
    "Outlook": (
        "<div style='border:none;border-top:solid #E1E1E1 1.0pt;padding:3.0pt 0in 0in 0in'>"
        f"<p><b>Iu:</b> Ann</p></div>{OLD}"
    ),
    "Outlook of old": (
        "<div style='border:none;border-top:solid #B5C4DF 1.0pt;padding:3.0pt'>"
        f"<p>{HEADER.format('From:')}</p></div>{OLD}"
    ),
    "Outlook on the web": f"<div id=appendonsend></div><hr><div id=divRplyFwdMsg>{OLD}</div>{OLD}",
    "Outlook on the web, passed through another": (
        f"<div id=x_divRplyFwdMsg>{HEADER.format('Iu:')}</div>{OLD}"
    ),
    "Outlook for Mac": f"<span id=OLK_SRC_BODY_SECTION>{OLD}</span>",
    "Outlook for Android": f"<div id=mail-editor-reference-message-container>{OLD}</div>",
    "Hotmail": f"<hr id=stopSpelling>{HEADER.format('From:')}{OLD}",
    "Zimbra": f"<hr id=zwchr data-marker=__DIVIDER__>{HEADER.format('Iu:')}{OLD}",
    "Proton Mail": f"<div class=protonmail_quote>Lundi, Ann:<br>{OLD}</div>",
    "Tuta": (
        "<div>2 Dec 2019, 10:11 by ann@x.org:</div>"
        f"<blockquote class=tutanota_quote>{OLD}</blockquote>"
    ),
    "Zoho Mail": f"<div class=zmail_extra><div>Lundi Ann skribis</div>{OLD}</div>",
    "GMX": f"<div name=quote>{OLD}</div>",
    "Spark": f"<div name=messageReplySection>{OLD}</div>",
    "NetEase": f"<div id=isReplyContent>{OLD}</div>",
    "a header block": f"<hr>{HEADER.format('From:')}{OLD}",
    "words alone": f"<div>On 2 Dec 2019, at 10:11, Ann wrote:</div>{OLD}",
    "words broken by elements": (
        "<div>On 2 Dec 2019, at 10:11, <b>Ann</b> &lt;<a href='mailto:a@x.org'>a@x.org</a>&gt;"
        f" <span>wrote</span>:</div>{OLD}"
    ),
}


@pytest.mark.parametrize("client", QUOTATIONS)
@pytest.mark.parametrize("wrapper", ["{}", "<html><body><div>{}</div></body></html>"])
def test_what_a_client_quotes_is_taken_out(client, wrapper):
    visible = visible_html(wrapper.format(f"<div>{REPLY}</div>{QUOTATIONS[client]}"))
    assert visible.text == "Yes, please."
    assert "Do you want it?" in visible.quoted
    assert "<b>please</b>" in visible.html
    assert "Do you want it?" not in visible.html
    assert "Ann" not in visible.html


def test_html_that_quotes_nothing_comes_back_as_it_is():
    html = f"<html><body>{REPLY}</body></html>"
    assert visible_html(html).html == html


def test_images_of_the_quotation_go_with_it_and_others_stay():
    html = f"<p>Look: <img src=cid:mine></p><blockquote><img src=cid:theirs>{OLD}</blockquote>"
    assert "cid:mine" in visible_html(html).html
    assert "cid:theirs" not in visible_html(html).html


def test_a_quotation_of_everything_is_shown_whole():
    visible = visible_html(f"<blockquote>{OLD}</blockquote>")
    assert visible.text == "Do you want it?"
    assert OLD in visible.html


def test_a_forwarded_mail_is_what_was_sent():
    html = (
        f"<div>{REPLY}<div class=gmail_quote><div class=gmail_attr>"
        f"---------- Forwarded message ---------<br>From: Ann</div>{OLD}</div></div>"
    )
    assert visible_html(html).html == html


def test_what_outlook_forwards_is_told_by_the_subject():
    html = f"{REPLY}<div id=appendonsend></div><div id=divRplyFwdMsg>{HEADER}</div>{OLD}"
    fields = {"content-type": "text/html", "mime-version": "1.0"}
    assert "Do you want it?" in visible_reply(a_mail(html, **fields, subject="WG: It")).text
    assert "Do you want it?" not in visible_reply(a_mail(html, **fields, subject="AW: It")).text


def test_a_preformatted_text_is_cut_in_the_middle():
    visible = visible_html("<pre>Yes.\n\nOn 2 Dec 2019, Ann wrote:\n&gt; Do you want it?\n</pre>")
    assert visible.text == "Yes."
    assert "Do you" not in visible.html


def test_a_signature_is_taken_out():
    visible = visible_html(f"{REPLY}<div>-- <br></div><div>Bob</div>")
    assert (visible.text, visible.signature) == ("Yes, please.", "--\nBob")


def test_what_nobody_sees_is_no_text():
    html = f"<head><title>T</title><style>a</style></head>{REPLY}<script>s()</script><!-- c -->"
    assert visible_html(html).text == "Yes, please."


@pytest.mark.parametrize("filler", ["<div><b>x</b></div>", "<p>x"])
def test_a_body_beyond_measure_is_read_in_its_beginning(filler):
    html = f"{REPLY}<div>On 2 Dec 2019, at 10:11, Ann wrote:</div>{filler * 30_000}"
    visible = visible_html(html)
    assert visible.text == "Yes, please."
    assert len(visible.html) < 1000


def test_a_long_body_without_a_quotation_is_kept_whole():
    html = REPLY * 10_000 + "<p>-- </p><p>Bob</p>"
    assert visible_html(html).html == html


def test_html_that_is_ruinous_to_parse_is_read_as_text():
    html = REPLY + "<div>" * 14_000 + "On 2 Dec 2019, Ann wrote:\n> Do you want it?"
    visible = visible_html(html)
    assert visible.html == ""
    assert visible.text.startswith("Yes")


def test_the_html_tells_what_is_quoted_where_the_text_does_not():
    mail = a_mail(
        *("--b", "Content-Type: text/plain", "", "Yes, please.", "Do you want it?"),
        *("--b", "Content-Type: text/html", "", f"{REPLY}<blockquote>{OLD}</blockquote>", "--b--"),
        **{"content-type": "multipart/alternative; boundary=b"},
    )
    assert visible_reply(mail).text == "Yes, please."
