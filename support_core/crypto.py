"""Encryption of the secrets that the database keeps: mail passwords, access tokens, signing keys.

Secrets are Fernet tokens (AES-128-CBC with HMAC-SHA256). Any key of the ring reads, only the
newest writes, so a key is replaced without downtime: `add_key_to_file`, rewrite every stored
secret with `Keyring.rotate`, then `prune_file`.
"""

from __future__ import annotations

import base64
import binascii
import fcntl
import hashlib
import os
import stat
import tempfile
import threading
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

# Write or execute by the group, anything by others. The group may read: systemd's
# LoadCredential= and a service account that does not own its configuration need it.
_FORBIDDEN_MODE = stat.S_IWGRP | stat.S_IXGRP | stat.S_IRWXO


class KeyInvalid(ValueError):
    """A key, or the file it should come from, cannot be used. Never quotes the key."""


class SecretUnreadable(Exception):
    """A stored secret was written with a key that this ring does not hold, or is damaged."""


@dataclass(frozen=True, slots=True)
class _Keys:
    """One loaded state of the ring; replaced as a whole, so that readers need no lock."""

    fernets: tuple[Fernet, ...]
    fingerprints: tuple[str, ...]
    version: tuple[int, int, int] | None = None

    @property
    def all(self) -> MultiFernet:
        return MultiFernet(self.fernets)


class Keyring:
    """Keys for stored secrets, newest first. Safe to share between threads."""

    def __init__(self, keys: Sequence[str] = (), *, path: Path | None = None) -> None:
        """Hold the keys of `path` when it is given, else `keys`.

        Prefer `from_keys` and `from_file`. Raises `KeyInvalid`.
        """
        self._path = path
        self._lock = threading.Lock()
        self._keys = _parse(keys) if path is None else _load(path)

    @classmethod
    def from_keys(cls, keys: Sequence[str]) -> Keyring:
        """Return a ring of url-safe base64 Fernet keys, newest first. Raises `KeyInvalid`."""
        return cls(keys)

    @classmethod
    def from_file(cls, path: str | os.PathLike[str]) -> Keyring:
        """Return a ring that follows a key file: one Fernet key a line, newest first.

        Empty lines and lines that start with `#` are skipped. Raises `KeyInvalid` when the
        file cannot be read, holds no key or a broken one, or is open to other users.
        """
        return cls(path=Path(path))

    @staticmethod
    def create_file(path: str | os.PathLike[str]) -> bool:
        """Write a key file with one new key and mode 0600; an existing file is left alone.

        Returns whether a file was created. Processes that race create exactly one, and none
        of them ever sees it half written.
        """
        target = Path(path)
        if target.exists():
            return False
        with _beside(target, Fernet.generate_key().decode() + "\n") as temporary:
            try:
                os.link(temporary, target)  # unlike rename, link refuses to replace
            except FileExistsError:
                return False
            finally:
                temporary.unlink()
        return True

    @staticmethod
    def add_key_to_file(path: str | os.PathLike[str]) -> str:
        """Put a new key before the others of the file; return its fingerprint.

        Running processes write with it as soon as they use their ring again.
        """
        key = Fernet.generate_key().decode()
        with _locked(Path(path)) as target:
            _load(target)  # never build on a file that cannot be used
            _replace(target, f"{key}\n{target.read_text('utf-8')}")
        return _parse([key]).fingerprints[0]

    @staticmethod
    def prune_file(path: str | os.PathLike[str]) -> int:
        """Keep the newest key of the file only; return how many were dropped.

        Secrets that were not rotated before can no longer be read.
        """
        with _locked(Path(path)) as target:
            dropped = len(_load(target).fernets) - 1
            if dropped:
                lines = target.read_text("utf-8").splitlines()
                newest = next(index for index, line in enumerate(lines) if _is_key(line))
                _replace(target, "\n".join(lines[: newest + 1]) + "\n")
        return dropped

    @property
    def fingerprints(self) -> tuple[str, ...]:
        """The first 16 hexadecimal digits of the SHA-256 of each key, newest first."""
        return self._current().fingerprints

    def encrypt(self, text: str) -> str:
        """Return `text` as a token of the newest key. Raises `KeyInvalid`, see `from_file`."""
        return self._current().fernets[0].encrypt(text.encode()).decode("ascii")

    def decrypt(self, token: str) -> str:
        """Return the text of a token that any key of the ring has written.

        A ring that follows a file reads it again, once, when no key fits and it has changed.
        Raises `SecretUnreadable`, and `KeyInvalid` when that file has become unusable.
        """
        try:
            return self._keys.all.decrypt(token.encode()).decode()
        except InvalidToken:
            return self._with_current_keys(token, MultiFernet.decrypt)

    def rotate(self, token: str) -> str:
        """Return the same secret written with the newest key. Raises `SecretUnreadable`."""
        return self._with_current_keys(token, MultiFernet.rotate)

    def is_current(self, token: str) -> bool:
        """Whether the newest key has written `token`, so that `rotate` would gain nothing."""
        try:
            self._current().fernets[0].decrypt(token.encode())
        except InvalidToken:
            return False
        return True

    def _with_current_keys(
        self, token: str, operation: Callable[[MultiFernet, bytes], bytes]
    ) -> str:
        keys = self._current()
        try:
            return operation(keys.all, token.encode()).decode()
        except InvalidToken:
            raise SecretUnreadable(
                "A stored secret cannot be read with any key in use "
                f"({', '.join(keys.fingerprints)}). Put the key it was written with back, "
                "after the newest one, or enter the secret again."
            ) from None

    def _current(self) -> _Keys:
        """Return the keys, read again when their file has changed since."""
        if self._path is not None:
            with self._lock:
                if _version(self._path) != self._keys.version:
                    self._keys = _load(self._path)
        return self._keys


