"""The doctor's look at files, folders and disks."""

from __future__ import annotations

import shutil
import stat
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .blobs import BlobMissing, BlobStoreAway, FolderBlobStore

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .application import Application

GIBIBYTE = 1 << 30
#: Free space under which a disk counts as full, and under which it is worth a word.
FULL, TIGHT = GIBIBYTE // 4, 2 * GIBIBYTE

OK, WARNING, FAILED = "ok", "warning", "failed"


@dataclass(frozen=True)
class Finding:
    """The result of one check; ``message`` says what is, and what to do where it is not ok."""

    name: str
    state: str
    message: str

    def shown(self) -> dict[str, Any]:
        """Return the finding as ``--json`` shows it."""
        return asdict(self)


def examine_blobs(application: Application) -> Finding:
    """Check that attachments can be written."""
    place: str = application.settings["support.blobs.path"]
    try:
        application.blobs.check()
    except OSError as error:
        return Finding(
            "blobs",
            FAILED,
            f"{place} cannot be written ({error.strerror}); give it to this user, or change "
            "support.blobs.path.",
        )
    except (BlobMissing, BlobStoreAway) as error:
        return Finding(
            "blobs",
            FAILED,
            f"{place} cannot be written ({error}); check support.blobs.path and "
            "support.blobs.s3.*, and that the key may put and delete objects.",
        )
    return Finding("blobs", OK, place)


def examine_disks(application: Application) -> Iterator[Finding]:
    """Check the room left where the desk writes."""
    folders = {}
    if isinstance(application.blobs, FolderBlobStore):
        folders["attachments"] = application.blobs.path
    if application.database.dialect == "sqlite":
        folders["database"] = Path(application.database.url.database or "").resolve().parent
    for name, folder in folders.items():
        there = next(it for it in (folder.resolve(), *folder.resolve().parents) if it.exists())
        free = shutil.disk_usage(there).free
        shown = f"{free / GIBIBYTE:.1f} GiB free for the {name}"
        state = FAILED if free < FULL else WARNING if free < TIGHT else OK
        advice = "" if state == OK else "; make room or move the folder"
        yield Finding("disk space", state, shown + advice)


def examine_file(path: Path, *, secret: bool) -> Finding:
    """Check that an ini with secrets in it is not open to everybody."""
    mode = stat.S_IMODE(path.stat().st_mode)
    if secret and mode & stat.S_IROTH:
        return Finding(
            "configuration",
            WARNING,
            f"{path} holds secrets and can be read by every user (mode {mode:04o}); "
            "run chmod 640 on it.",
        )
    return Finding("configuration", OK, str(path))
