"""Address lists, as people and programs write them."""

from __future__ import annotations

import pytest

from support_email.reading import Address
from support_email.reading.addresses import MOST_ADDRESSES, parse
from support_email.reading.dates import parse as parse_date
from support_email.reading.ids import message_id, message_ids

from .making import a_mail


@pytest.mark.parametrize(
    ("value", "addresses"),
    [
        ("ann@example.org", [Address("ann@example.org")]),
        ("Ann <ann@example.org>", [Address("ann@example.org", "Ann")]),
        ('"Smith, Ann" <ann@example.org>', [Address("ann@example.org", "Smith, Ann")]),
        ("Smith, Ann <ann@example.org>", [Address("ann@example.org", "Smith, Ann")]),
        ("ann@example.org (Ann)", [Address("ann@example.org", "Ann")]),
        ("=?utf-8?q?J=C3=B6rg?= <j@example.org>", [Address("j@example.org", "Jörg")]),
        ('"=?utf-8?q?J=C3=B6rg?=" <j@example.org>', [Address("j@example.org", "Jörg")]),
        ("'Ann' <ann@example.org>", [Address("ann@example.org", "Ann")]),
        ("a@x.org, b@x.org", [Address("a@x.org"), Address("b@x.org")]),
        ("a@x.org; b@x.org;", [Address("a@x.org"), Address("b@x.org")]),
        ("Team: a@x.org, B <b@x.org>;", [Address("a@x.org"), Address("b@x.org", "B")]),
        ("undisclosed-recipients:;", []),
        ("<@relay.org,@b.org:ann@example.org>", [Address("ann@example.org")]),
        ("Ann ann@example.org", [Address("ann@example.org", "Ann")]),
        ("Ann <ann@example.org", [Address("ann@example.org", "Ann")]),
        ("MAILER-DAEMON <>", []),
        ("nobody", []),
        ("", []),
        ('"never ended <ann@example.org>', [Address("ann@example.org", "never ended")]),
    ],
)
def test_addresses_are_found(value, addresses):
    assert list(parse(value)) == addresses


def test_there_is_an_end_to_addresses():
    assert len(parse("a@x.org, " * (MOST_ADDRESSES + 10))) == MOST_ADDRESSES


def test_two_spellings_of_an_address_have_one_key():
    assert Address("Ann@Example.ORG").key == Address("ann@example.org").key


def test_a_mail_without_from_is_from_its_sender():
    assert a_mail(**{"from": "", "sender": "s@x.org"}).sender == Address("s@x.org")
    assert a_mail(**{"from": ""}).sender is None


def test_everybody_is_told_apart():
    mail = a_mail(to="a@x.org", cc="b@x.org, c@x.org", reply_to="d@x.org")
    assert [it.email for it in mail.to] == ["a@x.org"]
    assert [it.email for it in mail.cc] == ["b@x.org", "c@x.org"]
    assert [it.email for it in mail.reply_to] == ["d@x.org"]


@pytest.mark.parametrize(
    ("value", "ids"),
    [
        ("<a@b>", ("a@b",)),
        ("<a@b> <c@d>\t<e@f>", ("a@b", "c@d", "e@f")),
        ("Your message of Monday <a@b>", ("a@b",)),
        ("<a @ b>", ("a@b",)),
        ("a@b", ("a@b",)),
        ("<a@b><a@b>", ("a@b", "a@b")),
        ("", ()),
        ("no id at all", ()),
    ],
)
def test_message_ids_are_found(value, ids):
    assert message_ids(value) == ids


def test_a_message_id_needs_no_at_sign():
    assert message_id("<unique>") == "unique"
    assert message_id("unique") == "unique"


@pytest.mark.parametrize(
    ("value", "iso"),
    [
        ("Fri, 21 Nov 1997 09:55:06 -0600", "1997-11-21T15:55:06+00:00"),
        ("21 Nov 97 09:55:06 GMT", "1997-11-21T09:55:06+00:00"),
        ("Fri, 21 Nov 1997 09:55:06", "1997-11-21T09:55:06+00:00"),
        ("Fri, 99 Nov 1997 99:55:06 -0600", None),
        ("yesterday", None),
        ("", None),
        ("Mon, 1 Jan 99999 00:00:00 +9999", None),
    ],
)
def test_dates_are_read_as_utc(value, iso):
    found = parse_date(value)
    assert (found.isoformat() if found else None) == iso
