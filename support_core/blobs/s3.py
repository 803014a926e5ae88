"""Blobs as objects of a bucket: Amazon's S3, or any server that speaks its protocol."""

from __future__ import annotations

import io
import tempfile
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, BinaryIO, cast

from .contract import CHUNK_BYTES, BlobMissing, BlobStoreAway, checked, receive

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from .contract import Blob, Readable

#: Uploads up to so many bytes wait in memory for their digest, larger ones on disk.
SMALL_BYTES = 1 << 20
CONNECT_SECONDS = 5
READ_SECONDS = 30
ATTEMPTS = 3

#: Uploads under way at a time of those that belong together.
AT_ONCE = 8


class S3BlobStore:
    """Blobs as objects `<prefix>/<key>` of one bucket.

    An object appears whole or not at all, and reads see it as soon as `put` returned. What of a
    broken multipart upload stays behind is the bucket's to expire (AbortIncompleteMultipartUpload).
    """

    def __init__(  # noqa: PLR0913 - settings, by keyword
        self,
        bucket: str,
        *,
        prefix: str = "",
        endpoint: str | None = None,
        region: str | None = None,
        access_key: str | None = None,
        secret_key: str | None = None,
    ) -> None:
        """Use `bucket`. Where no keys are given, the usual places are searched for them.

        Those are the environment (AWS_ACCESS_KEY_ID …), the shared files and the machine's role.
        Raises `ImportError` where boto3 is not installed, `ValueError` for an endpoint that is
        no address.
        """
        import boto3  # noqa: PLC0415 - the extra s3
        from botocore.config import Config  # noqa: PLC0415

        self.bucket = bucket
        self._prefix = f"{prefix.strip('/')}/" if prefix.strip("/") else ""
        self._client: Any = boto3.session.Session().client(
            "s3",
            endpoint_url=endpoint or None,
            region_name=region or None,
            aws_access_key_id=access_key or None,
            aws_secret_access_key=secret_key or None,
            config=Config(
                connect_timeout=CONNECT_SECONDS,
                read_timeout=READ_SECONDS,
                retries={"mode": "standard", "max_attempts": ATTEMPTS},
                # Other servers than Amazon's know neither newer checksums nor bucket host names.
                request_checksum_calculation="when_required",
                response_checksum_validation="when_required",
                s3={"addressing_style": "path"} if endpoint else {},
            ),
        )

    def put(self, stream: Readable, *, workspace_id: int, max_bytes: int) -> Blob:
        """See `BlobStore.put`; the content waits for its digest, in a temporary file if large."""
        with tempfile.SpooledTemporaryFile(max_size=SMALL_BYTES) as file:
            blob = receive(stream, file.write, workspace_id=workspace_id, max_bytes=max_bytes)
            file.seek(0)
            with _answered(blob.key):
                self._client.upload_fileobj(file, self.bucket, self._object(blob.key))
        return blob

    def put_all(self, contents: Sequence[bytes], *, workspace_id: int) -> list[Blob]:
        """See `BlobStore.put_all`; several are under way at a time."""
        if not contents:
            return []

        def put(content: bytes) -> Blob:
            stream = io.BytesIO(content)
            return self.put(stream, workspace_id=workspace_id, max_bytes=len(content))

        with ThreadPoolExecutor(min(AT_ONCE, len(contents)), "blobs") as threads:
            return list(threads.map(put, contents))

    def open(self, key: str) -> BinaryIO:
        """See `BlobStore.open`."""
        content = _Content(self._client, self.bucket, self._object(key), self.size(key))
        return cast("BinaryIO", io.BufferedReader(content, CHUNK_BYTES))

    def delete(self, key: str) -> None:
        """See `BlobStore.delete`."""
        with _answered(key):
            self._client.delete_object(Bucket=self.bucket, Key=self._object(key))

    def exists(self, key: str) -> bool:
        """See `BlobStore.exists`."""
        try:
            self.size(key)
        except BlobMissing:
            return False
        return True

    def size(self, key: str) -> int:
        """See `BlobStore.size`."""
        with _answered(key):
            found = self._client.head_object(Bucket=self.bucket, Key=self._object(key))
        return int(found["ContentLength"])

    def check(self) -> None:
        """See `BlobStore.check`."""
        name = f"{self._prefix}incoming/check"
        with _answered(name):
            self._client.put_object(Bucket=self.bucket, Key=name, Body=b"support-core")
            self._client.delete_object(Bucket=self.bucket, Key=name)

    def _object(self, key: str) -> str:
        return self._prefix + checked(key)


class _Content(io.RawIOBase):
    """An object's content: one request from the position on, kept while it is read on."""

    def __init__(self, client: Any, bucket: str, name: str, size: int) -> None:
        self._client = client
        self._where = {"Bucket": bucket, "Key": name}
        self._size = size
        self._position = 0
        self._body: Any = None

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._size}[whence]
        position = max(0, start + offset)
        if position != self._position:
            self._hang_up()
            self._position = position
        return position

    def readinto(self, buffer: Any) -> int:
        if self._position >= self._size:
            return 0
        with _answered(self._where["Key"]):
            if self._body is None:
                wanted = f"bytes={self._position}-"
                self._body = self._client.get_object(**self._where, Range=wanted)["Body"]
            piece: bytes = self._body.read(len(buffer))
        if not piece:
            raise BlobStoreAway("The bucket's server broke off in the middle of a blob.")
        buffer[: len(piece)] = piece
        self._position += len(piece)
        return len(piece)

    def close(self) -> None:
        self._hang_up()
        super().close()

    def _hang_up(self) -> None:
        if self._body is not None:
            self._body.close()
            self._body = None


@contextmanager
def _answered(key: str) -> Iterator[None]:
    """Turn what the client raises into what a store raises."""
    from boto3.exceptions import Boto3Error  # noqa: PLC0415 - the extra s3
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415

    try:
        yield
    except ClientError as error:
        if error.response["Error"]["Code"] in {"404", "NoSuchKey", "NotFound"}:
            raise BlobMissing(f"There is no blob {key}.") from None
        raise BlobStoreAway(f"The bucket refuses: {error}") from error
    except (BotoCoreError, Boto3Error) as error:
        raise BlobStoreAway(f"The bucket's server does not answer: {error}") from error
