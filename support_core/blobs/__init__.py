"""Attachments and raw mails: content-addressed blobs, never shared between workspaces.

``support.blobs.path`` chooses the store: a folder, or a bucket (``s3://bucket/prefix``).
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ..filenames import content_disposition, safe_filename
from ..setting_kinds import ConfigurationError
from .contract import (
    Blob,
    BlobKeyInvalid,
    BlobMissing,
    BlobStore,
    BlobStoreAway,
    BlobTooLarge,
    Readable,
)
from .folder import FolderBlobStore
from .s3 import S3BlobStore

if TYPE_CHECKING:
    from ..settings import Settings

__all__ = [
    "Blob",
    "BlobKeyInvalid",
    "BlobMissing",
    "BlobStore",
    "BlobStoreAway",
    "BlobTooLarge",
    "FolderBlobStore",
    "Readable",
    "S3BlobStore",
    "content_disposition",
    "open_store",
    "safe_filename",
]

_BUCKET = "s3://"


def open_store(settings: Settings) -> BlobStore:
    """Return the store that ``support.blobs.path`` names; a bucket is not asked for yet.

    Raises :class:`ConfigurationError` naming the setting that cannot be used.
    """
    place: str = settings["support.blobs.path"]
    if not place:
        raise ConfigurationError(
            "support.blobs.path is not set; see development.ini for an example."
        )
    if not place.startswith(_BUCKET):
        return FolderBlobStore(Path(place))
    bucket, _, prefix = place.removeprefix(_BUCKET).partition("/")
    if not bucket:
        raise ConfigurationError("support.blobs.path names no bucket; say s3://bucket/prefix.")
    try:
        return S3BlobStore(
            bucket,
            prefix=prefix,
            endpoint=settings["support.blobs.s3.endpoint"],
            region=settings["support.blobs.s3.region"],
            access_key=settings["support.blobs.s3.access_key"],
            secret_key=settings["support.blobs.s3.secret_key"],
        )
    except ImportError:
        raise ConfigurationError(
            "support.blobs.path names a bucket, which needs boto3: pip install 'support-core[s3]'."
        ) from None
    except ValueError as error:
        raise ConfigurationError(f"support.blobs.s3.endpoint: {error}.") from None
