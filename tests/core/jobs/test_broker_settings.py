"""What ``support.broker`` may be, and what is said of what it may not."""

from __future__ import annotations

import sys

import pytest

from support_core.jobs.transport import clean, connect, shown
from support_core.settings import CORE_SETTINGS, ConfigurationError, Settings

PASSWORD = "hunter2"


def _refused(url):
    with pytest.raises(ConfigurationError) as raised:
        connect(Settings({"support.broker": url}, CORE_SETTINGS)["support.broker"])
    said = str(raised.value)
    assert said.startswith("support.broker")
    assert PASSWORD not in said
    return said


@pytest.mark.parametrize(
    ("url", "says"),
    [
        (f"kafka://me:{PASSWORD}@host", "say embedded, amqp://"),
        ("memory", "say embedded, amqp://"),
        (f"redis://:{PASSWORD}@host:here/0", "its port is not a number"),
        (f"redis://:{PASSWORD}@host:99999/0", "its port is not a number"),
        ("redis:///0", "it names no host"),
        (f"amqp://me:{PASSWORD}@:5672/desk", "it names no host"),
        (f"redis://:{PASSWORD}@host/desk", "the number of a database"),
        (f"redis://:{PASSWORD}@host/0?colour=red", "colour"),
        (f"amqp://me:{PASSWORD}@host/desk?heartbeat=often", "heartbeat"),
    ],
)
def test_an_address_that_cannot_be_used_is_refused_in_one_sentence(url, says):
    assert says in _refused(url)


@pytest.mark.parametrize(
    ("url", "client", "extra"),
    [
        (f"redis://:{PASSWORD}@host/0", "redis", "support-core[redis]"),
        (f"amqp://me:{PASSWORD}@host/desk", "pika", "support-core[rabbitmq]"),
    ],
)
def test_a_client_that_is_not_installed_is_named_with_its_extra(url, client, extra, monkeypatch):
    ours = f"support_core.jobs.{'redis' if client == 'redis' else 'rabbitmq'}_transport"
    monkeypatch.delitem(sys.modules, ours, raising=False)
    monkeypatch.setitem(sys.modules, client, None)
    assert f"pip install '{extra}'" in _refused(url)


def test_what_an_error_says_never_holds_the_password():
    url = "redis://:s%40cret@host/0"
    assert clean(ValueError("s@cret and s%40cret"), url) == "*** and ***"
    assert shown(url) == "redis://:***@host/0"
    assert clean(OSError(), url) == "OSError"


@pytest.mark.parametrize("url", ["amqps://me:pw@host/desk", "rediss://:pw@host:6380/3?namespace=a"])
def test_addresses_with_encryption_are_taken(url):
    transport = connect(url)
    assert transport.name in {"RabbitMQ", "Redis"}
    transport.close()
