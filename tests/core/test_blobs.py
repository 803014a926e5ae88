from __future__ import annotations

import errno
import hashlib
import io
import os
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest
from hypothesis import given, strategies as st

from support_core.blobs import (
    Blob,
    BlobKeyInvalid,
    BlobMissing,
    BlobStore,
    BlobStoreAway,
    BlobTooLarge,
    FolderBlobStore,
    S3BlobStore,
)
from tests.services.bucket import bucket_at, bucket_client, bucket_server
from tests.services.process import free_port

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SHA256 = hashlib.sha256(b"hello").hexdigest()
INVALID_KEYS = [
    "",
    "/",
    "1",
    f"../1/{SHA256[:2]}/{SHA256}",
    f"1/../{SHA256}",
    f"/1/{SHA256[:2]}/{SHA256}",
    f"0/{SHA256[:2]}/{SHA256}",
    f"01/{SHA256[:2]}/{SHA256}",
    f"-1/{SHA256[:2]}/{SHA256}",
    f"١/{SHA256[:2]}/{SHA256}",
    f"1/00/{SHA256}",
    f"1/{SHA256[:2]}/{SHA256.upper()}",
    f"1/{SHA256[:2]}/{SHA256}\n",
    f"1/{SHA256[:2]}/{SHA256}\0",
    f"1/{SHA256[:2]}/{SHA256}/..",
    f"1\\{SHA256[:2]}\\{SHA256}",
]


class BrokenStream:
    """A stream that fails after its first piece."""

    def __init__(self) -> None:
        self.pieces = 0

    def read(self, size: int, /) -> bytes:
        self.pieces += 1
        if self.pieces > 1:
            raise ConnectionResetError("the client went away")
        return b"x" * size


class CountingStream:
    """Endless content that counts how much of it is taken."""

    def __init__(self) -> None:
        self.taken = 0

    def read(self, size: int, /) -> bytes:
        assert 0 < size <= 1_048_576, "content is to be read in pieces"
        self.taken += size
        return b"x" * size


