from __future__ import annotations

import base64
import time
from datetime import UTC, datetime
from email.utils import format_datetime

import pytest
from hypothesis import given, strategies as st
from standardwebhooks import Webhook

from support_core.webhooks import (
    RETRY_DELAYS,
    SecretInvalid,
    SignatureInvalid,
    generate_secret,
    retry_after,
    retry_delay,
    sign,
    verify,
)

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
MESSAGE_ID = "msg_p5jXN8AQM9LWM0D4loKWxJek"
MOMENT = 1614265330
BODY = b'{"test": 2432232314}'
SIGNATURE = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
HEADERS = {
    "webhook-id": MESSAGE_ID,
    "webhook-timestamp": str(MOMENT),
    "webhook-signature": SIGNATURE,
}

VECTORS = [
    (SECRET, MESSAGE_ID, MOMENT, BODY, SIGNATURE),
    (
        "whsec_a2tra2tra2tra2tra2tra2tra2tra2tr",
        "msg_1",
        1700000000,
        b"{}",
        "v1,E3sCg9uS8x43RKlJqcda1EcaYZxNkN+l2u7RBZBSZQQ=",
    ),
    (
        "whsec_a2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2s=",
        "msg_2",
        1700000001,
        '{"type":"ticket.created","data":{"subject":"Žluťoučký 🐎 \\u2028"}}'.encode(),
        "v1,1DjCPYFca+bsyqU4iPgkPga7vY4SlrQabMx+P3jOaw4=",
    ),
    (
        "whsec_" + base64.b64encode(b"k" * 64).decode(),
        "msg_3",
        1700000002,
        b'{"a":"line\\nbreak"}',
        "v1,vdHAnwZD4BlLbLHL7KBs89upUVfvOhBqjrI9FzUOsDQ=",
    ),
]

keys = st.binary(min_size=1, max_size=80)
ids = st.from_regex(r"[A-Za-z0-9_-]{1,60}", fullmatch=True)


def encoded(key: bytes) -> str:
    return "whsec_" + base64.b64encode(key).decode()


@pytest.mark.parametrize(("secret", "message_id", "timestamp", "body", "signature"), VECTORS)
def test_published_vectors_are_signed_and_verified_exactly(
    secret: str, message_id: str, timestamp: int, body: bytes, signature: str
) -> None:
    headers = sign([secret], message_id=message_id, timestamp=timestamp, body=body)
    assert headers == {
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": signature,
    }
    verify(secret, headers, body, now=timestamp)


@given(keys, ids, st.integers(0, 4_000_000_000), st.text())
def test_signatures_are_those_of_the_reference_library(
    key: bytes, message_id: str, timestamp: int, body: str
) -> None:
    headers = sign([encoded(key)], message_id=message_id, timestamp=timestamp, body=body.encode())
    moment = datetime.fromtimestamp(timestamp, UTC)
    reference = Webhook(encoded(key)).sign(message_id, moment, body)
    assert headers["webhook-signature"] == reference


@given(keys, keys, ids, st.text())
def test_the_reference_library_accepts_our_headers_during_a_rotation(
    new: bytes, old: bytes, message_id: str, body: str
) -> None:
    headers = sign(
        [encoded(new), encoded(old)],
        message_id=message_id,
        timestamp=int(time.time()),
        body=body.encode(),
    )
    for key in (new, old):
        Webhook(encoded(key)).verify(body, headers, json_parse=False)


@given(st.binary(), st.binary())
def test_another_body_is_not_verified(body: bytes, other: bytes) -> None:
    headers = sign([SECRET], message_id="msg_1", timestamp=MOMENT, body=body)
    verify(SECRET, headers, body, now=MOMENT)
    if body != other:
        with pytest.raises(SignatureInvalid):
            verify(SECRET, headers, other, now=MOMENT)


def test_several_secrets_are_signed_apart_by_spaces_in_their_order() -> None:
    other = generate_secret()
    both = sign([SECRET, other], message_id=MESSAGE_ID, timestamp=MOMENT, body=BODY)
    first, second = both["webhook-signature"].split(" ")
    assert first == SIGNATURE
    alone = sign([other], message_id=MESSAGE_ID, timestamp=MOMENT, body=BODY)
    assert second == alone["webhook-signature"]


@pytest.mark.parametrize("missing", sorted(HEADERS))
def test_a_missing_or_empty_header_is_refused(missing: str) -> None:
    without = {name: value for name, value in HEADERS.items() if name != missing}
    for headers in (without, without | {missing: ""}):
        with pytest.raises(SignatureInvalid):
            verify(SECRET, headers, BODY, now=MOMENT)


@pytest.mark.parametrize(
    "timestamp", ["hello", "-1614265330", "1614265330.0", " 1614265330", "١٦١٤٢٦٥٣٣٠", "9" * 5000]
)
def test_a_malformed_timestamp_is_refused(timestamp: str) -> None:
    with pytest.raises(SignatureInvalid):
        verify(SECRET, HEADERS | {"webhook-timestamp": timestamp}, BODY, now=MOMENT)


