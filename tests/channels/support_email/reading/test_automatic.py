"""Who or what wrote a mail, and whether it may be answered automatically (RFC 3834)."""

from __future__ import annotations

import pytest

from support_email.reading import Kind, classify

from .making import a_mail, a_multipart, lines


def test_a_person_may_be_answered():
    verdict = classify(a_mail("Hello"))
    assert verdict.kind is Kind.HUMAN
    assert verdict.may_auto_respond
    assert verdict.reasons == ()
    assert not verdict.is_bounce


@pytest.mark.parametrize(
    ("field", "value", "kind"),
    [
        ("auto_submitted", "auto-replied", Kind.AUTO_REPLY),
        ("auto_submitted", "Auto-Replied (vacation)", Kind.AUTO_REPLY),
        ("auto_submitted", "auto-generated", Kind.NOTIFICATION),
        ("auto_submitted", "auto-notified; owner-email=x", Kind.NOTIFICATION),
        ("x_autoreply", "yes", Kind.AUTO_REPLY),
        ("x_autorespond", "", Kind.HUMAN),
        ("x_auto_reply", "1", Kind.AUTO_REPLY),
        ("x_apple_action", "VACATION", Kind.AUTO_REPLY),
        ("precedence", "auto_reply", Kind.AUTO_REPLY),
        ("precedence", "bulk", Kind.LIST),
        ("precedence", "List", Kind.LIST),
        ("precedence", "junk", Kind.LIST),
        ("list_id", "<news.example.org>", Kind.LIST),
        ("list_unsubscribe", "<https://example.org/u>", Kind.LIST),
        ("list_post", "<mailto:l@example.org>", Kind.LIST),
        ("subject", "Automatic reply: Your order", Kind.AUTO_REPLY),
        ("subject", "Re: Automatische Antwort: Bestellung", Kind.AUTO_REPLY),
        ("subject", "Réponse automatique : commande", Kind.AUTO_REPLY),
        ("subject", "自动回复：订单", Kind.AUTO_REPLY),
        ("from", "MAILER-DAEMON@example.org", Kind.NOTIFICATION),
        ("return_path", "<>", Kind.NOTIFICATION),
    ],
)
def test_what_no_person_wrote_is_never_answered(field, value, kind):
    verdict = classify(a_mail("I am away.", **{field: value}))
    assert verdict.kind is kind
    assert verdict.may_auto_respond is (kind is Kind.HUMAN)
    assert bool(verdict.reasons) is (kind is not Kind.HUMAN)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("x_auto_response_suppress", "OOF"),
        ("x_auto_response_suppress", "DR, RN, NRN, OOF, AutoReply"),
        ("x_auto_response_suppress", "All"),
        ("x_loop", "desk@example.org"),
        ("x_ms_exchange_inbox_rules_loop", "ann@example.org"),
        ("from", "noreply@example.org"),
        ("from", "no-reply@example.org"),
        ("from", "do_not_reply@example.org"),
        ("from", "owner-list@example.org"),
        ("from", "list-request@example.org"),
        ("from", "bounces+1234@example.org"),
        ("from", "Desk@Example.org"),
    ],
)
def test_a_person_is_not_answered_where_nobody_wants_it(field, value):
    verdict = classify(a_mail("Hello", **{field: value}), own_addresses={"desk@example.org"})
    assert verdict.kind is Kind.HUMAN
    assert not verdict.may_auto_respond


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("auto_submitted", "no"),
        ("precedence", "normal"),
        ("x_auto_response_suppress", "DR, RN"),
        ("x_auto_response_suppress", "None"),
        ("subject", "Question about your automatic reply"),
        ("subject", "Undeliverable parcel"),
        ("subject", "Fwd: Delivery Status Notification (Failure)"),
        ("from", "Ann Postma <postma@example.org>"),
        ("from", "replygirl@example.org"),
    ],
)
def test_a_person_is_not_taken_for_a_program(field, value):
    verdict = classify(a_mail("My mail could not be delivered: 550 5.1.1", **{field: value}))
    assert verdict.kind is Kind.HUMAN
    assert verdict.may_auto_respond


def report(kind: str, part: str) -> bytes:
    return lines(f"Content-Type: message/{kind}", "", part)


def test_a_receipt_says_that_a_mail_was_read():
    part = report("disposition-notification", "Disposition: manual-action; displayed")
    verdict = classify(a_multipart("report; report-type=disposition-notification", part))
    assert verdict.kind is Kind.READ
    assert not verdict.may_auto_respond


def test_a_feedback_report_is_a_complaint():
    part = report("feedback-report", "Feedback-Type: abuse")
    verdict = classify(a_multipart("report; report-type=feedback-report", part))
    assert verdict.kind is Kind.COMPLAINT


def test_a_complaint_of_microsofts_is_one_too():
    enclosed = report("rfc822", "X-HmXmrOriginalRecipient: a@hotmail.com\r\nSubject: x\r\n\r\nHi")
    assert classify(a_multipart("mixed", enclosed)).kind is Kind.COMPLAINT