def _is_key(line: str) -> bool:
    return bool(line.strip()) and not line.lstrip().startswith("#")


def _parse(keys: Sequence[str], version: tuple[int, int, int] | None = None) -> _Keys:
    if not keys:
        raise KeyInvalid("There is no encryption key: at least one is needed.")
    fernets, fingerprints = [], []
    for position, key in enumerate(keys, start=1):
        try:
            fernets.append(Fernet(key))
            raw = base64.urlsafe_b64decode(key)
        except (ValueError, binascii.Error):
            raise KeyInvalid(
                f"Encryption key {position} of {len(keys)} is not a Fernet key: "
                "32 bytes in url-safe base64. Correct it, or restore it from your backup."
            ) from None
        fingerprints.append(hashlib.sha256(raw).hexdigest()[:16])
    return _Keys(tuple(fernets), tuple(fingerprints), version)


def _load(path: Path) -> _Keys:
    try:
        with path.open(encoding="utf-8") as file:
            status = os.fstat(file.fileno())
            lines = file.read().splitlines()
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise KeyInvalid(f"The key file {path} cannot be read: {why}.") from error
    if status.st_mode & _FORBIDDEN_MODE:
        raise KeyInvalid(
            f"The key file {path} is open to other users "
            f"(mode {stat.S_IMODE(status.st_mode):04o}): run chmod 600 on it."
        )
    keys = [line.strip() for line in lines if _is_key(line)]
    return _parse(keys, (status.st_mtime_ns, status.st_size, status.st_ino))


def _version(path: Path) -> tuple[int, int, int] | None:
    try:
        status = path.stat()
    except OSError:
        return None  # never equal to a loaded version: `_load` then says what is wrong
    return status.st_mtime_ns, status.st_size, status.st_ino


@contextmanager
def _locked(path: Path) -> Iterator[Path]:
    """Hold off other writers of a file; the lock is its folder's, since the file is replaced."""
    target = path.resolve()  # a link stays, what it points to is replaced
    folder = os.open(target.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        yield target
    finally:
        os.close(folder)


@contextmanager
def _beside(target: Path, text: str) -> Iterator[Path]:
    """Write a new file (mode 0600, O_EXCL) next to `target`; then make its folder durable."""
    descriptor, name = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
    temporary = Path(name)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        yield temporary
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    folder = os.open(target.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _replace(target: Path, text: str) -> None:
    """Swap a file's content atomically; its owner and mode stay as they were."""
    before = target.stat()
    with _beside(target, text) as temporary:
        own = temporary.stat()
        if (own.st_uid, own.st_gid) != (before.st_uid, before.st_gid):
            os.chown(temporary, before.st_uid, before.st_gid)
        temporary.chmod(stat.S_IMODE(before.st_mode))
        temporary.replace(target)
