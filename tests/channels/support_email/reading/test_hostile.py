"""Nothing that a sender can write breaks the reader, or keeps it busy."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from support_email.reading import (
    bounce_of,
    classify,
    forwarded,
    inspect,
    read_mail,
    visible_html,
    visible_reply,
    visible_text,
)

from .making import lines

# What a mail is made of: cut up and put together anew, it is nearly a mail.
WELL_FORMED = (
    lines(
        *("From: =?utf-8?q?J=C3=B6rg?= <j@example.org>", "To: a@x.org, B <b@x.org>"),
        *("Subject: =?iso-8859-1?Q?Gr=FC=DFe?=", "Message-ID: <1@x>", "References: <2@x> <3@x>"),
        *("Content-Type: multipart/mixed; boundary=b", "", "--b"),
        *('Content-Type: text/plain; charset="utf-8"', "Content-Transfer-Encoding: base64", ""),
        *("R3LDvMOfZQ==", "--b", "Content-Type: text/html", "", "<p>Hi<blockquote>x", "--b"),
        *("Content-Type: application/x; name*0*=utf-8''a%20b; name*1=c", "", "data", "--b"),
        *("Content-Type: message/rfc822", "", "Subject: inner", "", "text", "--b--"),
    ),
    lines(
        *("Return-Path: <>", "From: MAILER-DAEMON@x.org", "Subject: failure notice"),
        *("Content-Type: multipart/report; report-type=delivery-status; boundary=r", "", "--r"),
        *("", "Sorry.", "--r", "Content-Type: message/delivery-status", ""),
        *("Reporting-MTA: dns; x", "", "Final-Recipient: rfc822; c@x.org", "Action: failed"),
        *("Status: 5.1.1", "--r", "Content-Type: text/rfc822-headers", "", "Message-ID: <4@x>"),
        "--r--",
    ),
    lines(
        *("From: a@x.org", "Subject: FW: x", "", "Yes", "", "-----Original Message-----"),
        *("From: B <b@x.org>", "Sent: Monday", "Subject: x", "", "begin 644 a", "#0V%T", "`"),
        *("end", "On 1 Dec 2019, Ann wrote:", "> Well?", "-- ", "Bob"),
    ),
)
PIECES = [piece for mail in WELL_FORMED for piece in re.split(rb"(?<=[\n;= ])", mail) if piece]


@st.composite
def mutated(draw):
    """Draw a mail with some of its bytes cut, doubled, or replaced."""
    raw = bytearray(draw(st.sampled_from(WELL_FORMED)))
    for _ in range(draw(st.integers(1, 12))):
        at = draw(st.integers(0, len(raw)))
        end = draw(st.integers(at, min(len(raw), at + 40)))
        raw[at:end] = draw(
            st.one_of(st.binary(max_size=20), st.sampled_from(PIECES), st.just(raw[at:end] * 3))
        )
    return bytes(raw)


mails = st.one_of(
    st.binary(max_size=2000),
    st.lists(st.sampled_from(PIECES), max_size=80).map(b"".join),
    mutated(),
)
many = settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))


@many
@given(mails)
def test_every_mail_is_read_and_told_in_utf_8(raw):
    told = inspect(raw)
    assert told["size"] == len(raw)
    assert str(told).encode()
    assert "\0" not in told["text"] + told["subject"] + told["reply"]


@many
@given(st.text(max_size=2000))
def test_no_text_is_invented_and_none_is_lost(text):
    visible = visible_text(text)
    seen = re.sub(r"\s", "", visible.text + visible.quoted + visible.signature)
    assert sorted(seen) == sorted(re.sub(r"\s", "", text))
    assert bool(visible.text.strip()) is bool(text.strip())


MARKUP = "<p> <div> </div> <blockquote> </blockquote> <br> <hr> <pre> </b> <table> <td> x &gt; > \n"


@many
@given(st.lists(st.sampled_from([*MARKUP.split(" "), " ", "On 1.2.2020 wrote:"])).map("".join))
def test_every_html_is_read_and_no_text_is_invented(html):
    visible = visible_html(html)
    assert set(visible.text) <= set(f"{html}\n _>x")


@many
@given(st.text(max_size=300))
def test_what_is_read_once_reads_the_same_again(text):
    once = visible_text(text).text
    if once == visible_text(once).text:
        return
    assert len(visible_text(once).text) < len(once)


SIZE = 300_000
REPEATED = (
    *(b"On 1 Jan 2020 wrote:\n", b"> a\n", b"x\nOn 12:00 a@b.c wrote:\n> x\n", b"From: x\nb\n"),
    *(b"-- \n", b"--\n", b"Sent from my iPhone\n", b"______\n", b"<", b"> ", b"<a@b.c", b"a@"),
    *(b"=?utf-8?Q?", b"=?x?B?=FF", b"begin 644 a\n", b"\n", b" \n", b"12:00 2020 ", b"\xff"),
    *(b"\xe4\xb8", b"\x1b$B", b"a,", b'"', b"(", b"a;b=", b'a="', b"a*0=b;", b"- ", b"wrote: "),
    *(b"--b\n\nx\n", b"--b\nContent-Type: multipart/mixed; boundary=b\n\n", b"A=", b"cid:x"),
    *(b"From: " * 17 + b"\n", b"On 2 Dec 2019 10:11 " + b"-" * 400 + b" wrote:\n"),
    *(
        b"| To | a@b.c |\n",
        b"Ann---1 2---x",
        b"this message is confidential ",
        b"von meinem iPhone ",
    ),
    *(b"Sent from my iPhone, a ", b"avast virus-free www.a.b\n", b"excuse brevity\n", b"To: a;\n"),
    *(b"<div id=signature>a</div>", b"<div style='border-top:solid #e1e1e1'>From: a</div>"),
    *(b"<div>", b"<b>", b"<blockquote>a</blockquote>b", b"<hr>", b"a<br>", b"<pre>\n", b"<!--"),
)
HEADERS = (
    b"Content-Type: text/plain; charset=utf-8\n\n%s",
    b"Content-Type: text/plain; charset=gb2312\n\n%s",
    b"Content-Type: text/html\n\n%s",
    b"Content-Type: multipart/mixed; boundary=b\n\n%s",
    b"Content-Transfer-Encoding: base64\n\n%s",
    b"From: MAILER-DAEMON@x\nReturn-Path: <>\n\n%s",
    b"To: %s\n\nx",
    b"Subject: %s\n\nx",
    b"Content-Type: text/plain; %s\n\nx",
    b"%s",
)


@pytest.mark.parametrize("template", HEADERS)
def test_nothing_keeps_the_reader_busy(template):
    """What takes seconds here would take minutes in a mail of ten megabytes."""
    slow = []
    for piece in REPEATED:
        raw = template % (piece * (SIZE // len(piece)))
        started = time.process_time()
        mail = read_mail(raw)
        visible_reply(mail)
        classify(mail)
        bounce_of(mail)
        forwarded(mail)
        if (taken := time.process_time() - started) > 3:
            slow.append((piece, round(taken, 1)))
    assert not slow


def test_mails_within_mails_are_not_held_over_and_over():
    raw = b"x" * 100_000
    for _ in range(200):
        raw = b"Content-Type: message/rfc822\n\n" + raw
    held = sum(len(part.content) for part in read_mail(raw).root.walk())
    assert held < 5 * len(raw)
