"""Real webhooks come to just what is written beside them, once, twice and at the same time."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.corpus.whatsapp import Play, cases

if TYPE_CHECKING:
    from support_core.testing import DeskUnderTest

    from .meta import Line

FOLDER = Path(os.environ.get("SUPPORT_CORPUS", "../shared/corpus")) / "whatsapp"
FOUND = list(cases(FOLDER)) if (FOLDER / "expectations.jsonl").is_file() else []


def test_every_payload_becomes_what_it_must_and_a_second_time_nothing(
    desk: DeskUnderTest,
) -> None:
    if not FOUND:
        pytest.skip("the corpus is not here")
    wrong = {}
    plays = [Play(desk, case) for case in FOUND]
    assert {play.post() for play in plays} == {200}
    desk.run_jobs()
    for play in plays:
        if problems := play.problems():
            wrong[play.case.file] = problems
    assert wrong == {}
    before = [play.picture() for play in plays]
    with ThreadPoolExecutor(4) as threads:
        again = [threads.submit(play.post) for play in plays for _ in range(3)]
        assert {it.result() for it in again} == {200}
    desk.run_jobs()
    assert [play.picture() for play in plays] == before


def test_a_changed_byte_is_refused(desk: DeskUnderTest, line: Line) -> None:
    webhook = line.customer().says("Hello 👋")
    answer = line.post(webhook, **{"X-Hub-Signature-256": "sha256=" + "0" * 64})
    assert answer.status_int == 401
    desk.run_jobs()
    assert line.conversations() == []
