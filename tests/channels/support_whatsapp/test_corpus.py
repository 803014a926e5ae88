"""Real webhooks come to just what is written beside them, once, twice and at the same time."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.corpus.whatsapp import Play, cases
from tests.corpus.whatsapp_http import HTTPCase, HTTPPlay, http_cases

if TYPE_CHECKING:
    from support_core.testing import DeskUnderTest
    from tests.services.graph import Graph

    from .meta import Line

FOLDER = Path(os.environ.get("SUPPORT_CORPUS", "../shared/corpus")) / "whatsapp"
ASKED = http_cases(FOLDER)
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


def test_every_case_of_http_is_answered_as_its_file_says(desk: DeskUnderTest, graph: Graph) -> None:
    if not ASKED:
        pytest.skip("the corpus is not here")
    differ = {case.name: HTTPPlay(desk, graph, case).problems() for case in ASKED}
    assert {name: it for name, it in differ.items() if it} == {}


def test_a_case_that_nobody_knows_how_to_play_or_judge_is_not_fulfilled(
    desk: DeskUnderTest, graph: Graph
) -> None:
    strange = HTTPCase("post_strange", {"note": "something else"}, {"status": 200})
    assert HTTPPlay(desk, graph, strange).problems() == ["it is not known what to send"]
    unjudged = HTTPCase("any", {"body": "{}", "signed": True}, {"status": 500, "colour": "red"})
    assert HTTPPlay(desk, graph, unjudged).problems() == [
        "status: {200} instead of 500",
        "it is not known how colour is judged",
    ]


def test_a_changed_byte_is_refused(desk: DeskUnderTest, line: Line) -> None:
    webhook = line.customer().says("Hello 👋")
    answer = line.post(webhook, **{"X-Hub-Signature-256": "sha256=" + "0" * 64})
    assert answer.status_int == 401
    desk.run_jobs()
    assert line.conversations() == []