class BlobStoreContract:
    """What every store does. Subclasses give the fixtures `store` and `count_blobs`."""

    @pytest.fixture
    def store(self) -> BlobStore:
        raise NotImplementedError

    @pytest.fixture
    def count_blobs(self) -> Callable[[], int]:
        """Return a function that counts all that the store keeps, unfinished blobs included."""
        raise NotImplementedError

    @staticmethod
    def put(store: BlobStore, content: bytes, *, workspace_id: int = 1) -> Blob:
        return store.put(io.BytesIO(content), workspace_id=workspace_id, max_bytes=len(content))

    @pytest.mark.parametrize("content", [b"", b"hello", bytes(range(256)) * 40960])
    def test_content_comes_back_as_it_was(self, store: BlobStore, content: bytes) -> None:
        blob = self.put(store, content)
        sha256 = hashlib.sha256(content).hexdigest()
        assert blob == Blob(f"1/{sha256[:2]}/{sha256}", sha256, len(content))
        with store.open(blob.key) as stream:
            assert stream.read() == content
        assert store.exists(blob.key)
        assert store.size(blob.key) == len(content)

    def test_several_contents_are_stored_as_each_alone(self, store: BlobStore) -> None:
        contents = [b"one", b"", b"two" * 100_000, b"one", *(b"%d" % it for it in range(150))]
        stored = store.put_all(contents, workspace_id=7)
        assert stored == [self.put(store, it, workspace_id=7) for it in contents]
        for blob, content in zip(stored, contents, strict=True):
            with store.open(blob.key) as file:
                assert file.read() == content
        assert store.put_all([], workspace_id=7) == []

    def test_several_contents_of_a_workspace_that_cannot_be_are_refused(
        self, store: BlobStore, count_blobs: Callable[[], int]
    ) -> None:
        with pytest.raises(BlobKeyInvalid):
            store.put_all([b"one", b"two"], workspace_id=-1)
        assert count_blobs() == 0

    def test_content_is_read_from_any_position(self, store: BlobStore) -> None:
        blob = self.put(store, b"hello world")
        with store.open(blob.key) as stream:
            stream.seek(6)
            assert stream.read(3) == b"wor"

    def test_content_is_read_backwards_and_past_its_end(self, store: BlobStore) -> None:
        blob = self.put(store, bytes(range(256)) * 1024)
        with store.open(blob.key) as stream:
            stream.seek(-2, io.SEEK_END)
            assert stream.read() == b"\xfe\xff"
            assert stream.read(1) == b""
            stream.seek(300_000)
            assert stream.read(1) == b""
            stream.seek(100_000)
            assert stream.read(2) == bytes([160, 161])

    def test_checking_a_store_leaves_nothing_behind(
        self, store: BlobStore, count_blobs: Callable[[], int]
    ) -> None:
        store.check()
        assert count_blobs() == 0

    def test_equal_content_of_a_workspace_is_kept_once(
        self, store: BlobStore, count_blobs: Callable[[], int]
    ) -> None:
        assert self.put(store, b"hello") == self.put(store, b"hello")
        assert count_blobs() == 1

    def test_workspaces_share_nothing(
        self, store: BlobStore, count_blobs: Callable[[], int]
    ) -> None:
        first = self.put(store, b"hello", workspace_id=1)
        second = self.put(store, b"hello", workspace_id=2)
        assert first.key != second.key
        assert count_blobs() == 2
        store.delete(first.key)
        assert not store.exists(first.key)
        assert store.exists(second.key)

    def test_content_of_exactly_the_limit_is_kept(self, store: BlobStore) -> None:
        assert store.put(io.BytesIO(b"12345"), workspace_id=1, max_bytes=5).size == 5

    def test_too_large_content_leaves_nothing_behind(
        self, store: BlobStore, count_blobs: Callable[[], int]
    ) -> None:
        with pytest.raises(BlobTooLarge) as caught:
            store.put(io.BytesIO(b"123456"), workspace_id=1, max_bytes=5)
        assert caught.value.max_bytes == 5
        assert count_blobs() == 0

    def test_an_endless_stream_is_given_up_soon_after_the_limit(self, store: BlobStore) -> None:
        stream = CountingStream()
        with pytest.raises(BlobTooLarge):
            store.put(stream, workspace_id=1, max_bytes=1_000_000)
        assert stream.taken < 10_000_000

    def test_a_stream_that_breaks_off_leaves_nothing_behind(
        self, store: BlobStore, count_blobs: Callable[[], int]
    ) -> None:
        with pytest.raises(ConnectionResetError):
            store.put(BrokenStream(), workspace_id=1, max_bytes=10_000_000)
        assert count_blobs() == 0

    def test_a_deleted_blob_is_missing(self, store: BlobStore) -> None:
        key = self.put(store, b"hello").key
        store.delete(key)
        assert not store.exists(key)
        with pytest.raises(BlobMissing):
            store.open(key)
        with pytest.raises(BlobMissing):
            store.size(key)

    def test_deleting_twice_is_fine_and_content_can_come_back(self, store: BlobStore) -> None:
        key = self.put(store, b"hello").key
        store.delete(key)
        store.delete(key)
        assert self.put(store, b"hello").key == key
        assert store.exists(key)

    @pytest.mark.parametrize("key", INVALID_KEYS)
    def test_a_key_that_no_store_has_given_out_is_refused(self, store: BlobStore, key: str) -> None:
        for operation in (store.open, store.size, store.exists, store.delete):
            with pytest.raises(BlobKeyInvalid):
                operation(key)

    @pytest.mark.parametrize("workspace_id", [0, -1])
    def test_a_workspace_that_cannot_be_is_refused(
        self, store: BlobStore, count_blobs: Callable[[], int], workspace_id: int
    ) -> None:
        with pytest.raises(BlobKeyInvalid):
            self.put(store, b"hello", workspace_id=workspace_id)
        assert count_blobs() == 0

    def test_threads_that_store_the_same_content_do_not_disturb_each_other(
        self, store: BlobStore, count_blobs: Callable[[], int]
    ) -> None:
        content = b"x" * 300_000
        with ThreadPoolExecutor(8) as pool:
            blobs = list(pool.map(lambda _: self.put(store, content), range(16)))
        assert len(set(blobs)) == 1
        assert store.size(blobs[0].key) == len(content)
        assert count_blobs() == 1


