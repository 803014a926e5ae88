# ruff: noqa: E501 - what clients write is shown as they write it
"""Makes replies as clients send them: what somebody writes, above or below what is quoted.

Every case is a name, a body, and the reply that has to be seen of it.
"""

from __future__ import annotations

import textwrap
from html import escape
from typing import TYPE_CHECKING, NamedTuple

from . import clients, further, rarer as rarest, signed as signed_further
from .clients import LABELS
from .separators import ORIGINALS, REPLY_ABOVE, SENT_FROM
from .shells import SHELLS

if TYPE_CHECKING:
    from collections.abc import Iterator


INTROS = {
    **clients.INTROS,
    **{f"{client}, further": lines for client, lines in further.INTROS.items()},
}
BELOW = (*rarest.BELOW, *further.BELOW, *further.LAST_BELOW)
SIGNED = (*rarest.SIGNED, *signed_further.SIGNED, *signed_further.LAST_SIGNED)


class Case(NamedTuple):
    """A body and what is to be seen of it."""

    name: str
    body: str
    reply: str
    is_html: bool = False


NAMES = (
    ("Ann Smith", "ann@example.com"),
    ("Jörg Müller-Lüdenscheidt", "joerg.mueller-luedenscheidt@vertrieb.example.de"),
    ("O'Brien, Pat", "p.o'brien@example.org"),
    ("Example Support Team", "reply+0a1b2c3d4e5f@mail.support.example.io"),
    ("山田 太郎", "taro@example.jp"),
    ("Ольга", "olga@example.ru"),
)
REPLIES = (
    "Yes.",
    "Thanks, that works now!",
    "Hi there,\n\nthe order has not arrived yet. Could you look into it, please?\n\nBest regards,\nTom",
    "Two things:\n\n1. The bill is wrong: it says 12:30 and not 10:30.\n2. We moved to 5 High Street.\n\nCheers",
    "Danke für die schnelle Antwort. Das Paket ist inzwischen da.\n\nViele Grüße\nSabine",
    "Voir https://example.com/a?b=c#d pour les détails, merci",
    "ありがとうございます。\n確認しました。",
    "- first\n- second\n\nwhich of them do you need?",
)
QUOTED = (
    "Hello Tom,\n\nyour order 4711 has been sent today.\n\nKind regards\nAnn",
    "Is it blue?",
    "Dear customer,\nplease tell us your number.\n\n--\nSupport\nhttps://example.com/",
)


_ENDS = (":", "：", ">>>", "----", "Order")


def _cycled(index: int) -> tuple[str, str, str, str]:
    name, address = NAMES[index % len(NAMES)]
    return REPLIES[index % len(REPLIES)], QUOTED[index % len(QUOTED)], name, address


def _marked(text: str, mark: str = "> ") -> str:
    return "\n".join(f"{mark}{line}".rstrip() for line in text.split("\n"))


def intros() -> Iterator[Case]:
    """Plain replies above a quotation that a line introduces."""
    number = 0
    for client, lines in INTROS.items():
        for line in lines:
            number += 1
            reply, quoted, name, address = _cycled(number)
            intro = line.format(n=name, m=address)
            said = f"{client} {number}: {line}"
            yield Case(f"{said} [>]", f"{reply}\n\n{intro}\n\n{_marked(quoted)}\n", reply)
            yield Case(f"{said} [> close]", f"{reply}\n\n{intro}\n{_marked(quoted, '>')}", reply)
            yield Case(f"{said} [tight]", f"{reply}\n{intro}\n{_marked(quoted)}", reply)
            wrapped = "\n".join(
                textwrap.wrap(intro, 60, break_long_words=False, break_on_hyphens=False)
            )
            yield Case(f"{said} [wrapped]", f"{reply}\n\n{wrapped}\n\n{_marked(quoted)}\n", reply)
            yield Case(
                f"{said} [> intro]", f"{reply}\n\n{_marked(intro)}\n> \n{_marked(quoted)}", reply
            )
            yield Case(f"{said} [below]", f"{intro}\n\n{_marked(quoted)}\n\n{reply}\n", reply)
            yield Case(
                f"{said} [crlf]",
                f"{reply}\n\n{intro}\n\n{_marked(quoted)}\n".replace("\n", "\r\n"),
                reply,
            )


