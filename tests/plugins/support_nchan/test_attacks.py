"""Nobody sees what is not theirs, and nobody but the desk says anything."""

from __future__ import annotations

import socket
import time
from typing import TYPE_CHECKING

import httpx
import pytest

from .conftest import SECRET
from .test_streams import customer, head_of, publish

if TYPE_CHECKING:
    from support_core.testing import TestWorkspace

    from .conftest import Behind

INTERNAL = "/support-core/nchan/subscribe"


def test_a_workspace_hears_nothing_of_another(
    behind: Behind, shop: TestWorkspace, rival: TestWorkspace
) -> None:
    with behind.listen(shop) as ours, behind.listen(rival) as theirs:
        ours.wait_until_open()
        theirs.wait_until_open()
        customer(shop, "ours")
        publish(behind)
        ours.wait_for(1)
        assert theirs.stays_quiet()
        customer(rival, "theirs")
        publish(behind)
        theirs.wait_for(1)
        assert len(ours.frames) == 1


def test_another_workspaces_mailbox_is_no_mailbox(
    behind: Behind, shop: TestWorkspace, rival: TestWorkspace
) -> None:
    with behind.listen(shop, mailbox_id=rival.mailbox()) as stream:
        if stream.status == 200:
            rival.conversation(channel="api")
            publish(behind)
            assert stream.stays_quiet()
        else:
            assert stream.status == 422


def test_what_a_token_may_not_see_does_not_reach_it(behind: Behind, shop: TestWorkspace) -> None:
    narrow = shop.token(abilities=["view_conversations"])
    with behind.listen(shop) as everything, behind.listen(shop, token=narrow) as little:
        everything.wait_until_open()
        little.wait_until_open()
        role = {"name": "night", "permissions": ["view_conversations"]}
        made = shop.owner.post("/roles", role)
        assert made.status_int == 201
        with shop.desk() as desk:
            desk.events.publish("role.noticed", role_id=made.json["data"]["id"])
        customer(shop, "seen")
        publish(behind)
        everything.wait_for(2)
        little.wait_for(1)
        assert little.stays_quiet()
    assert "role.noticed" in {frame.event for frame in everything.frames}
    assert {frame.event for frame in little.frames} == {"customer.created"}


def test_who_may_view_nothing_is_refused_before_nchan(behind: Behind, shop: TestWorkspace) -> None:
    with behind.listen(shop, token=shop.token(abilities=["manage_mailboxes"])) as stream:
        assert stream.status == 403
    with behind.listen(shop, token="no-token-at-all") as stream:
        assert stream.status == 401


def test_a_revoked_token_loses_its_stream_at_once(behind: Behind, shop: TestWorkspace) -> None:
    with shop.desk() as desk:
        user = desk.members.get(shop.owner_id)
        token, secret = desk.tokens.create(user, name="lost", abilities=None)
        number = token.id
    with behind.listen(shop, token=secret) as lost, behind.listen(shop) as kept:
        lost.wait_until_open()
        kept.wait_until_open()
        assert shop.owner.delete(f"/tokens/{number}").status_int in {200, 204}
        publish(behind)
        lost.wait_for_the_end()
        customer(shop, "afterwards")
        publish(behind)
        kept.wait_for(1)
        assert not kept.ended.is_set()
    with behind.listen(shop, token=secret, after=lost.last_id) as stream:
        assert stream.status == 401


def test_a_member_who_is_sent_away_loses_the_stream(behind: Behind, shop: TestWorkspace) -> None:
    member = shop.member("agent")
    behind.settle()
    with behind.listen(shop, token=shop.token(user_id=member)) as stream:
        stream.wait_until_open()
        assert shop.owner.delete(f"/users/{member}").status_int == 200
        publish(behind)
        stream.wait_for_the_end()


def test_a_changed_role_ends_the_streams_of_the_workspace(
    behind: Behind, shop: TestWorkspace, rival: TestWorkspace
) -> None:
    role = {"name": "half", "permissions": ["view_conversations", "manage_customers"]}
    made = shop.owner.post("/roles", role).json["data"]
    behind.settle()
    with behind.listen(shop) as ours, behind.listen(rival) as theirs:
        ours.wait_until_open()
        theirs.wait_until_open()
        changed = {**role, "permissions": ["view_conversations"]}
        assert shop.owner.put(f"/roles/{made['id']}", changed).status_int == 200
        publish(behind)
        ours.wait_for_the_end()
        assert not theirs.ended.is_set()


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE", "OPTIONS", "HEAD"])
def test_the_internal_location_is_not_there_from_outside(behind: Behind, method: str) -> None:
    for path in (
        INTERNAL,
        f"{INTERNAL}?x=1",
        f"/api/..{INTERNAL}",
        INTERNAL.replace("nchan", "%6echan"),
        f"/{INTERNAL}",
    ):
        url = httpx.URL(behind.url).copy_with(raw_path=path.encode())
        headers = {
            "Accept": "text/event-stream",
            "X-Support-Channels": "1/view_conversations",
            "X-Accel-Redirect": INTERNAL,
        }
        with httpx.Client(trust_env=False) as client:
            answer = client.request(method, url, headers=headers)
        assert answer.status_code in {400, 404}, path


