"""The walk: from an empty database to one that was put back from its back-up."""

from __future__ import annotations

import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import httpx

from tests.waiting import until

from .backup import back_up, check, restore
from .installation import LEASE, Installation
from .receiver import Receiver, receiving
from .report import Report
from .traffic import CALLERS, Traffic, client
from .watching import Watching

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from .report import Line

#: Seconds of traffic before and after a process is restarted, and that nginx is given to let the
#: requests of a drained one end.
AROUND, DRAINED = 1.5, 1.0

#: What a dead part may cost until everything is done again, in seconds: twice the lease of jobs
#: and what starting the part anew takes.
RECOVERY = 4 * LEASE + 30


class Walk:
    """One rehearsal; the first thing that is not as it should be ends it."""

    def __init__(self, installation: Installation, receiver: Receiver, report: Report) -> None:
        self.all = installation
        self.receiver = receiver
        self.report = report
        self.expected: set[int] = set()
        self._stack = ExitStack()

    def run(self) -> None:
        """Take every step."""
        with self._stack:
            self.install()
            self.fill()
            self.watch()
            self.roll_web()
            self.roll_workers()
            self.kill_each()
            self.compare_streams()
            self.back_up()
        self.end()

    def install(self) -> None:
        with self.report.step("migrate and bootstrap") as line:
            self.all.support_core("keys", "create")
            line.note(self.all.support_core("migrate").strip())
            made = self.all.bootstrap()
            self.token, self.workspace_id = made["token"], made["workspace"]["id"]
        with self.report.step("start 2 web, 2 worker, 1 gateway, 2 nginx") as line:
            processes = self.all.all_processes()
            with ThreadPoolExecutor(len(processes)) as threads:
                seconds = threads.map(lambda process: process.start(), processes)
                line.note(f"the last after {max(seconds):.1f} s")
            self.all.start_nginx()
            with self.client() as caller:
                ready = recovered(lambda: caller.get("/readyz").status_code == 200, "readyz")
            line.note(f"ready after {ready:.1f} s")

    def client(self) -> Any:
        return client(self.all.nginx.url, self.token)

    def fill(self) -> None:
        with self.report.step("mailbox, 12 conversations, an attachment") as line:
            with self.client() as caller:
                body = {
                    "name": "Shop",
                    "email": "shop@shop.example",
                    "callback_url": self.receiver.url,
                }
                mailbox = made(caller.post("/mailboxes", json=body))
                self.receiver.secret = mailbox["callback_secret"]
                self.conversations = [
                    made(
                        caller.post(
                            "/conversations",
                            json={
                                "mailbox_id": mailbox["id"],
                                "customer_email": f"customer{number}@customers.example",
                                "subject": f"Parcel {number}",
                                "body": "It has not arrived.",
                            },
                        )
                    )["id"]
                    for number in range(12)
                ]
                files = {"file": ("parcel.txt", b"the parcel's label", "text/plain")}
                self.attachment = made(caller.post("/attachments", files=files))["id"]
                audit = caller.get("/audit").json()["data"][0]
            assert audit["actor"]["address"] == CALLERS, audit
            line.note(f"nginx is believed: the audit trail names {CALLERS}")

    def watch(self) -> None:
        """Follow the streams of both engines from here to the end."""
        self.first_event = self.head()
        self.nchan = self._stack.enter_context(Watching(self.all.nginx.url, self.token))
        self.gateway = self._stack.enter_context(
            Watching(self.all.nginx_of_gateway.url, self.token)
        )

    def head(self) -> int:
        with self.client() as caller:
            after, page = 0, caller.get("/events", params={"after": 0, "per_page": 100}).json()
            while page["data"]:
                after = page["data"][-1]["id"]
                page = caller.get("/events", params={"after": after, "per_page": 100}).json()
        return int(after)

    def traffic(self) -> Traffic:
        return Traffic(self.all.nginx.url, self.token, self.conversations)

    def roll_web(self) -> None:
        with self.report.step("restart both web processes under load") as line:
            with self.traffic() as traffic:
                for name, process in self.all.web.items():
                    time.sleep(AROUND)
                    for nginx in (self.all.nginx, self.all.nginx_of_gateway):
                        nginx.drain(self.all.address(name))
                    time.sleep(DRAINED)
                    stopped, started = process.stop(), process.start()
                    for nginx in (self.all.nginx, self.all.nginx_of_gateway):
                        nginx.undrain(self.all.address(name))
                    line.note(f"{name} stopped in {stopped:.1f} s, back in {started:.1f} s")
                time.sleep(AROUND)
            self.require_delivery(traffic, line)
            assert traffic.failures == [], traffic.failures[:5]

    def roll_workers(self) -> None:
        with self.report.step("restart both workers under load") as line:
            with self.traffic() as traffic:
                for name, process in self.all.workers.items():
                    time.sleep(AROUND)
                    stopped, started = process.stop(), process.start()
                    line.note(f"{name} stopped in {stopped:.1f} s, back in {started:.1f} s")
                time.sleep(AROUND)
            self.require_delivery(traffic, line)
            assert traffic.failures == [], traffic.failures[:5]

    def kill_each(self) -> None:
        parts: list[tuple[str, Callable[[], object], Callable[[], object]]] = [
            *(
                (process.name, process.kill, process.start)
                for process in (self.all.web["web1"], self.all.workers["worker1"], self.all.gateway)
            ),
            ("nginx", self.all.nginx.server.kill, self.all.nginx.server.restart),
            ("Redis, empty afterwards", self.all.redis.kill, self.all.redis.start),
            ("RabbitMQ, empty afterwards", self.all.rabbitmq.kill, self.all.rabbitmq.start),
            ("PostgreSQL", self.all.cluster.kill, self.all.cluster.start),
        ]
        for name, kill, start in parts:
            self.kill_one(name, kill, start)

    def kill_one(self, name: str, kill: Callable[[], object], start: Callable[[], object]) -> None:
        with self.report.step(f"kill -9 {name}") as line:
            with self.traffic() as traffic:
                time.sleep(0.5)
                kill()
                time.sleep(AROUND)
                start()
                with self.client() as caller:
                    ready = recovered(lambda: answered(caller), f"a reply after {name} died")
                line.note(f"requests answered {ready:.1f} s after its start")
                time.sleep(0.5)
            self.require_delivery(traffic, line)
            for stream in (self.nchan, self.gateway):
                recovered(lambda it=stream: self.head() in it.seen, f"streams after {name} died")

    def require_delivery(self, traffic: Traffic, line: Line) -> None:
        """Every reply that was answered 201 arrives at the mailbox's callback, signed."""
        self.expected |= traffic.replies
        seconds = recovered(lambda: not self.missing(), "every reply")
        line.note(
            f"{len(traffic.seconds)} requests, {traffic.failed}, 99 % below {traffic.slowest}"
        )
        line.note(f"{len(traffic.replies)} replies delivered, the last {seconds:.1f} s later")

    def missing(self) -> set[int]:
        return self.expected - self.receiver.effects.keys()

    def compare_streams(self) -> None:
        with self.report.step("compare what the streams saw with the log") as line:
            wanted = set(range(self.first_event + 1, self.head() + 1))
            for name, stream in (("nchan", self.nchan), ("gateway", self.gateway)):
                recovered(lambda it=stream: wanted <= it.seen.keys(), f"all events by {name}")
                line.note(
                    f"{name}: {len(wanted)} of {len(wanted)} events, {stream.repeated} repeated, "
                    f"{stream.connections} connections, {stream.resets} resets"
                )
            assert self.gateway.repeated == 0
            for name, front in (("nchan", self.all.nginx), ("gateway", self.all.nginx_of_gateway)):
                log = front.server.log
                crashes = [it for it in log.splitlines() if "exited on signal" in it]
                said = f" ({crashes[0]})" if crashes else ""
                line.note(f"nginx with {name}: {len(crashes)} workers crashed{said}")
            assert self.receiver.refused == 0
            line.note(
                f"webhooks: {len(self.receiver.effects)} replies, "
                f"{self.receiver.repeated} posted again under the same id"
            )

    def back_up(self) -> None:
        with self.report.step("back up, restore into a second database, check") as line:
            with self.traffic() as traffic:
                time.sleep(0.5)
                copy = back_up(self.all)
                time.sleep(0.5)
            restored = restore(self.all, copy)
            for note in check(self.all, restored, attachment=self.attachment, token=self.token):
                line.note(note)
            self.require_delivery(traffic, line)
            assert traffic.failures == []

    def end(self) -> None:
        with self.report.step("stop everything") as line:
            for process in self.all.all_processes():
                line.note(f"{process.name} {process.stop():.1f} s")
                assert not process.runs


def recovered(reached: Callable[[], object], what: str) -> float:
    """Wait until a dead part costs nothing any more; returns the seconds that took."""
    return until(reached, what, patience=RECOVERY)


def made(answer: Any) -> dict[str, Any]:
    """Return what a POST created."""
    assert answer.status_code in {200, 201}, answer.text
    found: dict[str, Any] = answer.json()["data"]
    return found


def answered(caller: Any) -> bool:
    """Tell whether a request that needs the database is answered."""
    try:
        return bool(caller.get("/conversations").status_code == 200)
    except httpx.TransportError:
        return False


def rehearse(folder: Path) -> Report:
    """Walk through it all; returns what was measured."""
    report = Report()
    with receiving() as receiver, Installation(folder) as installation:
        try:
            Walk(installation, receiver, report).run()
        except BaseException:
            for process in installation.all_processes():
                sys.stderr.write(f"--- {process.name}\n{process.said[-4000:]}\n")
            raise
    return report
