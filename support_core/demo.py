"""A lively sample workspace, told in the order in which it happened.

Each conversation is a little story that waits between its steps; a clock of the demo's own runs
through the last weeks and wakes them in turn, so that numbers, events and line items follow each
other as they would have. The content is the same every time, only the dates move along.
"""

from __future__ import annotations

import copy
from datetime import timedelta
from heapq import heappop, heappush
from itertools import count, product
from typing import TYPE_CHECKING

from .demo_content import AWAY, MAILBOXES, MEMBERS, SPAM, TOPICS
from .demo_stories import Plot, Stage, story
from .models import STATUSES
from .services.workspaces import add_workspace

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

    from .application import Application
    from .channels import Channel
    from .models import Workspace

SPAN = timedelta(days=27)

#: About how many conversations there are at least, however few channels are enabled.
AT_LEAST = 48


def plots(channels: list[Channel]) -> list[Plot]:
    """Return the plots: every channel, status and assignment at least once."""
    kinds = list(product(STATUSES, (True, False), channels))
    rounds = max(1, -(-AT_LEAST // len(kinds))) if kinds else 0
    return [
        Plot(
            number,
            channel,
            status,
            assigned,
            SPAM if status == "spam" else TOPICS[number * 3 % len(TOPICS)],
        )
        for number, (status, assigned, channel) in enumerate(kinds * rounds)
    ]


def build_demo(
    application: Application, *, name: str, plan: str, told: Callable[[int, int], None]
) -> Workspace:
    """Build the workspace in one transaction; nothing in it travels anywhere.

    ``told`` hears how many conversations are told, and of how many.
    """
    with application.database.transaction() as session:
        workspace = add_workspace(application, session, name, plan=plan)
        present = application.clock()
        twin = copy.copy(application)  # the same in all but its clock
        stage = Stage(twin, session, present - SPAN)
        twin.clock = lambda: stage.now
        _people(stage)
        _play(stage, plots(list(application.plugins.channels.values())), present, told)
        stage.now = present
        for _, implementation in application.plugins.implementations("support_demo"):
            implementation(desk=stage.desk())
    return workspace


def _people(stage: Stage) -> None:
    desk = stage.desk()
    for name, role in MEMBERS:
        email = f"{name.partition(' ')[0].lower()}@demo.example"
        member = {"email": email, "name": name, "role": role, "is_available": name not in AWAY}
        user = desk.members.create(member, by=None)
        if role == "agent":
            stage.agents.append((user.id, name))
    for name, email, signature in MAILBOXES:
        mailbox, _ = desk.mailboxes.create({"name": name, "email": email, "signature": signature})
        stage.mailboxes.append(mailbox.id)


def _play(
    stage: Stage, plotted: list[Plot], present: datetime, told: Callable[[int, int], None]
) -> None:
    order = count()
    waiting: list[tuple[datetime, int, Iterator[timedelta]]] = []
    start = stage.now
    for plot in plotted:
        begins = start + SPAN * 0.97 * plot.number / len(plotted)
        heappush(waiting, (begins, next(order), story(stage, plot)))
    ended = 0
    while waiting:
        stage.now, _, told_now = heappop(waiting)
        pause = next(told_now, None)
        if pause is None:
            ended += 1
            told(ended, len(plotted))
        else:
            heappush(waiting, (min(stage.now + pause, present), next(order), told_now))