def test_headers_of_a_request_name_no_channels(
    behind: Behind, shop: TestWorkspace, rival: TestWorkspace
) -> None:
    stream = behind.listen(shop)
    forged = {
        "X-Support-Channels": f"{rival.id}/view_conversations",
        "X-Support-After": f"{int(time.time()) - 600}:0",
        "X-Accel-Redirect": INTERNAL,
        "If-Modified-Since": "Mon, 01 Jan 2024 00:00:00 GMT",
        "If-None-Match": "0",
    }
    with type(stream)(stream.url, stream.token, forged) as stream:
        assert stream.status == 200
        customer(rival, "secret")
        publish(behind)
        stream.stays_quiet()
        assert "customer.created" not in {frame.event for frame in stream.frames}


def test_a_stream_takes_nothing_from_its_client(behind: Behind, shop: TestWorkspace) -> None:
    """Neither a POST, which nchan would publish, nor a WebSocket, which it would listen to."""
    url = f"{behind.url}/api/support/events/stream"
    headers = {"Authorization": f"Bearer {shop.token()}", "Accept": "text/event-stream"}
    with behind.listen(shop) as stream, httpx.Client(trust_env=False) as client:
        stream.wait_until_open()
        assert client.post(url, headers=headers, content=b"forged").status_code == 405
        assert client.delete(url, headers=headers).status_code == 405
        upgrade = {
            "Connection": "Upgrade",
            "Upgrade": "websocket",
            "Sec-WebSocket-Version": "13",
            "Sec-WebSocket-Key": "x3JJHMbDL1EzLkh9GBhXDw==",
        }
        with client.stream("GET", url, headers={**headers, **upgrade}) as answer:
            assert answer.status_code != 101
        assert stream.stays_quiet()


@pytest.mark.parametrize("authorization", ["", "Bearer wrong", f"Basic {SECRET}", SECRET])
@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE"])
def test_the_publisher_asks_for_the_secret(
    behind: Behind, shop: TestWorkspace, authorization: str, method: str
) -> None:
    headers = {
        "X-Support-Channels": f"{shop.id}/view_conversations",
        "Authorization": authorization,
    }
    with behind.listen(shop) as stream, httpx.Client(trust_env=False) as client:
        stream.wait_until_open()
        for path in ("/publish", "/passing"):
            answer = client.request(method, behind.publisher_url + path, headers=headers)
            assert answer.status_code == 403
        assert client.get(f"{behind.publisher_url}/", headers=headers).status_code == 404
        assert stream.stays_quiet(0.2)
        assert not stream.ended.is_set()


def test_the_publisher_is_not_where_clients_come_in(behind: Behind, shop: TestWorkspace) -> None:
    headers = {
        "Authorization": f"Bearer {SECRET}",
        "X-Support-Channels": f"{shop.id}/view_conversations",
    }
    for path in ("/publish", "/passing", "/api/support/publish"):
        answer = httpx.post(behind.url + path, headers=headers, content=b"{}")
        assert answer.status_code in {401, 404}


def test_one_caller_holds_only_so_many_streams(behind: Behind, shop: TestWorkspace) -> None:
    host, _, port = behind.site.listen.partition(":")
    token = shop.token()
    request = (
        "GET /api/support/events/stream HTTP/1.1\r\nHost: desk\r\nAccept: text/event-stream\r\n"
        f"Authorization: Bearer {token}\r\n\r\n"
    ).encode()
    connections = []
    statuses = []
    try:
        for _ in range(22):
            connection = socket.create_connection((host, int(port)), timeout=20)
            connections.append(connection)
            connection.sendall(request)
            statuses.append(connection.recv(4096).split()[1])
    finally:
        for connection in connections:
            connection.close()
    assert statuses == [b"200"] * 20 + [b"429"] * 2
    with behind.listen(shop) as stream:
        assert stream.status == 200, "another caller is not concerned"


def test_nothing_is_missing_from_what_the_owner_saw(behind: Behind, shop: TestWorkspace) -> None:
    with behind.listen(shop) as stream:
        stream.wait_until_open()
        first = head_of(shop)
        shop.conversation(channel="api")
        shop.member("agent")
        publish(behind)
        last = head_of(shop)
        stream.wait_for(last - first)
    assert stream.ids == list(range(first + 1, last + 1))
