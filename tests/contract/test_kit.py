"""The kit finds what is wrong with a channel: each fault by the test that is named after it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from support_core.testing import make_desk
from support_core.testing.conformance import ChannelConformance
from support_core.testing.connections import calls_inside_transactions

from . import faults
from .sides import ProbeSide

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from support_core.channels import Sent
    from support_core.testing import DeskUnderTest

KIT = ChannelConformance()

FAULTS = [
    (faults.sends_inside_a_transaction, KIT.test_no_transaction_is_open_while_a_reply_travels),
    (faults.sends_twice, KIT.test_a_reply_is_carried_exactly_once),
    (
        faults.keeps_reasons_to_itself,
        KIT.test_a_reply_refused_for_good_is_failed_and_can_be_sent_again,
    ),
    (
        faults.keeps_reasons_to_itself,
        KIT.test_every_attempt_at_a_reply_carries_the_same_message_id,
    ),
    (
        faults.takes_a_refusal_for_success,
        KIT.test_a_reply_refused_for_good_is_failed_and_can_be_sent_again,
    ),
    (
        faults.changes_the_message_id,
        KIT.test_every_attempt_at_a_reply_carries_the_same_message_id,
    ),
]


@pytest.mark.parametrize(
    ("deliver", "test"), FAULTS, ids=[f"{it.__name__}-{test.__name__}" for it, test in FAULTS]
)
def test_a_fault_is_found(
    deliver: Callable[..., Sent], test: Callable[..., None], fresh_database: str, tmp_path: Path
) -> None:
    module = faults.with_delivery(deliver)
    desk = make_desk(tmp_path, fresh_database, plugins=(), extra={"probe": module})
    try:
        side = ProbeSide()
        workspace = desk.workspace()
        card = desk.application.plugins.channels["probe"]
        mailbox_id = side.mailbox(workspace)
        conversation = KIT.conversation.__wrapped__(KIT, workspace, side, mailbox_id, card)  # type: ignore[attr-defined]
        with pytest.raises(AssertionError):
            test(desk, workspace, side, conversation, card)
    finally:
        desk.application.close()


def test_a_network_call_outside_of_transactions_is_none_of_the_kits_business(
    desk: DeskUnderTest,
) -> None:
    database = desk.application.database
    with calls_inside_transactions(database) as found:
        with database.transaction(write=False) as session:
            session.connection()
        here, there = faults.socket.socketpair()
        with here, there:
            here.send(b"a reply")
    assert found == []
