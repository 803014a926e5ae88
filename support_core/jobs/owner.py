"""Names of claim owners, from which another process of the machine sees that one is gone."""

from __future__ import annotations

import hashlib
import os
import secrets
from pathlib import Path

_UNKNOWN = "unknown"


def _machine() -> str:
    """Name this boot and process namespace; process ids mean nothing outside of them."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text()
        namespace = Path("/proc/self/ns/pid").readlink()
    except OSError:
        return _UNKNOWN
    return hashlib.sha256(f"{boot}{namespace}".encode()).hexdigest()[:12]


def _started(pid: int) -> str | None:
    """Return when a process was started, in the kernel's own count; None for one that is dead."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return None if fields[0] in "ZX" else fields[19]


def new_owner() -> str:
    """Return a name for a claimer in this process that nobody else has or will have."""
    machine = _machine()
    pid = os.getpid()
    started = None if machine == _UNKNOWN else _started(pid)
    return f"{machine}:{pid}:{started or ''}:{secrets.token_hex(4)}"


def is_gone(owner: str) -> bool:
    """Say whether the owner's process is known to have ended; False when that cannot be known."""
    machine, _, rest = owner.partition(":")
    if machine == _UNKNOWN or machine != _machine():
        return False
    pid, started, _ = rest.split(":")
    try:
        os.kill(int(pid), 0)
        return _started(int(pid)) != started
    except ProcessLookupError:
        return True
    except (PermissionError, FileNotFoundError):
        # Somebody else's process, or one that /proc hides from us: the lease will tell.
        return False