def unmarked() -> Iterator[Case]:
    """Plain replies above a quotation without marks, introduced by a line that tells who."""
    number = 0
    for client, lines in INTROS.items():
        for line in lines:
            number += 1
            if not line.endswith(_ENDS) or "{m}" not in line or client.startswith("thunderbird"):
                continue
            reply, quoted, name, address = _cycled(number)
            intro = line.format(n=name, m=address)
            yield Case(
                f"{client} {number}: {line} [unmarked]", f"{reply}\n\n{intro}\n\n{quoted}\n", reply
            )


def _block(labels: str, number: int, *, form: int) -> str:
    sender, date, to, copy, subject = labels.split("|")
    _, _, name, address = _cycled(number)
    colon = (": ", ":", " : ", ": ", "： ", ":\t")[form]
    who = (
        f"{name} <{address}>",
        f"{name} [mailto:{address}]",
        f'"{name}" <{address}>',
        f"{name}<mailto:{address}>",
        address,
        f"{name} <{address}>",
    )[form]
    when = (
        "Monday, December 2, 2019 10:11 AM",
        "02.12.2019 10:11",
        "2 december 2019 10:11:32",
        "2019-12-02 10:11",
        "2019年12月2日 10:11",
        "Mon, 2 Dec 2019 10:11:32 +0100",
    )[form]
    rows = [(sender, who), (date, when), (to, "Bob <bob@example.net>")]
    if number % 3 == 0:
        rows.append((copy, "Carol <carol@example.net>; Dan <dan@example.net>"))
    rows.append((subject, "Your order 4711"))
    if form == 3:
        rows = [rows[0], rows[2], rows[1], *rows[3:]]
    bold = "*" if form == 0 and number % 2 else ""
    return "\n".join(
        f"{bold}{label}{colon.rstrip(' ')}{bold}{colon[len(colon.rstrip(' ')) :]}{value}"
        for label, value in rows
    )


