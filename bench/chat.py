"""``python -m bench.chat``: visitors of a chat on one gateway process, and agents who answer."""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from statistics import median, quantiles
from typing import TYPE_CHECKING, Any

from support_chat.models import ChatContact, ChatConversation
from support_chat.widgets import create
from support_core import app
from support_core.plugin_api import Delivery, Thread
from tests.services.process import free_port
from tests.services.redis import Redis
from tests.serving.processes import BIN, bootstrap, running, write_ini

from . import report
from .chat_agents import Agents
from .stream_client import Swarm, raise_file_limit
from .streams import MILLISECOND, PATIENCE, RESULTS, Bench, opened

if TYPE_CHECKING:
    from collections.abc import Sequence

    from support_core.plugin_api import Desk

    from .chat_agents import Sent

PATH = "/api/support/chat/stream"
PLUGINS = "api chat plans"
HEADERS = b"Accept: text/event-stream\r\nOrigin: https://shop.example\r\n"
#: Rows that are written in one transaction while the bench is set up.
BATCH = 500


@dataclass
class Chats(Bench):
    """A gateway, the visitors' paths, and the conversations that agents answer."""

    address: tuple[str, int]
    paths: list[str]
    conversations: list[int]
    agent_id: int
    agents: Agents

    def swarm(self, paths: Sequence[str]) -> Swarm:
        return Swarm(self.address, self.headers, paths, processes=self.options.client_processes)

    @property
    def used(self) -> dict[str, float]:
        """Processor time so far, in seconds, of all that a reply costs."""
        return {"gateway": self.cpu, "agents": self.agents.used}

    def answer(self, visitors: int, total: int) -> tuple[Sent, float]:
        """Let agents give so many visitors ``total`` answers; return these, and the seconds."""
        return self.agents.answer(
            self.workspace_id,
            self.agent_id,
            self.conversations[:visitors],
            total=total,
            rate=self.options.rate,
            writers=self.options.writers,
        )


def main() -> None:
    """Run what the command line asks for."""
    options = _options()
    raise_file_limit()
    with ExitStack() as stack:
        lines = _lines_of_gateway(_measured(_bench(stack, options)), options)
    if options.nchan:
        from .chat_nchan import behind_nginx  # noqa: PLC0415 - it needs this module

        with ExitStack() as stack:
            bench = behind_nginx(stack, options)
            workers = len(bench.workers)
            lines += _lines_of_nchan(_measured(bench), options, workers)
    text = "\n\n".join([report.machine(report.sqlite_version()), *lines])
    sys.stdout.write(f"\n{text}\n")
    if options.output is not None:
        report.write(options.output, "Chat", text)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.chat", description=main.__doc__)
    parser.add_argument("--visitors", type=int, default=10_000)
    parser.add_argument("--rate", type=int, default=200, help="agents' messages a second")
    parser.add_argument("--seconds", type=int, default=30)
    parser.add_argument("--writers", type=int, default=4, help="an agents' process's threads")
    parser.add_argument("--agents", type=int, default=2, help="agents' processes beside nchan")
    parser.add_argument("--client-processes", type=int, default=2)
    parser.add_argument("--no-nchan", dest="nchan", action="store_false")
    parser.add_argument("--database", default="sqlite:///%(here)s/desk.sqlite")
    parser.add_argument("--output", type=Path, default=RESULTS, help="where the tables are kept")
    parser.add_argument("--dry", dest="output", action="store_const", const=None)
    return parser.parse_args()


