"""Schema migrations: Alembic, one branch for the core and one for each plugin with tables.

A plugin package that holds a ``migrations`` folder brings its own branch: its first revision names
the branch (``branch_labels``, the plugin's name). The core's branch always runs first, so that a
plugin's tables may refer to its tables; ``depends_on`` is not needed.
"""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass
from importlib.metadata import entry_points
from pathlib import Path
from typing import TYPE_CHECKING, Any

from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError

from ..setting_kinds import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from importlib.machinery import ModuleSpec

    from sqlalchemy import Connection

    from ..db import Database

HERE = Path(__file__).parent
ENTRY_POINT_GROUP = "support_core.plugins"


@dataclass(frozen=True)
class SchemaState:
    """What the database has and what the enabled code wants, as revision ids by branch.

    ``newer`` are revisions that this code does not know: a newer version made them, which may
    well run beside this one.
    """

    current: dict[str, str | None]
    wanted: dict[str, str]
    newer: tuple[str, ...] = ()

    @property
    def pending(self) -> list[str]:
        """Branches that are behind; one that is ahead is not."""
        ahead = {revision.rpartition("_")[0] for revision in self.newer}
        return [
            name
            for name, head in self.wanted.items()
            if self.current.get(name) != head and name not in ahead
        ]


def _plugin_folders() -> dict[str, Path]:
    """Every installed plugin's migrations folder by plugin name, found without importing it."""
    folders = {}
    for point in entry_points(group=ENTRY_POINT_GROUP):
        spec = importlib.util.find_spec(point.module)
        for location in _folders(spec):
            folder = location / "migrations"
            if any(path.name != "__init__.py" for path in folder.glob("*.py")):
                folders[point.name] = folder
    return folders


def _folders(spec: ModuleSpec | None) -> list[Path]:
    """Where a plugin's files are, be the plugin a package or a module in one."""
    if spec is None:
        return []
    if spec.submodule_search_locations is not None:
        return [Path(it) for it in spec.submodule_search_locations]
    return [Path(spec.origin).parent] if spec.parent and spec.origin else []


def script_directory() -> ScriptDirectory:
    """Return the scripts of the core and of every installed plugin, enabled or not.

    A disabled plugin's tables stay, so its revisions must stay known.
    """
    folders = _plugin_folders()
    return ScriptDirectory(
        str(HERE), version_locations=[str(HERE / "versions"), *map(str, folders.values())]
    )


def _branches(enabled: Iterable[str]) -> list[str]:
    folders = _plugin_folders()
    return ["core", *(name for name in enabled if name in folders)]


def state(database: Database, enabled: Iterable[str]) -> SchemaState:
    """Compare the database with the code of the core and of the ``enabled`` plugins."""
    scripts = script_directory()
    with database.engine.connect() as connection:
        applied = MigrationContext.configure(connection).get_current_heads()
    current: dict[str, str | None] = {}
    newer = tuple(revision for revision in applied if not _known(scripts, revision))
    for revision in set(applied) - set(newer):
        for label in scripts.get_revision(revision).branch_labels:
            current[label] = revision
    wanted = {}
    for branch in _branches(enabled):
        wanted[branch] = scripts.get_revision(f"{branch}@head").revision
    return SchemaState(current, wanted, newer)


def _known(scripts: ScriptDirectory, revision: str) -> bool:
    try:
        return scripts.get_revision(revision) is not None
    except CommandError:
        return False


def upgrade(database: Database, enabled: Iterable[str]) -> None:
    """Bring the core's and the ``enabled`` plugins' tables to their newest revision.

    Everything runs in one transaction; two processes that start at once wait for each other.
    Raises :class:`~support_core.settings.ConfigurationError` for a database that a newer version
    has migrated.
    """
    scripts = script_directory()
    newer = state(database, enabled).newer
    if newer:
        raise ConfigurationError(
            f"The database is newer than this version ({', '.join(newer)}); migrate with the "
            "version, or the plugin, that made it so."
        )
    with database.session(write=True) as session, session.begin():
        connection = session.connection(execution_options={"unscoped": "migrations"})
        _lock(connection)
        for branch in _branches(enabled):
            _upgrade_branch(scripts, connection, f"{branch}@head")


def _upgrade_branch(scripts: ScriptDirectory, connection: Connection, target: str) -> None:
    def steps(revision: Any, _context: MigrationContext) -> Any:
        return scripts._upgrade_revs(target, revision)  # noqa: SLF001 - as Alembic's commands do

    with EnvironmentContext(Config(), scripts, fn=steps) as environment:
        environment.configure(connection=connection, transactional_ddl=True)
        environment.run_migrations()


def _lock(connection: Connection) -> None:
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql("SET LOCAL statement_timeout = 0")
        connection.exec_driver_sql("SET LOCAL lock_timeout = 0")
        connection.exec_driver_sql("SELECT pg_advisory_xact_lock(7023411)")
