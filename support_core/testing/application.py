"""An application for tests: real database, real gates, no server."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING, Any

from .. import app, migrations
from ..crypto import Keyring
from ..services.workspaces import create_workspace, ensure_owner
from .workspace import TestWorkspace

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime
    from pathlib import Path
    from types import ModuleType

    from ..application import Application

_NUMBERS = count(1)


@dataclass
class DeskUnderTest:
    """One application and its WSGI entry; tests keep apart by workspace, not by database."""

    application: Application
    wsgi: Any
    registry: Any

    def workspace(self, *, plan: str | None = "pro", name: str | None = None) -> TestWorkspace:
        """Make a new workspace with an owner and a token of theirs."""
        number = next(_NUMBERS)
        workspace = create_workspace(self.application, name or f"Workspace {number}", plan=plan)
        owner = ensure_owner(
            self.application, workspace, email=f"owner{number}@example.test", name="Olivia Owner"
        )
        return TestWorkspace(self, workspace.id, workspace.slug, owner.id, owner.email)

    def run_jobs(self) -> int:
        """Run every job that is due, here and now; returns how many."""
        return self.application.jobs.drain()


def make_desk(
    folder: Path,
    url: str,
    *,
    plugins: Sequence[str] = ("api", "plans", "webhooks"),
    extra: Mapping[str, ModuleType] | None = None,
    clock: Callable[[], datetime] | None = None,
    **settings: str,
) -> DeskUnderTest:
    """Build an application on the empty or current database at ``url``, its schema brought up.

    ``extra`` are plugin modules by name that need no entry point; they are enabled after
    ``plugins``. ``clock`` tells the application the time (UTC); without it, it is the machine's.
    ``settings`` are ini settings with ``__`` for a dot. Rate limits are off unless a setting says
    otherwise.
    """
    keys = folder / "keys"
    Keyring.create_file(keys)
    raw = {
        "sqlalchemy.url": url,
        "support.plugins": " ".join([*plugins, *(extra or {})]),
        "support.keys_file": str(keys),
        "support.blobs.path": str(folder / "blobs"),
        "support.sqlite.synchronous": "off",
        "support.ratelimit.enabled": "false",
        "support.outgoing.allowed_networks": "127.0.0.0/8 ::1/128",
        "support.log.level": "warning",
        **{name.replace("__", "."): value for name, value in settings.items()},
    }
    config = app.build(raw, extra, **({"clock": clock} if clock else {}))
    application = config.registry.support
    migrations.upgrade(application.database, application.plugins.modules)
    return DeskUnderTest(application, config.make_wsgi_app(), config.registry)