def _bench(stack: ExitStack, options: argparse.Namespace) -> Chats:
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="support-bench-")))
    redis = Redis()
    stack.callback(redis.stop)
    most = str(options.visitors + 100)
    ini = write_ini(
        folder,
        options.database,
        {
            "support.bus": f"{redis.url}/0",
            "support.ratelimit.enabled": "false",
            "support.streams.max": most,
            "support.workers": "0",
            "support.plugins": PLUGINS,
        },
    )
    made = bootstrap(ini)
    address = ("127.0.0.1", free_port())
    command = (BIN / "support-core", "-c", ini, "gateway", "--listen", f"{address[0]}:{address[1]}")
    gateway = stack.enter_context(running(ini, *command, ready="serving"))
    settings = {
        "sqlalchemy.url": options.database.replace("%(here)s", str(folder)),
        "support.keys_file": str(folder / "var" / "keys"),
        "support.blobs.path": str(folder / "var" / "blobs"),
        "support.sqlite.synchronous": "off",
        "support.bus": f"{redis.url}/0",
        "support.plugins": PLUGINS,
        "support.log.level": "warning",
    }
    publisher = app.build(settings).registry.support
    stack.callback(publisher.close)
    workspace_id = int(made["workspace"]["id"] if "workspace" in made else made["workspace_id"])
    bench = Chats(
        gateway,
        publisher,
        workspace_id,
        HEADERS,
        options,
        address,
        [],
        [],
        0,
        Agents(stack, settings, 1),
    )
    people(bench)
    return bench


def people(bench: Chats) -> None:
    """Make a widget, an agent, and visitors who have a conversation each."""
    with bench.publisher.desk(bench.workspace_id) as desk:
        mailbox = desk.mailboxes.create({"name": "Chat", "email": "chat@bench.example"})[0]
        widget, _ = create(desk, {"name": "Shop", "mailbox_id": mailbox.id})
        agent = {"email": "ann@bench.example", "name": "Ann", "role": "agent"}
        bench.agent_id = desk.members.create(agent, by=None).id
        customer = desk.customers.find_or_create(email="visitor@bench.example")
        ids = (widget.id, widget.token, mailbox.id, customer.id)
    widget_id, token, mailbox_id, customer_id = ids
    for first in range(0, bench.options.visitors, BATCH):
        with bench.publisher.desk(bench.workspace_id) as desk:
            for number in range(first, min(first + BATCH, bench.options.visitors)):
                conversation = desk.conversations.open(
                    mailbox=desk.mailboxes.get(mailbox_id),
                    customer=desk.customers.get(customer_id),
                    subject="Chat",
                    channel="chat",
                )
                contact = ChatContact(
                    widget_id=widget_id,
                    secret_id=2**52 + number,
                    visitor_id=f"bench-{number}",
                    answers={},
                    last_seen_at=desk.clock(),
                )
                desk.session.add(contact)
                desk.session.flush()
                desk.session.add(
                    ChatConversation(conversation_id=conversation.id, contact_id=contact.id)
                )
                _chatted(desk, conversation.id, bench.agent_id)
                bench.conversations.append(conversation.id)
                bench.paths.append(f"{PATH}?token={token}&contact_id={2**52 + number}")


def _chatted(desk: Desk, conversation_id: int, agent_id: int) -> None:
    """Let a visitor have written, and an agent have answered: chats are under way."""
    said: dict[str, Any] = {"conversation_id": conversation_id, "body_format": "text"}
    question, answer = "Is it in stock?", "I will have a look."
    desk.session.put(Thread(**said, type="customer", body=question, body_text=question))
    thread = Thread(**said, type="message", body=answer, body_text=answer, user_id=agent_id)
    desk.session.put(thread)
    delivery = {"conversation_id": conversation_id, "thread_id": thread.id, "channel": "chat"}
    desk.session.put(Delivery(**delivery, state="sent", message_id=f"msg_{thread.id}"))


@dataclass
class Measured:
    """What one engine gave."""

    opened: float
    memory: float
    replies: int
    rate: float
    times: list[float]
    stored: list[float]
    cpu: float
    shares: dict[str, float]

    def facts(self, visitors: int, whose: str) -> str:
        """Return the list under a description."""
        return (
            f"* {visitors:,} visitors' streams opened in {self.opened:.1f} s.\n"
            f"* **{self.memory:.1f} KiB** of {whose} memory a visitor.\n"
            f"* {self.replies:,} replies at {self.rate:.0f} a second: none lost, none repeated, "
            "none to another visitor."
        )

    def table(self, whose: str) -> str:
        """Return how long replies took."""
        return (
            f"| to the visitor | p50 ms | p99 ms | most ms | {whose} CPU a reply, µs |\n"
            "|---|--:|--:|--:|--:|\n"
            f"| from the beginning of the transaction {_spread(self.times)} {self.cpu:.0f} |\n"
            f"| from its commit {_spread(self.stored)} |"
        )

    def costs(self) -> str:
        """Return what a reply cost each process."""
        named = ", ".join(f"{name} {used * 1e6:.0f}" for name, used in self.shares.items())
        total = sum(self.shares.values()) * 1e6
        return f"Processor time of a reply, µs: {named}; together {total:.0f}."


