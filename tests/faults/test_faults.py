"""The short form of the harness: everything is killed a few times, and no job is lost."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from tests.conftest import BROKERS
from tests.services import require_service
from tests.services.postgres import PostgresMissing
from tests.services.rabbitmq import RabbitmqMissing
from tests.services.redis import RedisMissing

from .harness import Plan, run

if TYPE_CHECKING:
    from pathlib import Path

    from tests.services.databases import Databases

#: Another one kills others at other moments: SUPPORT_FAULTS_SEED=7.
SEED = int(os.environ.get("SUPPORT_FAULTS_SEED", "1"))


@pytest.mark.parametrize("broker", BROKERS)
def test_no_job_is_lost_or_stuck_whatever_is_killed(
    broker: str, databases: Databases, tmp_path: Path
) -> None:
    plan = Plan(jobs=300, rounds=3, seed=SEED, lease=2.0)
    try:
        outcome = run(f"{broker} {databases.dialect}", plan, tmp_path)
    except (PostgresMissing, RabbitmqMissing, RedisMissing) as missing:
        require_service(broker, str(missing))
    assert outcome.jobs == plan.jobs
    assert not outcome.faults, outcome.told()
