from __future__ import annotations

import socket
import time
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Any

import pytest
from hypothesis import given, strategies as st

from support_core.outgoing_policy import (
    AddressNotAllowed,
    OutgoingError,
    OutgoingPolicy,
    UrlInvalid,
)

NON_PUBLIC = """
0.0.0.0 10.1.2.3 100.64.0.1 127.0.0.1 127.255.255.254 169.254.169.254 172.16.0.1 172.31.255.255
192.0.0.1 192.0.0.9 192.0.2.1 192.88.99.1 192.168.1.1 198.18.0.1 198.51.100.7 203.0.113.9
224.0.0.1 239.255.255.250 240.0.0.1 255.255.255.255
:: ::1 ::2 fe80::1 fe80::1%eth0 fec0::1 fc00::1 fd00::1 ff02::1 ff0e::1 100::1 2001::1
2001:db8::1 3fff::1 5f00::1 4000::1 64:ff9b:1::1 ::127.0.0.1 ::ffff:0:127.0.0.1
::ffff:127.0.0.1 ::ffff:10.0.0.1 ::ffff:169.254.169.254 64:ff9b::127.0.0.1 64:ff9b::a00:1
2002:7f00:1:: 2002:a9fe:a9fe::1 2002:c0a8:101::
"""
PUBLIC = """
1.1.1.1 8.8.8.8 100.63.255.255 100.128.0.1 172.32.0.1 192.0.1.1 223.255.255.255
2606:4700::1111 2001:4860:4860::8888 ::ffff:1.1.1.1 64:ff9b::1.1.1.1 2002:101:101::1
"""

Answer = list[tuple[Any, ...]]


def answer(*addresses: str) -> Answer:
    return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 0)) for address in addresses]


@pytest.mark.parametrize("address", NON_PUBLIC.split())
def test_addresses_that_are_not_public_are_refused(address: str) -> None:
    assert not OutgoingPolicy().allows(ip_address(address))


@pytest.mark.parametrize("address", PUBLIC.split())
def test_public_addresses_are_allowed(address: str) -> None:
    assert OutgoingPolicy().allows(ip_address(address))


@given(st.ip_addresses(v=4))
def test_no_ipv4_address_is_allowed_that_python_calls_private(address: IPv4Address) -> None:
    if address.is_private or address.is_multicast or address.is_reserved:
        assert not OutgoingPolicy().allows(address)


@given(st.ip_addresses(v=4), st.sampled_from(["::ffff:0:0", "64:ff9b::", "2002::"]))
def test_an_ipv4_address_inside_an_ipv6_one_is_judged_like_itself(
    inner: IPv4Address, prefix: str
) -> None:
    shift = 80 if prefix == "2002::" else 0
    outer = IPv6Address(int(IPv6Address(prefix)) | int(inner) << shift)
    for policy in (OutgoingPolicy(), OutgoingPolicy.parse("10.0.0.0/8 127.0.0.1")):
        assert policy.allows(outer) == policy.allows(inner)


def test_configured_networks_are_allowed_and_no_others() -> None:
    policy = OutgoingPolicy.parse("127.0.0.0/8, ::1/128\n10.0.0.5")
    assert all(policy.allows(ip_address(text)) for text in ("127.9.9.9", "::1", "10.0.0.5"))
    assert not any(policy.allows(ip_address(text)) for text in ("10.0.0.6", "::2", "fe80::1"))


def test_no_networks_are_a_valid_configuration() -> None:
    assert OutgoingPolicy.parse("  ") == OutgoingPolicy()


@pytest.mark.parametrize("text", ["localhost", "10.0.0.1/8", "10.0.0.0/33"])
def test_a_network_that_is_none_is_a_configuration_error(text: str) -> None:
    with pytest.raises(ValueError, match=text.partition("/")[0]):
        OutgoingPolicy.parse(text)


