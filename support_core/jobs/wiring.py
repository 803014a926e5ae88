"""Collecting the application's jobs from ``config.scan``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..settings import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pyramid.config import Configurator

    from .declaration import Job


class DeclaredJobs:
    """The jobs of one application by name; ``registry.support_jobs``."""

    def __init__(self) -> None:
        self._jobs: dict[str, Job] = {}

    def add(self, job: Job) -> None:
        """Add a job; raises :class:`ConfigurationError` when its name is another's."""
        if self._jobs.setdefault(job.name, job) is not job:
            raise ConfigurationError(f"Two jobs are named {job.name}; rename one of them.")

    def __iter__(self) -> Iterator[Job]:
        return iter(tuple(self._jobs.values()))

    def __len__(self) -> int:
        return len(self._jobs)


def add_support_job(config: Any, job: Job) -> None:
    """Pyramid directive behind ``@job``: make a job known to the application being built."""
    config.registry.support_jobs.add(job)


def includeme(config: Configurator) -> None:
    """Provide ``config.add_support_job``; to be included before anything is scanned."""
    config.registry.support_jobs = DeclaredJobs()
    config.add_directive("add_support_job", add_support_job)