@pytest.mark.parametrize(
    ("now", "accepted"), [(-301, False), (-300, True), (300, True), (301, False)]
)
def test_a_message_is_accepted_for_five_minutes_both_ways(now: int, *, accepted: bool) -> None:
    if accepted:
        verify(SECRET, HEADERS, BODY, now=MOMENT + now)
    else:
        with pytest.raises(SignatureInvalid, match="too old or too new"):
            verify(SECRET, HEADERS, BODY, now=MOMENT + now)


@pytest.mark.parametrize(
    "signature",
    [
        "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OA=",
        "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OF=",
        "v2,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
        "v1a,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
        "g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
        "v1",
        "v1,",
        "v1,žluťoučký",
        " ",
    ],
)
def test_a_wrong_or_malformed_signature_is_refused(signature: str) -> None:
    with pytest.raises(SignatureInvalid, match="No signature matches"):
        verify(SECRET, HEADERS | {"webhook-signature": signature}, BODY, now=MOMENT)


def test_one_valid_signature_among_wrong_ones_is_enough() -> None:
    signatures = f"v1,AAAA v2,{SIGNATURE[3:]} nonsense {SIGNATURE} v1a,AAAA"
    verify(SECRET, HEADERS | {"webhook-signature": signatures}, BODY, now=MOMENT)


def test_header_names_match_in_any_case() -> None:
    verify(SECRET, {name.title(): value for name, value in HEADERS.items()}, BODY, now=MOMENT)


@pytest.mark.parametrize(
    "secret", [SECRET, SECRET.removeprefix("whsec_"), SECRET + "==", SECRET + "="]
)
def test_a_secret_is_taken_with_or_without_prefix_and_padding(secret: str) -> None:
    verify(secret, HEADERS, BODY, now=MOMENT)


@given(keys)
def test_an_unpadded_secret_is_the_padded_one(key: bytes) -> None:
    padded = sign([encoded(key)], message_id="a", timestamp=1, body=b"")
    assert padded == sign([encoded(key).rstrip("=")], message_id="a", timestamp=1, body=b"")


@pytest.mark.parametrize("secret", ["", "whsec_", "whsec_==", "whsec_a", "whsec_ä", "not base64!"])
def test_an_empty_or_broken_secret_is_refused_without_being_quoted(secret: str) -> None:
    with pytest.raises(SecretInvalid) as caught:
        sign([secret], message_id="msg_1", timestamp=1, body=b"")
    assert secret in ("", "whsec_") or secret not in str(caught.value)
    with pytest.raises(SecretInvalid):
        verify(secret, HEADERS, BODY, now=MOMENT)


def test_signing_without_a_secret_is_refused() -> None:
    with pytest.raises(ValueError, match="one secret at least"):
        sign([], message_id="msg_1", timestamp=1, body=b"")


@pytest.mark.parametrize("message_id", ["", "a.b", "a b", "a\r\nx: y", "ž"])
def test_an_id_that_would_make_headers_or_content_ambiguous_is_refused(message_id: str) -> None:
    with pytest.raises(ValueError, match="webhook id"):
        sign([SECRET], message_id=message_id, timestamp=1, body=b"")


def test_generated_secrets_are_32_random_bytes() -> None:
    secrets = {generate_secret() for _ in range(100)}
    assert len(secrets) == 100
    for secret in secrets:
        assert len(base64.b64decode(secret.removeprefix("whsec_"), validate=True)) == 32


def test_delays_are_those_of_the_specification() -> None:
    assert [retry_delay(attempt, jitter=0) for attempt in range(1, 12)] == [*RETRY_DELAYS, None]
    assert sum(RETRY_DELAYS) == 75 * 3600 + 35 * 60 + 5


def test_jitter_lengthens_a_delay_within_its_share() -> None:
    delays = {retry_delay(3, jitter=0.5) for _ in range(200)}
    assert len(delays) > 100
    assert all(delay is not None and 300 <= delay <= 450 for delay in delays)
    assert retry_delay(1) == 0


def test_attempts_are_counted_from_one() -> None:
    with pytest.raises(ValueError, match="from 1"):
        retry_delay(0)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("0", 0),
        ("120", 120),
        (" 120 ", 120),
        ("86401", 86_400),
        ("9" * 5000, 86_400),
        ("Thu, 25 Feb 2021 15:03:10 GMT", 60),
        ("Thursday, 25-Feb-21 15:03:10 GMT", 60),
        ("Thu Feb 25 15:03:10 2021", 60),
        ("Thu, 25 Feb 2021 15:00:00 GMT", 0),
        ("Thu, 25 Feb 2031 15:03:10 GMT", 86_400),
    ],
)
def test_retry_after_gives_seconds_within_a_day(value: str, seconds: int) -> None:
    assert retry_after(value, now=MOMENT) == seconds


@pytest.mark.parametrize(
    "value", [None, "", "soon", "-5", "1.5", "1e3", "٣", "25 Feb", "Thu, 99 Feb 2021 1:1:1 GMT"]
)
def test_a_malformed_retry_after_is_ignored(value: str | None) -> None:
    assert retry_after(value, now=MOMENT) is None


@given(st.text() | st.datetimes(timezones=st.just(UTC)).map(format_datetime))
def test_any_retry_after_is_a_wait_of_a_day_at_most_or_none(value: str) -> None:
    seconds = retry_after(value, now=MOMENT)
    assert seconds is None or 0 <= seconds <= 86_400
