"""Jobs are collected by a scan, on the application's own broker."""

from __future__ import annotations

import dramatiq.broker
import pytest
from pyramid.config import Configurator

from support_core.jobs import DeclaredJobs, job
from support_core.settings import ConfigurationError

from . import sample_jobs
from .desks import SmallApplication
from .sample_jobs import note


def _scanned():
    config = Configurator()
    config.include("support_core.jobs")
    config.scan(sample_jobs)
    config.commit()
    return config.registry.support_jobs


def test_a_plain_scan_finds_every_job_of_a_module():
    assert {found.name for found in _scanned()} == {found.name for found in sample_jobs.ALL}


def test_a_second_scan_of_the_same_module_adds_nothing():
    config = Configurator()
    config.include("support_core.jobs")
    config.scan(sample_jobs)
    config.scan(sample_jobs)
    assert len(config.registry.support_jobs) == len(sample_jobs.ALL)


def test_declaring_and_scanning_touch_no_global_broker():
    _scanned()
    assert dramatiq.broker.global_broker is None


def test_two_applications_in_one_process_have_brokers_of_their_own(make_application):
    first, second = make_application(), make_application()
    assert first.jobs.broker is not second.jobs.broker
    assert first.jobs.broker.actors.keys() == second.jobs.broker.actors.keys()


def test_names_are_qualified_by_module():
    assert note.name == "tests.core.jobs.sample_jobs.note"
    assert note.__doc__ == "Take effect once, however often it runs."


def _namesake():
    def declare(context) -> None:
        """Has another's name."""

    declare.__module__, declare.__qualname__ = "tests.core.jobs.sample_jobs", "note"
    return job(queue="notes")(declare)


def test_a_duplicate_name_stops_the_start(jobs_url):
    declared = DeclaredJobs()
    declared.add(note)
    with pytest.raises(ConfigurationError, match="Two jobs are named"):
        declared.add(_namesake())
    application = SmallApplication(jobs_url)
    with pytest.raises(ConfigurationError, match="Two jobs are named"):
        application.build(note, _namesake())


def test_a_queue_name_that_dramatiq_refuses_stops_the_start(jobs_url):
    @job(queue="no spaces")
    def refused(context) -> None:
        """Has a bad queue."""

    with pytest.raises(ConfigurationError, match=r"refused cannot be declared"):
        SmallApplication(jobs_url).build(refused)