@pytest.mark.parametrize(
    "url",
    [
        "https://example.com/hook?a=1",
        "http://example.com:8080",
        "https://1.1.1.1/",
        "https://[2606:4700::1111]/",
        "https://žluťoučký.example/",
    ],
)
def test_a_url_with_a_public_or_unresolved_host_is_accepted(url: str) -> None:
    OutgoingPolicy().check_url(url)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "example.com",
        "//example.com/",
        "ftp://example.com/",
        "file:///etc/passwd",
        "javascript:alert(1)",
        "https://",
        "https:///path",
        "https://./",
        "https://user:secret@example.com/",
        "https://example.com\\@127.0.0.1/",
        "https://exa mple.com/",
        "https://example.com\n/",
        "https://%31%32%37.0.0.1/",
        "https://[::1%25lo]/",
        "https://example.com:0/",
        "https://example.com:99999/",
        "https://example.com:http/",
    ],
)
def test_a_url_that_cannot_be_called_is_invalid(url: str) -> None:
    with pytest.raises(UrlInvalid) as caught:
        OutgoingPolicy().check_url(url)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "127.0.0.1.",
        "127.1",
        "0x7f.1",
        "2130706433",
        "017700000001",
        "0",
        "127。0。0。1",
        "localhost",
        "LOCALHOST.",
        "x.localhost",
        "169.254.169.254",
        "[::1]",
        "[::]",
        "[::ffff:127.0.0.1]",
        "[64:ff9b::7f00:1]",
        "[fe80::1]",
    ],
)
def test_a_literal_address_is_refused_as_soon_as_it_is_saved(host: str) -> None:
    with pytest.raises(AddressNotAllowed):
        OutgoingPolicy().check_url(f"http://{host}/")


@pytest.mark.parametrize("host", ["127.0.0.1", "127.1", "localhost", "[::ffff:127.0.0.1]"])
def test_a_literal_address_of_a_configured_network_is_accepted(host: str) -> None:
    OutgoingPolicy.parse("127.0.0.0/8").check_url(f"http://{host}/")


def verdict(url: str) -> str:
    try:
        OutgoingPolicy().check_url(url)
    except (UrlInvalid, AddressNotAllowed) as error:
        return str(error)
    return "Allowed."


@given(st.text())
def test_any_text_gets_a_verdict_in_a_sentence(text: str) -> None:
    assert verdict(text) != "Allowed."
    assert verdict(f"http://{text}/").endswith(".")
    assert verdict(f"https://{text}").endswith(".")


def test_resolving_keeps_only_the_allowed_addresses_in_their_order(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found = answer("10.0.0.1", "1.1.1.1", "::1", "2606:4700::1111", "1.1.1.1")
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
    assert OutgoingPolicy().resolve("mixed.example", 443) == [
        ip_address("1.1.1.1"),
        ip_address("2606:4700::1111"),
    ]


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "2130706433", "::1"])
def test_resolving_to_refused_addresses_only_fails(host: str) -> None:
    with pytest.raises(OutgoingError) as caught:
        OutgoingPolicy().resolve(host, 993)
    assert caught.value.kind == "refused_address"


@pytest.mark.parametrize("host", ["nowhere.invalid", "a..b", "x" * 70 + ".example", "a\0b"])
def test_a_host_that_does_not_exist_is_not_found(
    host: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = socket.getaddrinfo

    def without_network(name: str, *args: Any, **options: Any) -> Answer:
        if name.endswith(".invalid"):
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return list(real(name, *args, **options))

    monkeypatch.setattr(socket, "getaddrinfo", without_network)
    with pytest.raises(OutgoingError) as caught:
        OutgoingPolicy().resolve(host, 443)
    assert caught.value.kind == "resolve"


def test_a_slow_name_server_cannot_hold_the_caller(monkeypatch: pytest.MonkeyPatch) -> None:
    def slow(*_: object, **__: object) -> Answer:
        time.sleep(2)
        return answer("1.1.1.1")

    monkeypatch.setattr(socket, "getaddrinfo", slow)
    started = time.monotonic()
    with pytest.raises(OutgoingError) as caught:
        OutgoingPolicy().resolve("slow.example", 443, timeout=0.1)
    assert caught.value.kind == "timeout"
    assert time.monotonic() - started < 1.5


def test_connecting_goes_on_to_the_next_address(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.2", 0)) as server:
        found = answer("127.0.0.3", "127.0.0.2")
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
        policy = OutgoingPolicy.parse("127.0.0.0/8")
        with policy.connect("two.example", server.getsockname()[1]) as connection:
            assert connection.getpeername()[0] == "127.0.0.2"


def test_a_closed_port_is_a_failed_connection() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    with pytest.raises(OutgoingError) as caught:
        OutgoingPolicy.parse("127.0.0.0/8").connect("127.0.0.1", port)
    assert caught.value.kind == "connect"