def blocks() -> Iterator[Case]:
    """Plain replies above a header block, with and without a rule."""
    number = 0
    for language, labels in LABELS.items():
        for form in range(6):
            number += 1
            reply, quoted, _, _ = _cycled(number)
            block = _block(labels, number, form=form)
            rule = ("", "_" * 32 + "\n", "", "-" * 20 + "\n", "\n", "")[(number // 2) % 6]
            yield Case(
                f"block {language} {form} {rule!r}",
                f"{reply}\n\n{rule}{block}\n\n{quoted}\n",
                reply,
            )
            if form < 2:
                yield Case(
                    f"block {language} {form} [>]",
                    f"{reply}\n\n{_marked(block)}\n>\n{_marked(quoted)}\n",
                    reply,
                )


def originals() -> Iterator[Case]:
    """Plain replies above a line that says that the original message follows."""
    languages = list(LABELS.values())
    for number, line in enumerate(ORIGINALS):
        reply, quoted, _, _ = _cycled(number)
        block = _block(languages[number % 3], number, form=number % 6)
        yield Case(f"original {line}", f"{reply}\n\n{line}\n{block}\n\n{quoted}\n", reply)
        if line.strip("- ‐") == line.strip():
            continue  # without dashes and labels nobody can tell
        yield Case(f"original {line} [bare]", f"{reply}\n\n{line}\n\n{quoted}\n", reply)
    for line in REPLY_ABOVE:
        yield Case(f"above {line}", f"{REPLIES[2]}\n\n{line}\n\n{QUOTED[0]}\n", REPLIES[2])


def signatures() -> Iterator[Case]:
    """Replies with what phones add."""
    for number, line in enumerate(SENT_FROM):
        reply, quoted, name, address = _cycled(number)
        intro = INTROS["gmail"][number % len(INTROS["gmail"])].format(n=name, m=address)
        yield Case(f"phone {line}", f"{reply}\n\n{line}\n", reply)
        yield Case(
            f"phone {line} [quoting]", f"{reply}\n\n{line}\n\n{intro}\n\n{_marked(quoted)}", reply
        )
        block = _block(list(LABELS.values())[number % len(LABELS)], number, form=number % 6)
        yield Case(
            f"phone {line} [block]", f"{reply}\n\n{line}\n\n{'_' * 32}\n{block}\n\n{quoted}", reply
        )


def _paragraphs(text: str) -> str:
    return "".join(f"<div>{escape(line) or '<br>'}</div>" for line in text.split("\n"))


def _shells() -> dict[str, str]:
    """Return HTML bodies by client, with places for the reply, the introduction and the quote."""
    return {
        "gmail": '<div dir="ltr">{r}</div><br><div class="gmail_quote gmail_quote_container"><div dir="ltr" class="gmail_attr">{i}<br></div><blockquote class="gmail_quote" style="margin:0px 0px 0px 0.8ex;border-left:1px solid rgb(204,204,204);padding-left:1ex"><div dir="ltr">{q}</div></blockquote></div>',
        "gmail old": '{r}<br><br><div class="gmail_quote">{i}<br><blockquote class="gmail_quote" style="margin:0 0 0 .8ex;border-left:1px #ccc solid;padding-left:1ex">{q}</blockquote></div>',
        "apple": '<html><head></head><body style="word-wrap: break-word;">{r}<div><br><blockquote type="cite"><div>{i}</div><br class="Apple-interchange-newline"><div>{q}</div></blockquote></div></body></html>',
        "iphone": '<html><body dir="auto">{r}<div dir="ltr"><br><blockquote type="cite">{i}<br><br></blockquote></div><blockquote type="cite"><div dir="ltr">{q}</div></blockquote></body></html>',
        "thunderbird": '<html><body>{r}<br><div class="moz-cite-prefix">{i}<br></div><blockquote type="cite" cite="mid:a@b">{q}</blockquote></body></html>',
        "thunderbird old": '<html><body>{r}<br>{i}<blockquote cite="mid:a@b" type="cite">{q}</blockquote></body></html>',
        "yahoo": '<html><body><div class="ydp12345678yahoo-style-wrap">{r}</div><div id="ydpe9c1yahoo_quoted_1" class="ydpe9c1e91byahoo_quoted"><div style="color:#26282a;"><div>{i}</div><div><br></div><div><div id="x">{q}</div></div></div></div></body></html>',
        "proton": '<div>{r}</div><div class="protonmail_quote">{i}<br><blockquote class="protonmail_quote" type="cite">{q}</blockquote></div>',
        "outlook web": '<div class="elementToProof">{r}</div><div id="appendonsend"></div><hr style="display:inline-block;width:98%" tabindex="-1"><div id="divRplyFwdMsg" dir="ltr"><font face="Calibri, sans-serif" style="font-size:11pt">{b}</font></div><div>{q}</div>',
        "outlook web received": '<div class="x_elementToProof">{r}</div><div id="x_appendonsend"></div><hr tabindex="-1" style="display:inline-block; width:98%"><div id="x_divRplyFwdMsg" dir="ltr">{b}</div><div>{q}</div>',
        "outlook": '<div class="WordSection1">{r}<p class="MsoNormal"><o:p>&nbsp;</o:p></p><div><div style="border:none;border-top:solid #E1E1E1 1.0pt;padding:3.0pt 0cm 0cm 0cm"><p class="MsoNormal">{b}</p></div></div>{q}</div>',
        "outlook in": '<div class="WordSection1">{r}<div style="border:none;border-top:solid #B5C4DF 1.0pt;padding:3.0pt 0in 0in 0in"><p class="MsoNormal">{b}</p></div>{q}</div>',
        "outlook quoted": '<div class="WordSection1">{r}<div style="border:none;border-left:solid blue 1.5pt;padding:0cm 0cm 0cm 4.0pt"><div><div style="border:none;border-top:solid #E1E1E1 1.0pt;padding:3.0pt 0cm 0cm 0cm"><p class="MsoNormal">{b}</p></div></div>{q}</div></div>',
        "outlook new": '<div>{r}</div><div id="mail-editor-reference-message-container"><div class="ms-outlook-mobile-reference-message"><div style="text-align: left; padding: 3pt 0in 0in; border-width: 1pt medium medium; border-style: solid none none; border-color: rgb(181, 196, 223) currentcolor currentcolor;">{b}</div>{q}</div></div>',
        "outlook plain": "<div>{r}</div><div>{b}</div><div>{q}</div>",
        "windows mail": '<div>{r}</div><div style="mso-element:para-border-div;border:none;border-top:solid #E1E1E1 1.0pt;padding:3.0pt 0cm 0cm 0cm"><p style="border:none;padding:0cm">{b}</p></div>{q}',
        "hotmail": '<div dir="ltr">{r}<br><br><div><hr id="stopSpelling">{b}<br>{q}</div></div>',
        "mac outlook": '<div>{r}</div><div><br></div><span id="OLK_SRC_BODY_SECTION"><div style="font-family:Calibri; border-top:#b5c4df 1pt solid;">{b}</div><div>{q}</div></span>',
        "zimbra": '<html><body><div>{r}</div><hr id="zwchr" data-marker="__DIVIDER__"><div data-marker="__HEADERS__"><blockquote style="border-left:2px solid #1010FF;margin-left:5px">{b}</blockquote></div><div data-marker="__QUOTED_TEXT__"><blockquote>{q}</blockquote></div></body></html>',
        "gmx": '<html><body><div>{r}<div name="quote" style="margin:10px 5px 5px 10px; border-left:2px solid #C3D9E5;"><div>{b}</div><div name="quoted-content">{q}</div></div></div></body></html>',
        "zoho": '<div><div>{r}</div><div class="zmail_extra" style="">{i}<br><blockquote>{q}</blockquote></div></div>',
        "zoho id": '<div>{r}</div><br><div id="Zm-_Id_-Sgn"></div><div class="zmail_extra_hr" style="border-top: 1px solid rgb(204, 204, 204); height: 0px;">&nbsp;</div><div class="zmail_extra" data-zbluepencil-ignore="true"><div>{i}</div><blockquote>{q}</blockquote></div>',
        "yandex": "<div>{r}</div><div>{i}</div><blockquote>{q}</blockquote>",
        "mail.ru": '<HTML><BODY>{r}<br><blockquote style="border-left:1px solid #0857A6; margin:10px; padding:0 0 0 10px;">{i}<br><div id="">{q}</div></blockquote></BODY></HTML>',
        "roundcube": '<div>{r}</div><p id="reply-intro">{i}</p><blockquote type="cite" style="padding: 0 0.4em; border-left: #1010ff 2px solid; margin: 0">{q}</blockquote>',
        "spark": '<html><body><div name="messageBodySection">{r}</div><div name="messageReplySection">{i}<br><blockquote type="cite">{q}</blockquote></div></body></html>',
        "ox": '<html><body><p>{r}</p><blockquote type="cite">{i}<br><br>{q}</blockquote></body></html>',
        "fastmail": '<div>{r}</div><div>{i}<br></div><blockquote type="cite" id="qt" style="">{q}</blockquote>',
        "tutanota": '<div>{r}</div><div>{i}<br></div><blockquote class="tutanota_quote" style="border-left: 1px solid #93A3B8;">{q}</blockquote>',
        "superhuman": '<div>{r}</div><div class="gmail_quote">{i}<br><blockquote class="gmail_quote">{q}</blockquote></div>',
        "front": '<div>{r}</div><br><div class="front-signature"></div><blockquote type="cite" class="front-blockquote">{i}<br>{q}</blockquote>',
        "hey": '<div>{r}</div><div class="trix-content"><br>{i}<blockquote>{q}</blockquote></div>',
        "evolution": '<html><body>{r}<div>{i}</div><blockquote type="cite" style="margin:0 0 0 .8ex; border-left:2px #729fcf solid;padding-left:1ex">{q}</blockquote></body></html>',
        "qq": '<div>{r}</div><div><includetail><div style="font-size: 12px;background:#efefef;padding:8px;">{b}</div><div>{q}</div></includetail></div>',
        "netease": '<div>{r}</div><div id="isReplyContent" style="PADDING-LEFT: 1ex;"><pre>{i}</pre><blockquote id="isReplyContent">{q}</blockquote></div>',
        "lotus": '<font size=2 face="sans-serif">{r}</font><br><br><font size=1 color=#5f5f5f>From: &nbsp; &nbsp; &nbsp; &nbsp;</font><font size=1>Ann Smith &lt;ann@example.com&gt;</font><br><font size=1 color=#5f5f5f>To: &nbsp; &nbsp;</font><font size=1>Bob/Corp@Corp</font><br><font size=1>Date: &nbsp; &nbsp;</font><font size=1>02/12/2019 10:11</font><br><font size=1>Subject: &nbsp;</font><font size=1>Re: Order</font><br><hr noshade><br>{q}',
        "samsung": '<html><body><div dir="auto">{r}</div><div><br></div><div><br></div><div align="left" dir="auto" style="font-size:100%;color:#000000"><div>-------- Original message --------</div><div>{b}</div></div><div><br></div>{q}</body></html>',
        "k-9": '<html><body>{r}<br><br><div class="gmail_quote">{i}<blockquote class="gmail_quote" style="margin: 0pt 0pt 0pt 0.8ex; border-left: 1px solid rgb(204, 204, 204); padding-left: 1ex;">{q}</blockquote></div></body></html>',
        "blockquote unknown": '<section>{r}</section><section class="frobnitz">{i}<blockquote class="frobnitz-quote">{q}</blockquote></section>',
        "bare div unknown": '<p>{r}</p><div class="frobnitz">{i}</div><div class="history">{q}</div>',
        "table": "<table><tbody><tr><td>{r}</td></tr><tr><td><blockquote>{i}<br>{q}</blockquote></td></tr></tbody></table>",
        "groupwise": "<body>{r}<br>&gt;&gt;&gt; Ann Smith &lt;ann@example.com&gt; 12/2/2019 10:11 AM &gt;&gt;&gt;<br>{q}</body>",
    }


def rendered() -> Iterator[Case]:
    """HTML replies of every client, with introductions and blocks in all languages."""
    lines = [
        line for group in ("gmail", "apple", "webmail") for line in INTROS[group] if "{m}" in line
    ]
    labels = list(LABELS.values())
    for number, (client, shell) in enumerate(_shells().items()):
        for turn in range(6):
            reply, quoted, name, address = _cycled(number + turn)
            intro = lines[(number * 6 + turn) % len(lines)].format(n=name, m=address)
            block = _block(labels[(number * 6 + turn) % len(labels)], number, form=turn % 6)
            rows = "<br>".join(
                f"<b>{escape(row.partition(':')[0])}:</b>{escape(row.partition(':')[2])}"
                if ":" in row
                else escape(row)
                for row in block.replace("*", "").split("\n")
            )
            body = shell.format(
                r=_paragraphs(reply), i=escape(intro), q=_paragraphs(quoted), b=rows
            )
            if turn % 3 == 1:
                body = (
                    body.replace("> <", ">\n<")
                    .replace("<div>", "<DIV>")
                    .replace("</div>", "</DIV>")
                )
            if turn % 3 == 2:
                body = f"<div><div><span>{body}</span></div></div>"
            yield Case(f"html {client} {turn}: {intro}", body, reply, is_html=True)


def cases() -> Iterator[Case]:
    """Return everything."""
    for group in (intros, unmarked, blocks, originals, signatures, rendered):
        yield from group()


def rarer() -> Iterator[Case]:
    """Plain replies above the rarer forms."""
    for number, below in enumerate(BELOW):
        for turn in range(2):
            reply, quoted, _, _ = _cycled(number + turn)
            body = f"{reply}\n\n{below}\n".replace("{q}", _marked(quoted)).replace("{t}", quoted)
            yield Case(f"rarer {below} [{turn}]", body, reply)


def signed() -> Iterator[Case]:
    """Replies with signatures, alone and above a quotation."""
    for number, signature in enumerate(SIGNED):
        reply, quoted, name, address = _cycled(number)
        intro = INTROS["gmail"][number % len(INTROS["gmail"])].format(n=name, m=address)
        yield Case(f"signed {signature}", f"{reply}\n\n{signature}\n", reply)
        yield Case(
            f"signed {signature} [quoting]",
            f"{reply}\n\n{signature}\n\n{intro}\n{_marked(quoted)}\n",
            reply,
        )
        yield Case(
            f"signed {signature} [html]",
            f"{_paragraphs(reply)}<br>{_paragraphs(signature)}",
            reply,
            is_html=True,
        )


def shelled() -> Iterator[Case]:
    """HTML replies of more clients, also in languages that nobody taught the reader."""
    block = "From:Ann &lt;ann@example.com&gt;|Sent:Monday, December 2, 2019|To:Bob|Subject:Order"
    unknown = "De chez:Ann|Jour:2.12.|Chose:Order"
    for client, shell in SHELLS.items():
        body = shell.format(
            r=_paragraphs(REPLIES[0]),
            q=_paragraphs(QUOTED[0]),
            i="On Mon, 2 Dec 2019 at 10:11, Ann &lt;<a href='#'>ann@example.com</a>&gt; wrote:",
            u="Lundi la 2an Ann Smith skribis jene",
            b=_rows(block),
            x=_rows(unknown),
        )
        yield Case(client, body, REPLIES[0], is_html=True)
        page = f"<html><head><title>x</title></head><body><div>{body}</div></body></html>"
        yield Case(f"{client} [page]", page, REPLIES[0], is_html=True)


def _rows(block: str) -> str:
    rows = (row.partition(":") for row in block.split("|"))
    return "<br>".join(f"<b>{label}:</b> {value}" for label, _, value in rows)