class TestFolderBlobStore(BlobStoreContract):
    @pytest.fixture
    def store(self, tmp_path: Path) -> FolderBlobStore:
        return FolderBlobStore(tmp_path / "var" / "blobs")

    @pytest.fixture
    def count_blobs(self, tmp_path: Path) -> Callable[[], int]:
        return lambda: sum(path.is_file() for path in tmp_path.rglob("*"))

    def test_several_are_on_the_disk_before_any_has_its_name(
        self, store: FolderBlobStore, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        store.put_all([b"%d" % it for it in range(40)], workspace_id=1)
        did: list[str] = []
        sync, replace = os.fsync, Path.replace

        def synced(descriptor: int) -> None:
            is_folder = stat.S_ISDIR(os.fstat(descriptor).st_mode)
            did.append("folder" if is_folder else "file")
            sync(descriptor)

        def named(path: Path, target: Path) -> Path:
            did.append("name")
            return replace(path, target)

        monkeypatch.setattr(os, "fsync", synced)
        monkeypatch.setattr(Path, "replace", named)
        stored = store.put_all([b"%d" % it for it in range(40)], workspace_id=1)
        folders = len({it.sha256[:2] for it in stored})
        assert did == ["file"] * 40 + ["name"] * 40 + ["folder"] * folders

    def test_a_full_disk_leaves_nothing_of_several(
        self,
        store: FolderBlobStore,
        count_blobs: Callable[[], int],
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        sync, calls = os.fsync, iter(range(1000))

        def full(descriptor: int) -> None:
            if next(calls) == 2:
                raise OSError(errno.ENOSPC, "No space left on device")
            sync(descriptor)

        monkeypatch.setattr(os, "fsync", full)
        with pytest.raises(OSError, match="No space left"):
            store.put_all([b"one", b"two", b"three", b"four"], workspace_id=1)
        assert count_blobs() == 0

    def test_blobs_are_private_to_the_user(self, store: FolderBlobStore, tmp_path: Path) -> None:
        path = tmp_path / "var" / "blobs" / self.put(store, b"hello").key
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert stat.S_IMODE((tmp_path / "var" / "blobs").stat().st_mode) == 0o700

    def test_a_store_opened_again_has_its_blobs(
        self, store: FolderBlobStore, tmp_path: Path
    ) -> None:
        key = self.put(store, b"hello").key
        assert FolderBlobStore(tmp_path / "var" / "blobs").exists(key)

    def test_damaged_content_is_healed_when_it_comes_again(
        self, store: FolderBlobStore, tmp_path: Path
    ) -> None:
        key = self.put(store, b"hello").key
        (tmp_path / "var" / "blobs" / key).write_bytes(b"")
        self.put(store, b"hello")
        assert store.size(key) == 5


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    with bucket_server() as endpoint:
        yield endpoint


class TestS3BlobStore(BlobStoreContract):
    @pytest.fixture
    def store(self, endpoint: str) -> S3BlobStore:
        store = bucket_at(endpoint, f"bucket-{uuid4()}")
        bucket_client(endpoint).create_bucket(Bucket=store.bucket)
        return store

    @pytest.fixture
    def count_blobs(self, store: S3BlobStore, endpoint: str) -> Callable[[], int]:
        def count() -> int:
            found = bucket_client(endpoint).list_objects_v2(Bucket=store.bucket)
            return int(found["KeyCount"])

        return count

    def test_objects_lie_below_the_prefix(self, store: S3BlobStore, endpoint: str) -> None:
        key = self.put(store, b"hello").key
        found = bucket_client(endpoint).list_objects_v2(Bucket=store.bucket)
        assert [it["Key"] for it in found["Contents"]] == [f"desk/{key}"]

    def test_a_bucket_that_is_not_there_refuses(self, endpoint: str) -> None:
        with pytest.raises(BlobStoreAway, match="NoSuchBucket"):
            bucket_at(endpoint, "nobody-made-it").check()

    def test_a_server_that_is_away_is_told_apart_from_a_blob_that_is_missing(self) -> None:
        store = bucket_at(f"http://127.0.0.1:{free_port()}", "bucket")
        key = f"1/{SHA256[:2]}/{SHA256}"
        for operation in (store.open, store.size, store.exists, store.delete):
            with pytest.raises(BlobStoreAway):
                operation(key)
        with pytest.raises(BlobStoreAway):
            self.put(store, b"hello")


@given(st.text())
def test_no_text_is_a_key_that_leads_out_of_the_folder(
    tmp_path_factory: pytest.TempPathFactory, key: str
) -> None:
    store = FolderBlobStore(tmp_path_factory.getbasetemp() / "blobs")
    with pytest.raises(BlobKeyInvalid):
        store.exists(key)
