from __future__ import annotations

import stat
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest
from cryptography.fernet import Fernet
from hypothesis import given, strategies as st

from support_core.crypto import KeyInvalid, Keyring, SecretUnreadable

if TYPE_CHECKING:
    from pathlib import Path


def new_key() -> str:
    return Fernet.generate_key().decode()


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    path = tmp_path / "secret.keys"
    Keyring.create_file(path)
    return path


SHARED = Keyring.from_keys([new_key(), new_key()])


@given(st.text())
def test_any_text_comes_back_and_its_token_is_plain_ascii(text: str) -> None:
    token = SHARED.encrypt(text)
    assert token.isascii()
    assert SHARED.decrypt(token) == text


def test_the_newest_key_writes_and_every_key_reads() -> None:
    old, new = new_key(), new_key()
    old_token = Keyring.from_keys([old]).encrypt("hunter2")
    ring = Keyring.from_keys([new, old])
    assert ring.decrypt(old_token) == "hunter2"
    assert Keyring.from_keys([new]).decrypt(ring.encrypt("x")) == "x"


def test_rotation_rewrites_a_secret_with_the_newest_key() -> None:
    old, new = new_key(), new_key()
    token = Keyring.from_keys([old]).encrypt("hunter2")
    ring = Keyring.from_keys([new, old])
    assert not ring.is_current(token)
    rotated = ring.rotate(token)
    assert ring.is_current(rotated)
    assert Keyring.from_keys([new]).decrypt(rotated) == "hunter2"


@pytest.mark.parametrize("token", ["", "nonsense", "gAAAAA==", "žluťoučký", "\0"])
def test_a_damaged_token_is_unreadable_and_not_current(token: str) -> None:
    with pytest.raises(SecretUnreadable):
        SHARED.decrypt(token)
    with pytest.raises(SecretUnreadable):
        SHARED.rotate(token)
    assert not SHARED.is_current(token)


def test_the_message_names_the_keys_in_use_and_the_remedy_but_no_secret() -> None:
    other, key = new_key(), new_key()
    token = Keyring.from_keys([other]).encrypt("hunter2")
    ring = Keyring.from_keys([key])
    with pytest.raises(SecretUnreadable) as caught:
        ring.decrypt(token)
    message = str(caught.value)
    assert ring.fingerprints[0] in message
    assert "enter the secret again" in message
    assert key not in message
    assert token not in message


@pytest.mark.parametrize("keys", [[], ["short"], [new_key(), "ž" * 44], [new_key()[:-2]]])
def test_broken_keys_are_refused_without_being_quoted(keys: list[str]) -> None:
    with pytest.raises(KeyInvalid) as caught:
        Keyring.from_keys(keys)
    assert not any(key in str(caught.value) for key in keys)


def test_fingerprints_tell_keys_apart_without_showing_them() -> None:
    first, second = new_key(), new_key()
    prints = Keyring.from_keys([first, second]).fingerprints
    assert len(set(prints)) == 2
    assert prints == Keyring.from_keys([first, second]).fingerprints
    assert all(len(fingerprint) == 16 for fingerprint in prints)
    assert not any(fingerprint in first + second for fingerprint in prints)


def test_creating_a_key_file_is_private_and_never_replaces_one(tmp_path: Path) -> None:
    path = tmp_path / "secret.keys"
    assert Keyring.create_file(path) is True
    content = path.read_bytes()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert Keyring.create_file(path) is False
    assert path.read_bytes() == content
    assert [entry.name for entry in tmp_path.iterdir()] == ["secret.keys"]


def test_processes_that_race_create_one_usable_key_file(tmp_path: Path) -> None:
    path = tmp_path / "secret.keys"
    barrier = threading.Barrier(8)

    def create(_: int) -> tuple[bool, tuple[str, ...]]:
        barrier.wait()
        return Keyring.create_file(path), Keyring.from_file(path).fingerprints

    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(create, range(8)))
    assert sum(created for created, _ in results) == 1
    assert len({fingerprints for _, fingerprints in results}) == 1
    assert [entry.name for entry in tmp_path.iterdir()] == ["secret.keys"]


