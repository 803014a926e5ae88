"""What somebody wrote in a plain mail, apart from what was quoted and signed."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from support_email.reading import visible_reply, visible_text

from .making import a_mail


def replies() -> list[tuple[str, str, str]]:
    """Return names, replies and quotations of replies.txt."""
    written = Path(__file__).with_name("replies.txt").read_text("utf-8")
    entries = re.split(r"^=== (.*)\n", written, flags=re.MULTILINE)[1:]
    return [
        (name, *body.removesuffix("\n").split("\n--- quoted\n", 1))
        for name, body in zip(entries[::2], entries[1::2], strict=True)
    ]


@pytest.mark.parametrize(
    ("reply", "quoted"), [it[1:] for it in replies()], ids=[it[0] for it in replies()]
)
@pytest.mark.parametrize("gap", ["\n\n", "\n"])
def test_what_a_client_quotes_is_told_from_the_reply(gap, reply, quoted):
    visible = visible_text(f"{reply}{gap}{quoted}")
    assert visible.text == reply
    first, last = quoted.split("\n")[0].strip(), quoted.rstrip().split("\n")[-1].strip()
    assert last in visible.quoted
    assert first in visible.quoted + visible.signature


@pytest.mark.parametrize(
    "text",
    [
        "Only text.",
        "Please book:\n\nFrom: Berlin\nTo: Munich\nDate: 3.4.2025 10:00\n\nThanks",
        "The interview:\n\nDate: Wednesday 3, October 2011\nTime: 7:00\n\nBring your ID.",
        "My boss wrote to me on 3.4.2025 about this:\nhe is not amused.\n\nWhat shall we do?",
        "As you said on 04/03/2025:\n\nthe device is broken.\n\nSo I want my money back.",
        "I need\n- one\n- two",
        "Run this:\n\n--\nDROP TABLE x;\n--\n\nand tell me.",
        "First part\n\n---\n\nSecond part with much to say about it, and then some more.",
        "See here\n>>> >>>  https://example.org <<<\nand come again",
        "Hello.\n\nSent from my desk, is much easier than from my telephone.",
        "With regards to the price: it is fine.",
        "Enter below:\n\n----- Enter Feedback Below -----\n\nIt was very good.",
        ":)",
        "+1",
    ],
)
def test_what_only_looks_quoted_or_signed_stays(text):
    visible = visible_text(text)
    assert visible.text == text
    assert (visible.quoted, visible.signature) == ("", "")


def test_an_answer_below_the_quotation_is_the_reply():
    text = "On 04/19/2011 07:10 AM, Ann wrote:\n\n>\n> Is it blue?\nYes, it is."
    assert visible_text(text).text == "Yes, it is."


def test_a_farewell_below_the_quotation_belongs_to_the_reply():
    text = "Yes\n\nOn 04/19/2011 07:10 AM, Ann wrote:\n\n> Is it blue?\n\nRegards, Bob"
    assert visible_text(text).text == "Yes\n\nRegards, Bob"


def test_answers_between_quotations_keep_what_they_answer():
    text = "On 3 Apr 2012, Ann wrote:\n> Is it blue?\nYes\n> Is it big?\nNo"
    assert visible_text(text).text == "Yes\n> Is it big?\nNo"


def test_a_quotation_that_a_long_answer_speaks_of_stays():
    answer = "It is blue, as far as I can see from here, and it has been for years."
    text = f"Hi,\nOn 3 Apr 2012, Ann wrote:\n> Is it blue?\n\n{answer}"
    assert visible_text(text).text == text


def test_what_a_client_broke_off_a_quoted_line_is_quoted_too():
    long = "> This line is long enough for the client to have wrapped it at the last"
    text = f"Yes\n\nOn 3 Apr 2012, Ann wrote:\n{long}\nword.\n> And so on."
    assert visible_text(text).text == "Yes"


def test_a_mail_of_nothing_but_a_quotation_is_shown_whole():
    text = "> Is it blue?\n> Is it big?"
    assert visible_text(text).text == text


def test_a_reply_whose_quotation_is_not_marked_and_comes_first_loses_its_introduction():
    assert visible_text("On 8 May 2017 17:34, Ann <a@x.org> wrote:\n\nYes").text == "Yes"


@pytest.mark.parametrize(
    "signature",
    [
        "-- \nBob\nHead of Sales",
        "--\nBob",
        "-Bob Smith",
        "Sent from my iPhone",
        "Get Outlook for iOS<https://aka.ms/o0ukef>",
        "Von meinem iPhone gesendet",
        "Envoyé de mon iPad",
        "Enviado desde mi iPhone",
        "发自我的iPhone",
        "iPhoneから送信",
        "______________________________\nsome list\nsome-list@example.org",
        "This e-mail and any attachments are confidential and for the addressee only.\nIf not,",
        "Sent from my iPhone\n-- \nBob",
    ],
)
def test_signatures_are_told_from_the_text(signature):
    visible = visible_text(f"Hello there.\n\n{signature}")
    assert visible.text == "Hello there."
    assert visible.signature == signature.replace("-- \n", "--\n")
    assert visible.quoted == ""


def test_a_signature_below_the_quotation_is_none_of_the_reply():
    text = "Yes\n\nOn 3 Apr 2012, Ann wrote:\n> Is it blue?\n\n-- \nBob"
    visible = visible_text(text)
    assert (visible.text, visible.signature) == ("Yes", "--\nBob")


FORWARD = (
    "See below.\n\n---------- Forwarded message ----------\nFrom: A <a@x.org>\nDate: 2020\n\nHi"
)


def test_a_forwarded_mail_is_what_was_sent():
    assert visible_text(FORWARD).text == FORWARD


def test_what_outlook_forwards_is_told_by_the_subject():
    text = "See below.\n\nFrom: A <a@x.org>\nSent: 2 April 2020 10:00\nTo: B\nSubject: Hi\n\nHello"
    assert visible_reply(a_mail(*text.split("\n"), subject="FW: Hi")).text == text
    assert visible_reply(a_mail(*text.split("\n"), subject="RE: Hi")).text == "See below."


def test_a_forwarded_mail_that_is_quoted_is_quoted():
    quoted = FORWARD.replace("\n", "\n> ")
    text = f"Thanks\n\nOn 3 Apr 2012, Ann wrote:\n> {quoted}"
    assert visible_text(text).text == "Thanks"


def test_an_answer_below_a_quoted_thread_is_not_lost():
    thread = "> Yes.\n> -----Original Message-----\n> From: B <b@x.org>\n> Subject: Hi\n>\n> Blue?"
    text = f"On 3 Apr 2012, Ann wrote:\n{thread}\n\nNo."
    assert visible_text(text).text == "No."


def test_a_very_long_line_is_no_introduction():
    text = "Yes " + "x" * 100_000 + " wrote:"
    assert visible_text(text).text == text
