"""Long-running units: work that is never done, such as listening on a connection.

A plugin declares a :class:`Runner` with ``support_runners``. Each of its units runs in one thread
of exactly one process, which holds the unit's lease in the database and renews it; when the
process ends or dies, another one takes the unit over.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from .settings import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from contextlib import AbstractContextManager
    from threading import Event

    from .application import Application
    from .desk import Desk
    from .plugins import Plugins

#: Names of runners and units are the key of their lease.
LONGEST_NAME = 127


@dataclass(frozen=True)
class RunnerContext:
    """What a running unit is given: its name, the application, and word of when to end."""

    application: Application
    unit: str
    _ending: Event

    @property
    def ending(self) -> bool:
        """Whether the unit is to return soon: shutdown, a lost lease, or no longer wanted."""
        return self._ending.is_set()

    def wait(self, seconds: float) -> bool:
        """Sleep, but no longer than until the end is near; return :attr:`ending`."""
        return self._ending.wait(seconds)

    def desk(self, workspace_id: int | None, *, write: bool = True) -> AbstractContextManager[Desk]:
        """Open a transaction of its own; never hold one while waiting."""
        return self.application.desk(workspace_id, write=write)


@dataclass(frozen=True)
class Runner:
    """Units of one kind, each run by exactly one process.

    ``units`` names those that are wanted now; it is asked every few seconds and must be cheap.
    ``run`` works on one unit until ``context.ending``, which it looks at every second or so. When
    it returns or raises before, it is called again after a while that grows with each time. For a
    moment after a lost lease two processes may run one unit: what it writes must bear that.
    """

    name: str
    units: Callable[[Application], Iterable[str]]
    run: Callable[[RunnerContext], None]


def collect(plugins: Plugins) -> dict[str, Runner]:
    """Return the runners of the enabled plugins by name.

    Raises :class:`~support_core.settings.ConfigurationError` for two of one name.
    """
    found: dict[str, Runner] = {}
    for plugin, implementation in plugins.implementations("support_runners"):
        for runner in implementation():
            if not 0 < len(runner.name) <= LONGEST_NAME:
                raise ConfigurationError(
                    f"A runner of the plugin {plugin} needs a name of 1 to {LONGEST_NAME} "
                    "characters; rename it."
                )
            if found.setdefault(runner.name, runner) is not runner:
                raise ConfigurationError(
                    f"Two runners are named {runner.name}; rename one of them."
                )
    return found
