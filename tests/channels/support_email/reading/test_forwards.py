"""The mail that a mail passes on."""

from __future__ import annotations

import pytest

from support_email.reading import Address, forwarded, visible_reply

from .making import a_mail, a_multipart, lines
from .passed_on import FORWARDS

BLOCK = ("From: Customer <c@example.com>", "Date: Mon, 2 Dec 2019 10:11", "Subject: Broken")


def test_gmail_says_that_it_forwards():
    mail = a_mail("Please help.", "", "---------- Forwarded message ---------", *BLOCK, "", "Help!")
    found = forwarded(mail)
    assert found is not None
    assert found.sender == Address("c@example.com", "Customer")
    assert (found.subject, found.text, found.note) == ("Broken", "Help!", "Please help.")


def test_apple_says_so_too():
    found = forwarded(a_mail("", "Anfang der weitergeleiteten Nachricht:", "", *BLOCK, "", "Help!"))
    assert found is not None
    assert found.text == "Help!"


def test_outlook_says_so_in_the_subject_only():
    block = (
        "From: Customer [mailto:c@example.com]",
        *("Sent: Monday, 2 December 2019 10:11", "To: Ann", "Subject: Broken"),
    )
    found = forwarded(a_mail("Please help.", "", *block, "", "Help!", subject="FW: Broken"))
    assert found is not None
    assert found.sender == Address("c@example.com", "Customer")
    assert forwarded(a_mail("Thanks", "", *block, "", "Help!", subject="RE: Broken")) is None


def test_the_html_is_read_where_there_is_no_text():
    html = (
        "<div class=gmail_quote><div>---------- Forwarded message ---------<br>"
        "From: <b>Customer</b> &lt;<a href='mailto:c@example.com'>c@example.com</a>&gt;<br>"
        "Date: Mon, 2 Dec 2019<br>Subject: Broken<br></div><p>Help!</p></div>"
    )
    found = forwarded(a_mail(html, **{"content-type": "text/html"}))
    assert found is not None
    assert found.sender == Address("c@example.com", "Customer")
    assert found.text.strip() == "Help!"


def test_an_attached_mail_is_passed_on():
    enclosed = lines(
        *("Content-Type: message/rfc822", "", "From: Customer <c@example.com>"),
        *("Subject: Broken", "Message-ID: <1@example.com>", "", "Help!"),
    )
    found = forwarded(a_multipart("mixed", lines("", "Please help."), enclosed))
    assert found is not None
    assert found.sender == Address("c@example.com", "Customer")
    assert (found.text, found.note, found.message_id) == ("Help!", "Please help.", "1@example.com")


def test_several_attached_mails_are_files():
    enclosed = lines("Content-Type: message/rfc822", "", "From: c@example.com", "", "Help!")
    assert forwarded(a_multipart("mixed", enclosed, enclosed)) is None


def test_a_reply_passes_nothing_on():
    assert forwarded(a_mail("Thanks", "", "On 2 Dec 2019, Ann wrote:", "> Hello")) is None


@pytest.mark.parametrize(("subject", "body"), FORWARDS)
@pytest.mark.parametrize("note", ["", "Please answer.\n\nBob"])
def test_every_client_passes_on_its_own_way(note, subject, body):
    mail = a_mail(*f"{note}\n\n{body}".strip().split("\n"), subject=subject)
    found = forwarded(mail)
    assert found is not None
    assert found.sender == Address("ann@example.com", "Ann Smith")
    assert (found.text.strip(), found.note) == ("Hello, where is my lamp?", note)
    assert "where is my lamp" in visible_reply(mail).text
