"""What `mail inspect` prints, and what a collection of expectations is answered."""

from __future__ import annotations

import json

import pytest

from support_email.reading import inspect
from support_email.reading.inspection import reading_of

from .making import lines

RAW = lines(
    *("From: Ann <ann@example.org>", "To: desk@example.org", "Subject: Hello"),
    *("Message-ID: <1@example.org>", "Date: Mon, 2 Dec 2019 10:11:12 +0100", ""),
    *("Yes", "", "On 1 Dec 2019, Bob wrote:", "> Well?"),
)


def test_all_that_is_made_of_a_mail_is_told_and_is_json():
    told = json.loads(json.dumps(inspect(RAW)))
    assert told["from"] == {"email": "ann@example.org", "name": "Ann"}
    assert told["to"] == [{"email": "desk@example.org", "name": ""}]
    assert told["date"] == "2019-12-02T09:11:12+00:00"
    assert (told["reply"], told["kind"], told["may_auto_respond"]) == ("Yes", "human", True)
    assert told["quoted"] == "On 1 Dec 2019, Bob wrote:\n> Well?"
    assert (told["bounce"], told["forwarded"], told["attachments"]) == (None, None, [])


def test_a_collection_asks_for_these_fields():
    assert set(reading_of(RAW)) == {
        *("reply", "from_email", "from_name", "subject", "message_id", "in_reply_to"),
        *("references", "text", "attachments", "is_bounce", "is_auto_reply", "may_auto_respond"),
    }


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("text", b"Yes\n\nOn 1 Dec 2019, Bob wrote:\n> Well?"),
        ("html", b"Yes<blockquote>Well?</blockquote>"),
    ],
)
def test_of_a_bare_body_it_asks_for_the_reply_only(kind, body):
    assert reading_of(body, kind) == {"reply": "Yes"}
