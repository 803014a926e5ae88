"""What became of a mail, as reports for programs and notices for people tell it."""

from __future__ import annotations

import pytest

from support_email.reading import Action, Kind, Mail, bounce_of, classify

from .making import a_mail, a_multipart, lines
from .notices import NOTICES, PEOPLE

NOTICE = lines("", "Your mail could not be delivered.")
ORIGINAL = lines(
    *("Content-Type: message/rfc822", "", "From: desk@example.org", "To: c@example.com"),
    *("Message-ID: <sent@example.org>", "Subject: Hello", "", "Hello"),
)


def a_report(*groups: str, original: bytes = ORIGINAL) -> Mail:
    status = lines("Content-Type: message/delivery-status", "", "Reporting-MTA: dns; mx", "")
    status += b"".join(b"\r\n" + group.encode() + b"\r\n" for group in groups)
    return a_multipart("report; report-type=delivery-status", NOTICE, status, original)


def a_group(action: str = "failed", status: str = "5.1.1", to: str = "c@example.com") -> str:
    return (
        f"Final-Recipient: rfc822; {to}\r\nAction: {action}\r\nStatus: {status}\r\n"
        "Diagnostic-Code: smtp; 550 5.1.1 no such\r\n user here"
    )


def test_a_report_tells_of_each_recipient():
    bounce = bounce_of(a_report(a_group(), a_group("delayed", "4.4.1", "d@example.com")))
    assert bounce is not None
    failed, delayed = bounce.recipients
    assert (failed.address, failed.action, failed.status) == (
        "c@example.com",
        Action.FAILED,
        "5.1.1",
    )
    assert failed.diagnostic == "550 5.1.1 no such user here"
    assert failed.permanent
    assert (delayed.address, delayed.action) == ("d@example.com", Action.DELAYED)
    assert not delayed.permanent
    assert bounce.permanent


def test_a_report_names_the_mail_that_was_sent():
    bounce = bounce_of(a_report(a_group()))
    assert bounce is not None
    assert bounce.original_message_id == "sent@example.org"
    assert bounce.original_to == ("c@example.com",)


def test_the_header_of_the_mail_is_enough():
    header = lines("Content-Type: text/rfc822-headers", "", "Message-ID: <sent@example.org>", "")
    bounce = bounce_of(a_report(a_group(), original=header))
    assert bounce is not None
    assert bounce.original_message_id == "sent@example.org"


def test_the_envelope_id_is_told():
    bounce = bounce_of(a_report("Original-Envelope-Id: e-17", a_group()))
    assert bounce is not None
    assert bounce.original_envelope_id == "e-17"


@pytest.mark.parametrize(
    ("action", "status", "permanent"),
    [
        ("failed", "5.1.1", True),
        ("failed", "4.2.2", False),
        ("failed", "5.0.0 (undefined)", True),
        ("delayed", "4.0.0", False),
        ("delayed", "5.0.0", False),
        ("FAILED (user unknown)", "5.1.1", True),
    ],
)
def test_a_status_of_class_5_that_failed_is_permanent(action, status, permanent):
    bounce = bounce_of(a_report(a_group(action, status)))
    assert bounce is not None
    assert bounce.permanent is permanent


def test_a_vague_status_gives_way_to_the_servers_own():
    bounce = bounce_of(a_report(a_group(status="5.0.0")))
    assert bounce is not None
    assert bounce.recipients[0].status == "5.1.1"


def test_a_report_of_success_is_a_report_and_no_failure():
    verdict = classify(a_report(a_group("delivered", "2.0.0")))
    assert verdict.kind is Kind.DELIVERED
    assert verdict.is_bounce
    assert not verdict.may_auto_respond


def test_a_bounce_is_never_answered():
    verdict = classify(a_report(a_group()))
    assert verdict.kind is Kind.BOUNCE
    assert not verdict.may_auto_respond


MACHINE = {"from": "Mail Delivery Subsystem <MAILER-DAEMON@example.com>", "return_path": "<>"}


@pytest.mark.parametrize(
    ("subject", "rows"),
    [
        (
            "failure notice",
            (
                "Hi. This is the qmail-send program at example.com.",
                *("", "<c@example.com>:", "Sorry, no mailbox here by that name. (#5.1.1)", ""),
                *("--- Below this line is a copy of the message.", "", "Return-Path: <d@x.org>"),
                *("Message-ID: <sent@example.org>", "To: other@example.com", "", "Hello"),
            ),
        ),
        (
            "Mail delivery failed: returning message to sender",
            (
                *("A message that you sent could not be delivered to all of its recipients.", ""),
                *("  c@example.com", "    host mx [192.0.2.1]: 550 5.1.1 unknown user", ""),
                "------ This is a copy of the message, including all the headers. ------",
                *("", "Message-ID: <sent@example.org>", "To: other@example.com", "", "Hello"),
            ),
        ),
        (
            "Undeliverable: Hello",
            (
                *("Your message did not reach the following recipient(s):", ""),
                *("c@example.com on Mon, 2 Dec 2019 10:11", "    5.1.1 not recognised", ""),
                *("Original message follows.", "", "Message-ID: <sent@example.org>"),
            ),
        ),
        (
            "メールエラー",
            (
                *("送信できませんでした。", "", "<c@example.com>: 550 5.1.1 User unknown", ""),
                *("Original message:", "Message-ID: <sent@example.org>"),
            ),
        ),
    ],
)
def test_a_notice_without_a_report_is_a_bounce(subject, rows):
    mail = a_mail(*rows, **MACHINE, subject=subject, to="desk@example.org")
    assert classify(mail).kind is Kind.BOUNCE
    bounce = bounce_of(mail)
    assert bounce is not None
    (recipient,) = bounce.recipients
    assert (recipient.address, recipient.status) == ("c@example.com", "5.1.1")
    assert recipient.permanent
    assert bounce.original_message_id == "sent@example.org"


