"""A server that speaks S3, on loopback, in a thread of the suite: moto's."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import boto3
from moto.server import ThreadedMotoServer

from support_core.blobs import S3BlobStore

from .process import LOOPBACK

if TYPE_CHECKING:
    from collections.abc import Iterator

KEYS = {"access_key": "suite", "secret_key": "of no worth"}


@contextmanager
def bucket_server() -> Iterator[str]:
    """Run the server; yield its address."""
    server = ThreadedMotoServer(ip_address=LOOPBACK, port=0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        yield f"http://{host}:{port}"
    finally:
        server.stop()


def bucket_client(endpoint: str) -> Any:
    """Return a client that owns the server."""
    return boto3.session.Session().client(
        "s3",
        endpoint_url=endpoint,
        region_name="us-east-1",
        aws_access_key_id=KEYS["access_key"],
        aws_secret_access_key=KEYS["secret_key"],
    )


def bucket_at(endpoint: str, bucket: str) -> S3BlobStore:
    """Return a store in a bucket of the server, which must have been created."""
    return S3BlobStore(bucket, prefix="desk", endpoint=endpoint, region="us-east-1", **KEYS)
