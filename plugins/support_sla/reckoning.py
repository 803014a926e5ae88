"""What a conversation's history makes of its targets: due times, states, turning points.

Pure arithmetic: the same history under the same rules always gives the same verdict, whenever and
however often it is reckoned. Three targets are watched:

- ``first_response``: from the customer's first message to the first agent's message. A
  conversation that an agent begins has none.
- ``next_response``: from the first message that a customer writes after an agent's, to the next
  agent's message; as often as that happens.
- ``resolution``: from the beginning until the conversation is closed.

Time counts while the conversation is active. It does not while it is closed or spam, nor, where
the rules say so, while it is pending or (for the resolution) waiting for the customer.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from .calendars import Calendar

TARGETS = ("first_response", "next_response", "resolution")
STATES = ("on_track", "at_risk", "breached", "met")

#: What a step may be besides a status: who wrote.
CUSTOMER, AGENT = "customer", "agent"

_NONE = timedelta(0)


@dataclass(frozen=True)
class Rules:
    """What a policy asks for: seconds by target, for the conversation's priority.

    ``left`` is the share of a target's time, in percent, that is left when it becomes at risk; 0
    for never.
    """

    calendar: Calendar
    targets: Mapping[str, int]
    left: int = 25
    pauses_pending: bool = True
    pauses_waiting: bool = False


@dataclass(frozen=True)
class Step:
    """Something that happened: ``customer`` or ``agent`` wrote, or the status that was set."""

    at: datetime
    what: str


@dataclass
class Watch:
    """One target of a conversation, one of possibly several next responses.

    ``late_at`` is when it was or will have been due while nobody had done it; ``risk_at`` when it
    became at risk.
    """

    target: str
    number: int
    calendar: Calendar
    limit: timedelta
    warning: timedelta | None
    spent: timedelta = _NONE
    since: datetime | None = None
    late_at: datetime | None = None
    risk_at: datetime | None = None
    ended_at: datetime | None = None
    #: The due time that it ended with.
    was_due: datetime | None = None

    def run(self, at: datetime, *, counts: bool) -> None:
        """Let the time until ``at`` pass; from there on it ``counts`` or not."""
        if self.since is not None:
            self.reach(at)
            self.spent += self.calendar.elapsed(self.since, at)
        self.since = at if counts else None

    def reach(self, at: datetime) -> None:
        """Note what was reached by ``at``: what is due now is late, done now or not."""
        due, risk = self.ahead(self.limit), self.ahead(self.warning)
        if self.late_at is None and due is not None and due <= at:
            self.late_at = due
        if self.risk_at is None and risk is not None and risk <= at:
            self.risk_at = risk

    def ahead(self, amount: timedelta | None) -> datetime | None:
        """Return when ``amount`` is reached if time goes on as now; None where it stands."""
        if amount is None or self.since is None or self.spent > amount:
            return None
        return self.calendar.add(self.since, amount - self.spent)

    def end(self, at: datetime) -> None:
        self.was_due = self.ahead(self.limit)
        self.run(at, counts=False)
        self.ended_at = at

    @property
    def state(self) -> str:
        if self.late_at is not None:
            return "breached"
        if self.ended_at is not None:
            return "met"
        return "at_risk" if self.risk_at is not None else "on_track"

    @property
    def due_at(self) -> datetime | None:
        """When it is due, or was; None while its time stands."""
        return self.late_at or self.ahead(self.limit) or self.was_due


@dataclass
class Verdict:
    """What the history comes to at a moment.

    ``turned`` are the turning points that lie behind: ``target:number:state``, with their moment.
    """

    status: str | None = None
    due: dict[str, datetime | None] = field(default_factory=dict)
    fires_at: datetime | None = None
    turned: dict[str, datetime] = field(default_factory=dict)
    #: Of ended targets: seconds of business time, and whether they were met.
    spent: dict[str, int] = field(default_factory=dict)
    met: dict[str, bool] = field(default_factory=dict)
    next_met: int = 0
    next_breached: int = 0
    first_reply_at: datetime | None = None
    closed_at: datetime | None = None

    @property
    def due_at(self) -> datetime | None:
        """The soonest due time that lies ahead; None where none does."""
        return self.due.get("next")


class Reckoner:
    """Goes through one conversation's steps in their order."""

    def __init__(self, rules: Rules | None, started: datetime) -> None:
        self._rules = rules
        self._status = "active"
        self._waiting = False
        self._agent_wrote = False
        self._asked = False
        self._responses = 0
        self._open: dict[str, Watch] = {}
        self._last: dict[str, Watch] = {}
        self._verdict = Verdict()
        self._resolution: Watch | None = None
        self._start("resolution", started)

    def take(self, step: Step) -> None:
        if step.what == CUSTOMER:
            self._customer(step.at)
        elif step.what == AGENT:
            self._agent(step.at)
        else:
            self._set(step.what, step.at)
        for watch in self._open.values():
            watch.run(step.at, counts=self._counts(watch.target))

    def verdict(self, now: datetime) -> Verdict:
        """Return what it comes to by ``now``."""
        for watch in self._open.values():
            watch.reach(now)
        found = self._verdict
        for watch in self._last.values():
            self._tell(watch)
        self._count_the_late()
        running = [it for it in self._open.values() if it.since is not None]
        ahead = [it.ahead(it.limit) for it in running if it.late_at is None]
        warnings = [it.ahead(it.warning) for it in running if it.risk_at is None]
        found.due = {name: watch.due_at for name, watch in self._last.items()}
        dues = [it for it in ahead if it is not None]
        found.due["next"] = min(dues, default=None)
        found.fires_at = min([*dues, *(it for it in warnings if it is not None)], default=None)
        found.status = self._overall()
        if self._status == "spam":
            return Verdict(first_reply_at=found.first_reply_at)
        return found

    def _overall(self) -> str | None:
        states = [it.state for it in self._last.values()]
        if "breached" in states or self._verdict.next_breached:
            return "breached"
        if not states:
            return None
        open_ = [it.state for it in self._open.values()]
        if self._status == "closed" or not open_:
            return "met"
        return "at_risk" if "at_risk" in open_ else "on_track"

    def _count_the_late(self) -> None:
        """Count as missed what is late already, done or not."""
        for watch in self._open.values():
            if watch.late_at is None:
                continue
            if watch.target == "next_response":
                self._verdict.next_breached += 1
            else:
                self._verdict.met[watch.target] = False

    def _tell(self, watch: Watch) -> None:
        turned, name = self._verdict.turned, f"{watch.target}:{watch.number}"
        if watch.late_at is not None:
            turned[f"{name}:breached"] = watch.late_at
        elif watch.ended_at is not None:
            turned[f"{name}:met"] = watch.ended_at
        elif watch.risk_at is not None:
            turned[f"{name}:at_risk"] = watch.risk_at

    def _start(self, target: str, at: datetime, number: int = 1) -> None:
        if self._rules is None or target not in self._rules.targets:
            return
        limit = timedelta(seconds=self._rules.targets[target])
        warning = limit * (100 - self._rules.left) / 100 if self._rules.left else None
        watch = Watch(target, number, self._rules.calendar, limit, warning)
        watch.run(at, counts=self._counts(target))
        self._open[target] = self._last[target] = watch

    def _end(self, target: str, at: datetime) -> None:
        watch = self._open.pop(target, None)
        if watch is None:
            return
        watch.end(at)
        met = watch.late_at is None
        if target == "next_response":
            self._verdict.next_met += met
            self._verdict.next_breached += not met
        else:
            self._verdict.spent[target] = int(watch.spent.total_seconds())
            self._verdict.met[target] = met

    def _counts(self, target: str) -> bool:
        if self._rules is None or self._status in {"closed", "spam"}:
            return False
        if self._status == "pending" and self._rules.pauses_pending:
            return False
        return not (target == "resolution" and self._waiting and self._rules.pauses_waiting)

    def _customer(self, at: datetime) -> None:
        if self._agent_wrote and not self._asked:
            self._responses += 1
            self._start("next_response", at, self._responses)
        elif not self._asked and not self._agent_wrote:
            self._start("first_response", at)
        self._asked, self._waiting = True, False

    def _agent(self, at: datetime) -> None:
        if self._verdict.first_reply_at is None and self._asked:
            self._verdict.first_reply_at = at
        self._end("next_response" if self._agent_wrote else "first_response", at)
        self._agent_wrote, self._asked, self._waiting = True, False, True

    def _set(self, status: str, at: datetime) -> None:
        if status == self._status:
            return
        before, self._status = self._status, status
        if status == "closed":
            self._verdict.closed_at = at
            self._resolution = self._open.get("resolution")
            self._end("resolution", at)
        elif before == "closed":
            self._verdict.closed_at = None
            self._reopen(at)

    def _reopen(self, at: datetime) -> None:
        """Go on with the resolution where the closing left it."""
        watch, self._resolution = self._resolution, None
        if watch is not None:
            watch.ended_at = watch.was_due = None
            watch.run(at, counts=self._counts("resolution"))
            self._open["resolution"] = watch
            self._verdict.spent.pop("resolution", None)
            self._verdict.met.pop("resolution", None)


def reckon(
    steps: Iterable[Step], *, rules: Rules | None, started: datetime, now: datetime
) -> Verdict:
    """Return what a conversation's steps, oldest first, come to by ``now``."""
    reckoner = Reckoner(rules, started)
    last = started
    ahead = None
    for step in steps:
        if step.at > now:
            ahead = min(ahead or step.at, step.at)
            continue
        last = max(last, step.at)
        reckoner.take(Step(last, step.what))
    verdict = reckoner.verdict(max(now, last))
    if ahead is not None:  # a reply that is held back will have to be looked at
        verdict.fires_at = min(verdict.fires_at or ahead, ahead)
    return verdict
