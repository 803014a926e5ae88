"""Visitors who never wrote are forgotten."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from support_chat import keeping
from support_core.plugin_api import JobContext
from support_core.testing.errors import assert_error

if TYPE_CHECKING:
    import pytest

    from support_core.testing import TestWorkspace

    from .visitor import Site, Visitor


def let_go_after(site: Site, monkeypatch: pytest.MonkeyPatch, **span: float) -> None:
    application = site.workspace.under_test.application
    now = application.clock()
    with monkeypatch.context() as later:
        later.setattr(application, "clock", lambda: now + timedelta(**span))
        keeping.let_go(JobContext(application, None, message_id="test"))


def is_known(visitor: Visitor) -> bool:
    return visitor.post("visit").status_int == 200


def test_who_never_wrote_is_forgotten_after_a_while_and_nobody_else(
    site: Site, other: TestWorkspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeping, "AT_ONCE", 2)
    strangers = [site.visitor(page_url="https://shop.example.com/private") for _ in range(5)]
    elsewhere = type(site).of(other).visitor()
    writer = site.visitor(visitor_id="writer")
    writer.start("Hello")
    everybody = [*strangers, elsewhere, writer]
    let_go_after(site, monkeypatch, days=29)
    assert all(is_known(it) for it in everybody)
    let_go_after(site, monkeypatch, days=31)
    assert [is_known(it) for it in everybody] == [False] * 6 + [True]
    assert_error(strangers[0].start("Am I late?"), 404, "contact_not_found")
    assert site.visitor(visitor_id=strangers[0].visitor_id).start("No").status_int == 201
    assert [it["body"] for it in writer.history()] == ["Hello"]


def test_it_is_done_by_itself(site: Site) -> None:
    plugins = site.workspace.under_test.application.plugins
    declared = [it for _, hook in plugins.implementations("support_schedule") for it in hook()]
    assert [it.job for it in declared] == [keeping.let_go]