def test_comments_and_empty_lines_of_a_key_file_are_skipped(tmp_path: Path) -> None:
    path = tmp_path / "keys"
    first, second = new_key(), new_key()
    path.write_text(f"# spring\n\n  {first}  \n# winter\n{second}")
    path.chmod(0o600)
    assert Keyring.from_file(path).fingerprints == Keyring.from_keys([first, second]).fingerprints


@pytest.mark.parametrize("mode", [0o644, 0o604, 0o660, 0o620, 0o602])
def test_a_key_file_open_to_other_users_is_refused(key_file: Path, mode: int) -> None:
    key_file.chmod(mode)
    with pytest.raises(KeyInvalid, match="chmod 600"):
        Keyring.from_file(key_file)


@pytest.mark.parametrize("mode", [0o600, 0o400, 0o440, 0o640])
def test_a_key_file_that_only_its_owner_and_group_read_is_taken(key_file: Path, mode: int) -> None:
    key_file.chmod(mode)
    assert Keyring.from_file(key_file).fingerprints


@pytest.mark.parametrize("content", [b"", b"# nothing\n", b"broken\n", b"\xff\xfe"])
def test_a_key_file_without_a_usable_key_is_refused(key_file: Path, content: bytes) -> None:
    key_file.write_bytes(content)
    with pytest.raises(KeyInvalid):
        Keyring.from_file(key_file)


def test_a_missing_key_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(KeyInvalid, match="cannot be read"):
        Keyring.from_file(tmp_path / "none")


def test_a_running_process_reads_what_a_rotated_key_has_written(key_file: Path) -> None:
    running = Keyring.from_file(key_file)
    before = running.encrypt("old")
    Keyring.add_key_to_file(key_file)
    after = Keyring.from_file(key_file).encrypt("new")
    assert running.decrypt(after) == "new"
    assert running.decrypt(before) == "old"


def test_a_running_process_writes_with_an_added_key_at_once(key_file: Path) -> None:
    running = Keyring.from_file(key_file)
    added = Keyring.add_key_to_file(key_file)
    token = running.encrypt("x")
    assert running.fingerprints[0] == added
    assert Keyring.prune_file(key_file) == 1
    assert Keyring.from_file(key_file).decrypt(token) == "x"


def test_a_pruned_key_no_longer_reads(key_file: Path) -> None:
    token = Keyring.from_file(key_file).encrypt("x")
    newest = Keyring.add_key_to_file(key_file)
    assert Keyring.prune_file(key_file) == 1
    ring = Keyring.from_file(key_file)
    assert ring.fingerprints == (newest,)
    with pytest.raises(SecretUnreadable):
        ring.decrypt(token)


def test_pruning_a_file_with_one_key_changes_nothing(key_file: Path) -> None:
    content = key_file.read_bytes()
    assert Keyring.prune_file(key_file) == 0
    assert key_file.read_bytes() == content


def test_rewriting_keeps_the_mode_and_follows_a_link(key_file: Path, tmp_path: Path) -> None:
    key_file.chmod(0o640)
    link = tmp_path / "link"
    link.symlink_to(key_file)
    Keyring.add_key_to_file(link)
    assert link.is_symlink()
    assert stat.S_IMODE(key_file.stat().st_mode) == 0o640
    assert len(Keyring.from_file(link).fingerprints) == 2


def test_administrators_who_add_keys_at_once_lose_none(key_file: Path) -> None:
    with ThreadPoolExecutor(6) as pool:
        added = set(pool.map(lambda _: Keyring.add_key_to_file(key_file), range(6)))
    assert added < set(Keyring.from_file(key_file).fingerprints)
    assert len(Keyring.from_file(key_file).fingerprints) == 7


def test_losing_the_key_file_stops_writing_but_not_reading(key_file: Path) -> None:
    ring = Keyring.from_file(key_file)
    token = ring.encrypt("x")
    key_file.unlink()
    assert ring.decrypt(token) == "x"
    with pytest.raises(KeyInvalid):
        ring.encrypt("would be lost at the next start")


def test_threads_share_a_ring_while_its_file_rotates(key_file: Path) -> None:
    ring = Keyring.from_file(key_file)

    def work(number: int) -> str:
        if number % 10 == 0:
            Keyring.add_key_to_file(key_file)
        return ring.decrypt(ring.encrypt(str(number)))

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(work, range(100))) == [str(number) for number in range(100)]
