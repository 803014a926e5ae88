"""Filling a workspace: many conversations of three threads each, the same for the same seed.

Rows go in by the driver's bulk path, a chunk a transaction. Triggers count them as they come, and
each live conversation gets its search document, as the product would write it.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import TYPE_CHECKING, Any

import orjson

from support_core.models.search import document
from support_core.services.workspaces import create_workspace, ensure_owner

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from support_core.application import Application

CHUNK = 10_000
YEAR_SECONDS = 365 * 24 * 3600

# Far apart, so that a value tells what it is the id of.
FIRST_CONVERSATION = 2_000_000
FIRST_CUSTOMER = 10_000_000
FIRST_THREAD = 20_000_000
FIRST_EVENT = 500_000_000

PER_CUSTOMER = 5  # conversations
DELETED_EVERY = 100
RARE_WORD = "quokka"
RARE_COUNT = 5
COMMON_WORD = "order"

_WORDS = """
order invoice delivery refund password account parcel charge address question problem return
exchange warranty voucher subscription login payment update missing broken late wrong colour size
battery charger cable screen keyboard printer router licence upgrade export import report meeting
holiday discount contract renewal cancellation feedback complaint
"""
_NAMES = """
anna ben carla david elena frank grace hugo irina jonas karin liam maria noah olga paul quentin rosa
simon tara ulrich vera walter xenia yusuf zoe
"""
WORDS, NAMES = _WORDS.split(), _NAMES.split()
HOSTS = ("example.com", "example.net", "example.org", "mail.example.com")
STATUSES = (("active", 45), ("pending", 15), ("closed", 37), ("spam", 3))
PRIORITIES = (("normal", 80), ("high", 12), ("low", 6), ("urgent", 2))


@dataclass(frozen=True)
class Seeded:
    """What was made: enough to write requests about it."""

    workspace_id: int
    token: str
    mailboxes: list[int]
    members: list[int]
    emails: list[str]
    conversations: int


def seed(application: Application, conversations: int) -> Seeded:
    """Fill an empty, migrated database with one workspace of ``conversations``."""
    workspace = create_workspace(application, "Bench", plan="pro")
    owner = ensure_owner(application, workspace, email="owner@example.test", name="Olivia Owner")
    with application.desk(workspace.id) as desk:
        token = desk.tokens.create(desk.members.get(owner.id), name="bench")[1]
        mailboxes = [
            desk.mailboxes.create({"name": name, "email": f"{name.lower()}@example.test"})[0].id
            for name in ("Support", "Sales", "Billing", "Returns")
        ]
        members = [
            desk.members.create(
                {"email": f"agent{i}@example.test", "name": f"Agent {i}", "role": "agent"}, by=None
            ).id
            for i in range(1, 10)
        ]
    rows = _Rows(workspace.id, conversations, mailboxes, [owner.id, *members])
    for table, columns, values in rows.all():
        _insert(application, table, columns, values)
    _finish(application, workspace.id, conversations)
    return Seeded(workspace.id, token, mailboxes, members, rows.emails, conversations)


class _Rows:
    """Generates the rows, table by table in the order that foreign keys ask for."""

    def __init__(
        self, workspace_id: int, conversations: int, mailboxes: Sequence[int], users: Sequence[int]
    ) -> None:
        self._workspace_id, self._count = workspace_id, conversations
        self._mailboxes, self._users = mailboxes, users
        self._random = random.Random(f"bench {conversations}")  # noqa: S311 - repeatable on purpose
        self._now = datetime.now(UTC).replace(microsecond=0)
        self.emails = [self._email(i) for i in range(max(1, conversations // PER_CUSTOMER))]
        step = max(1, conversations // (RARE_COUNT + 1))
        self._rare = {step * i + 1 for i in range(1, RARE_COUNT + 1)}

    def _email(self, number: int) -> str:
        first, last = self._random.choices(NAMES, k=2)
        return f"{first}.{last}{number}@{self._random.choice(HOSTS)}"

    def all(self) -> Iterator[tuple[str, str, Iterator[Sequence[Any]]]]:
        """Yield (table, its columns, its rows)."""
        yield "customers", CUSTOMER_COLUMNS, self._customers()
        self._heads = list(self._conversations())
        yield "conversations", CONVERSATION_COLUMNS, iter(self._heads)
        yield "threads", THREAD_COLUMNS, self._threads()
        yield "deliveries", DELIVERY_COLUMNS, self._deliveries()
        yield "conversation_search", "rowid, workspace_id, text", self._documents()

    def _customers(self) -> Iterator[Sequence[Any]]:
        for i, email in enumerate(self.emails):
            name = email.partition("@")[0].rstrip("0123456789").replace(".", " ").title()
            when = self._now - timedelta(days=366)
            id_ = FIRST_CUSTOMER + i
            yield id_, self._workspace_id, email, email, name, _Json({}), when, when

    def _conversations(self) -> Iterator[Sequence[Any]]:
        rng = self._random
        for i in range(self._count):
            last_reply = self._now - timedelta(
                seconds=YEAR_SECONDS * (self._count - i) / self._count + rng.random()
            )
            subject = " ".join(rng.choices(WORDS, k=4)).capitalize()
            if i in self._rare:
                subject += f" {RARE_WORD}"
            status = _pick(rng, STATUSES)
            yield (
                FIRST_CONVERSATION + i,
                self._workspace_id,
                i + 1,
                subject,
                status,
                "api",
                _pick(rng, PRIORITIES),
                rng.choice(self._mailboxes),
                FIRST_CUSTOMER + rng.randrange(len(self.emails)),
                rng.choice(self._users) if rng.random() < 0.7 else None,
                _Json([]),
                last_reply,
                last_reply if status == "closed" else None,
                last_reply if i % DELETED_EVERY == DELETED_EVERY - 1 else None,
                last_reply - timedelta(hours=rng.randrange(1, 72)),
                last_reply,
            )

    def _threads(self) -> Iterator[Sequence[Any]]:
        for i, head in enumerate(self._heads):
            created, user = head[14], head[9] or self._users[0]
            for j, kind in enumerate(("customer", "message", "customer")):
                body = " ".join(self._random.choices(WORDS, k=30)).capitalize() + "."
                agent = user if kind == "message" else None
                lists = (_Json([]), _Json([])) if agent else (None, None)
                yield (
                    FIRST_THREAD + 3 * i + j,
                    *(self._workspace_id, head[0], kind, body, "text", body, agent),
                    *(*lists, created + timedelta(minutes=20 * j)),
                )

    def _deliveries(self) -> Iterator[Sequence[Any]]:
        for i, head in enumerate(self._heads):
            thread = FIRST_THREAD + 3 * i + 1
            when = head[14] + timedelta(minutes=20)
            yield self._workspace_id, head[0], thread, "api", "sent", 1, f"msg_{i}", when, when

    def _documents(self) -> Iterator[Sequence[Any]]:
        for head in self._heads:
            if head[13] is None:
                email = self.emails[head[8] - FIRST_CUSTOMER]
                yield head[0], self._workspace_id, document(head[3], email)


CUSTOMER_COLUMNS = (
    "id, workspace_id, email, email_key, display_name, attributes, created_at, updated_at"
)
CONVERSATION_COLUMNS = (
    "id, workspace_id, number, subject, status, channel, priority, mailbox_id, customer_id, "
    "assigned_to, tags, last_reply_at, closed_at, deleted_at, created_at, updated_at"
)
THREAD_COLUMNS = (
    "id, workspace_id, conversation_id, type, body, body_format, body_text, user_id, cc, bcc, "
    "created_at"
)
DELIVERY_COLUMNS = (
    "workspace_id, conversation_id, thread_id, channel, state, attempts, message_id, created_at, "
    "updated_at"
)


class _Json:
    def __init__(self, value: Any) -> None:
        self.text = orjson.dumps(value).decode()


def _pick(rng: random.Random, weighted: Sequence[tuple[str, int]]) -> str:
    return rng.choices([it[0] for it in weighted], [it[1] for it in weighted])[0]


def _insert(
    application: Application, table: str, columns: str, rows: Iterator[Sequence[Any]]
) -> None:
    sqlite = application.database.dialect == "sqlite"
    with application.database.engine.connect() as connection:
        raw: Any = connection.connection.driver_connection
        while chunk := list(islice(rows, CHUNK)):
            if sqlite:
                marks = ", ".join("?" * len(chunk[0]))
                raw.execute("BEGIN IMMEDIATE")
                raw.executemany(
                    f"INSERT INTO {table} ({columns}) VALUES ({marks})",  # noqa: S608 - our own
                    [[_plain(value) for value in row] for row in chunk],
                )
                raw.execute("COMMIT")
            else:
                with (
                    raw.cursor() as cursor,
                    cursor.copy(f"COPY {table} ({columns}) FROM STDIN") as copy,
                ):
                    for row in chunk:
                        copy.write_row([it.text if isinstance(it, _Json) else it for it in row])
                raw.commit()


def _plain(value: Any) -> Any:
    """Return a value as the product stores it in SQLite."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")
    return value.text if isinstance(value, _Json) else value


def _finish(application: Application, workspace_id: int, conversations: int) -> None:
    """Set counters and sequences, and let the database look at what it holds."""
    with application.database.engine.connect() as connection:
        raw: Any = connection.connection.driver_connection
        raw.execute("BEGIN")
        for name, value in (("conversations", conversations), ("events", FIRST_EVENT)):
            raw.execute(
                f"UPDATE counters SET value = {value} "  # noqa: S608 - numbers of our own
                f"WHERE workspace_id = {workspace_id} AND name = '{name}'"
            )
        if application.database.dialect == "sqlite":
            raw.execute("COMMIT")
            raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            return
        for table in ("customers", "conversations", "threads", "deliveries"):
            raw.execute(
                f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), max(id)) FROM {table}"  # noqa: S608
            )
        raw.commit()
        raw.autocommit = True
        raw.execute("VACUUM ANALYZE")
        raw.autocommit = False