def _lines_of_gateway(found: Measured, options: argparse.Namespace) -> list[str]:
    return [
        f"One `support-core gateway` process ({_dialect(options)}, bus over Redis, uvloop), "
        f"{options.visitors:,} visitors of one workspace over loopback, each with a conversation "
        "of their own that is under way; agents' replies are committed by another process, and "
        "each is one visitor's.",
        found.facts(options.visitors, "the gateway's resident"),
        found.table("gateway's"),
        found.costs(),
    ]


def _lines_of_nchan(found: Measured, options: argparse.Namespace, workers: int) -> list[str]:
    return [
        f"The same by nginx's nchan ({workers} workers) over Redis, on PostgreSQL, with the "
        f"plugin `nchan`: {options.agents} processes commit agents' replies, and a job of another "
        "makes what the visitor sees and publishes it to a channel of theirs.",
        found.facts(options.visitors, "nginx's"),
        found.table("nginx's"),
        found.costs(),
    ]


def _measured(bench: Chats) -> Measured:
    options, number = bench.options, bench.options.visitors
    _warm_up(bench)
    before = bench.resident
    swarm = bench.swarm(bench.paths)
    try:
        open_now, seconds = opened(swarm, number)
        time.sleep(2)
        memory = (bench.resident - before) / number
        _say(f"{open_now:,} visitors in {seconds:.1f} s, {memory:.1f} KiB each")
        swarm.forget()
        used, used_by = bench.cpu, bench.used
        sent, took = bench.answer(number, options.rate * options.seconds)
        swarm.wait_for(len(sent), patience=PATIENCE)
        cpu = (bench.cpu - used) / len(sent) * 1e6
        shares = {name: (now - used_by[name]) / len(sent) for name, now in bench.used.items()}
        time.sleep(1)  # for what should not come
        arrivals = swarm.collect()
    finally:
        swarm.stop()
    # The swarm hands its streams out in turn: those of a process follow each other here.
    processes = options.client_processes
    order = [index for first in range(processes) for index in range(first, number, processes)]
    times: list[float] = []
    stored: list[float] = []
    for index, stream in zip(order, arrivals, strict=True):
        wanted = [id_ for id_, (visitor, _, _) in sent.items() if visitor == index]
        got = [id_ for id_, _ in stream]
        if sorted(got) != sorted(wanted):
            raise SystemExit(f"A visitor had {got[:20]} instead of {wanted[:20]}.")
        times += [moment - sent[id_][1] for id_, moment in stream]
        stored += [moment - sent[id_][2] for id_, moment in stream]
    return Measured(seconds, memory, len(sent), len(sent) / took, times, stored, cpu, shares)


def _spread(times: Sequence[float]) -> str:
    """Return median, 99th percentile and most as cells of a table."""
    p99 = quantiles(times, n=100)[98]
    cells = (f"{it * MILLISECOND:.1f}" for it in (median(times), p99, max(times)))
    return f"| {' | '.join(cells)} |"


def _warm_up(bench: Chats) -> None:
    """Let everything have been used once."""
    swarm = bench.swarm(bench.paths[:100])
    swarm.open()
    bench.answer(20, 20)
    swarm.wait_for(20, patience=PATIENCE)
    swarm.stop()
    time.sleep(1)


def _dialect(options: argparse.Namespace) -> str:
    return "SQLite" if options.database.startswith("sqlite") else "PostgreSQL"


def _say(text: str) -> None:
    sys.stderr.write(f"{text}\n")


if __name__ == "__main__":
    main()