def test_a_notice_tells_of_several_recipients():
    rows = (
        *("Unable to deliver message to the following addresses.", ""),
        *("<c@example.com>:", "550 5.1.1 no such user", ""),
        *("<d@example.com>:", "452 4.2.2 mailbox full"),
    )
    bounce = bounce_of(a_mail(*rows, **MACHINE, subject="failure notice"))
    assert bounce is not None
    assert [(it.address, it.permanent) for it in bounce.recipients] == [
        ("c@example.com", True),
        ("d@example.com", False),
    ]


def test_a_warning_of_delay_is_not_permanent():
    rows = ("Your message to <c@example.com> has been delayed.", "It will be retried for 4 days.")
    bounce = bounce_of(a_mail(*rows, **MACHINE, subject="Warning: could not send message"))
    assert bounce is not None
    assert [it.action for it in bounce.recipients] == [Action.DELAYED]
    assert not bounce.permanent


def test_the_failed_recipients_of_exim_are_believed():
    mail = a_mail("It was not possible.", x_failed_recipients="c@example.com, d@example.com")
    bounce = bounce_of(mail)
    assert bounce is not None
    assert [it.address for it in bounce.recipients] == ["c@example.com", "d@example.com"]


def test_a_person_who_forwards_a_bounce_is_none():
    mail = a_mail(
        *("What is this?", "", "A message that you sent could not be delivered:"),
        "<c@example.com>: 550 5.1.1 unknown",
        subject="Fwd: failure notice",
    )
    assert bounce_of(mail) is None


def test_an_enclosed_bounce_is_a_file_of_a_persons_mail():
    enclosed = (
        b"Content-Type: message/rfc822\r\n\r\nSubject: failure\r\nContent-Type: multipart/report;"
        b" report-type=delivery-status; boundary=x\r\n\r\n--x\r\nContent-Type:"
        b" message/delivery-status\r\n\r\nFinal-Recipient: rfc822; c@x.org\r\nAction: failed\r\n"
        b"Status: 5.1.1\r\n--x--"
    )
    assert bounce_of(a_multipart("mixed", lines("", "What is this?"), enclosed)) is None


def test_a_vacation_note_with_an_empty_return_path_is_no_bounce():
    mail = a_mail("I am on holiday until Monday.", return_path="<>", auto_submitted="auto-replied")
    assert classify(mail).kind is Kind.AUTO_REPLY


@pytest.mark.parametrize(
    "subject",
    [
        "Unzustellbar: Bestellung",
        "Non remis : Commande",
        "No se puede entregar: Pedido",
        "Onbestelbaar: Bestelling",
        "Non recapitabile: Ordine",
        "Olevererbart: Order",
        "Kan ikke leveres: Ordre",
        "Não é possível entregar: Pedido",
        "Niedostarczalne: Zamówienie",
        "Nedoručitelné: Objednávka",
        "Недоставленное: Заказ",
        "Teslim edilemedi: Sipariş",
        "未传递: 订单",
        "無法傳遞: 訂單",
        "配信不能: 注文",
        "배달되지 않음: 주문",
        "Ei voi toimittaa: Tilaus",
        "In a language that nobody taught us",
    ],
)
def test_exchange_bounces_in_every_language(subject):
    mail = a_mail(
        *("Whatever it says here, in words that nobody knows:", "", "c@example.com", ""),
        *("Remote server returned '550 5.1.10 RESOLVER.ADR.RecipientNotFound'",),
        **{"from": "postmaster@example.com", "subject": subject},
    )
    bounce = bounce_of(mail)
    assert bounce is not None
    assert [(it.address, it.permanent) for it in bounce.recipients] == [("c@example.com", True)]


def test_exchange_online_is_a_machine_whatever_it_is_called():
    sender = f"Microsoft Outlook <MicrosoftExchange{'329e71ec88ae4615bbc36ab6ce41109e'}@x.org>"
    fields = {"from": sender, "subject": "Undeliverable: Hi"}
    assert bounce_of(a_mail("c@example.com could not be found.", **fields)) is not None


@pytest.mark.parametrize("notice", NOTICES, ids=lambda notice: notice.subject)
def test_the_notice_of_every_server_tells_its_recipient(notice):
    fields = {"from": notice.sender, "subject": notice.subject, "to": "desk@example.org"}
    mail = a_mail(*notice.text.split("\n"), **fields, **notice.fields)
    assert classify(mail).kind is Kind.BOUNCE
    bounce = bounce_of(mail)
    assert bounce is not None
    (recipient,) = bounce.recipients
    assert (recipient.address, recipient.permanent) == ("c@example.com", notice.permanent)
    assert recipient.status.startswith(notice.status)


@pytest.mark.parametrize(("sender", "subject", "text"), PEOPLE)
def test_people_who_speak_of_bounces_send_none(sender, subject, text):
    fields = {"from": sender, "subject": subject, "to": "desk@example.org"}
    assert bounce_of(a_mail(*text.split("\n"), **fields)) is None
