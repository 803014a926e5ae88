"""Attachments of a desk whose contents lie in a bucket: the same, on as many machines as wanted."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from support_core.blobs import FolderBlobStore, S3BlobStore, open_store
from support_core.doctor_files import FAILED, OK, examine_blobs, examine_disks
from support_core.settings import CORE_SETTINGS, ConfigurationError, Settings
from support_core.testing import assert_error, make_desk
from tests.services.bucket import KEYS, bucket_client, bucket_server
from tests.services.process import free_port

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from support_core.testing import DeskUnderTest
    from tests.services.databases import Databases

FORM = {
    "support.blobs.s3.region": "us-east-1",
    **{f"support.blobs.s3.{name}": value for name, value in KEYS.items()},
}


def settings_of(**more: str) -> dict[str, str]:
    raw = {**FORM, **{name.replace("__", "."): value for name, value in more.items()}}
    return {name.replace(".", "__"): value for name, value in raw.items()}


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    with bucket_server() as endpoint:
        bucket_client(endpoint).create_bucket(Bucket="desk")
        yield endpoint


@pytest.fixture
def bucket_desk(tmp_path: Path, databases: Databases, endpoint: str) -> Iterator[DeskUnderTest]:
    under_test = make_desk(
        tmp_path,
        databases.create(f"bucket_{uuid4().hex[:8]}"),
        **settings_of(
            support__blobs__path="s3://desk/attachments", support__blobs__s3__endpoint=endpoint
        ),
    )
    yield under_test
    under_test.application.close()


def test_an_attachment_goes_to_the_bucket_and_comes_back(
    bucket_desk: DeskUnderTest, endpoint: str
) -> None:
    owner = bucket_desk.workspace().owner
    content = bytes(range(256)) * 10_000
    made = owner.upload("a.bin", content).json["data"]
    assert owner.get(f"/attachments/{made['id']}/download").body == content
    found = bucket_client(endpoint).list_objects_v2(Bucket="desk", Prefix="attachments/")
    assert made["sha256"] in {it["Key"].rpartition("/")[2] for it in found["Contents"]}


def test_the_doctor_finds_the_bucket_sound_and_watches_no_disk_for_it(
    bucket_desk: DeskUnderTest,
) -> None:
    assert examine_blobs(bucket_desk.application).state == OK
    assert not any("attachments" in it.message for it in examine_disks(bucket_desk.application))


def test_a_bucket_that_is_away_is_503_and_a_finding_and_nothing_is_half_written(
    tmp_path: Path, databases: Databases
) -> None:
    under_test = make_desk(
        tmp_path,
        databases.create(f"away_{uuid4().hex[:8]}"),
        **settings_of(
            support__blobs__path="s3://desk",
            support__blobs__s3__endpoint=f"http://127.0.0.1:{free_port()}",
        ),
    )
    owner = under_test.workspace().owner
    assert_error(owner.upload("a.txt", b"hello"), 503, "unavailable")
    used = owner.get("/entitlements").json["data"]["limits"]["storage_mb"]["used"]
    assert used == 0
    found = examine_blobs(under_test.application)
    assert found.state == FAILED
    assert "support.blobs.s3" in found.message
    assert KEYS["secret_key"] not in found.message
    under_test.application.close()


@pytest.mark.parametrize(
    ("raw", "sentence"),
    [
        ({}, "support.blobs.path is not set"),
        ({"support.blobs.path": "s3://"}, "names no bucket"),
        (
            {"support.blobs.path": "s3://desk", "support.blobs.s3.endpoint": "nowhere"},
            "support.blobs.s3.endpoint: ",
        ),
    ],
)
def test_what_cannot_be_used_is_named(raw: dict[str, str], sentence: str) -> None:
    with pytest.raises(ConfigurationError, match=sentence):
        open_store(Settings(raw, CORE_SETTINGS))


def test_the_path_alone_chooses_the_store(tmp_path: Path) -> None:
    def store(path: str) -> object:
        return open_store(Settings({**FORM, "support.blobs.path": path}, CORE_SETTINGS))

    assert isinstance(store(str(tmp_path)), FolderBlobStore)
    assert isinstance(store("s3://desk/below/here"), S3BlobStore)
