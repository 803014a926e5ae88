"""Reports: figures of conversations by the day they were opened on, and by whom and what."""

from __future__ import annotations

import csv
import io
from array import array
from collections import defaultdict
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from support_core.plugin_api import Invalid, Mailbox, User

from .figures import Figures, unpack
from .folding import DIMENSIONS, add_up, stale_days
from .models import DayFigures, Policy

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from support_core.plugin_api import Desk

_f = DayFigures.__table__.c

#: Days that a report may span.
LONGEST = 3660

#: Days of a report that names none.
USUAL = 30

#: By what a report may be narrowed: the parameter, and its dimension.
FILTERS = {
    "mailbox_id": "mailbox",
    "assigned_to": "agent",
    "channel": "channel",
    "policy_id": "policy",
}

SLA_TIMES = {"first_response": "first_response_spent", "resolution": "resolution_spent"}
WALL_TIMES = {"first_response": "first_response_seconds", "resolution": "resolution_seconds"}


def report(desk: Desk, filters: Mapping[str, Any], *, kind: str) -> dict[str, Any]:
    """Return the report ``sla`` or ``conversations``; raises ``Invalid``.

    What changed since the figures were last added up is added up now: nothing is out of date.
    """
    first, last = _span(desk, filters)
    by: str = filters["group_by"]
    narrowed = [(name, FILTERS[name]) for name in FILTERS if name in filters]
    _check(narrowed, by)
    only = str(filters[narrowed[0][0]]) if narrowed else None
    dimension = narrowed[0][1] if narrowed else by
    times = SLA_TIMES if kind == "sla" else WALL_TIMES
    groups: dict[str, Figures] = defaultdict(Figures)
    total = Figures()
    dimensions = {dimension, "day"} if only is None else {dimension}
    for found, day, value, counts, measured in _read(
        desk, dimensions, span=(first, last), times=times.values()
    ):
        if only is not None and value != only:
            continue
        if found == dimension:
            groups[day.isoformat() if by == "day" else value].add(counts, measured)
        if found == "day" or only is not None:
            total.add(counts, measured)
    labels = _labels(desk, by, groups)
    present = _present_sla if kind == "sla" else _present_conversations
    return {
        "from": first.isoformat(),
        "to": last.isoformat(),
        "group_by": by,
        "totals": present(total),
        "rows": [
            {"key": _key(by, key), "label": labels.get(key, key), **present(groups[key])}
            for key in sorted(groups, key=lambda key: _order(by, key))
        ],
    }


def _span(desk: Desk, filters: Mapping[str, Any]) -> tuple[date, date]:
    today = desk.clock().date()
    last: date = filters["to"].date() if "to" in filters else today
    first: date = filters["from"].date() if "from" in filters else last - timedelta(days=USUAL - 1)
    if first > last:
        raise Invalid({"to": ["The to must be a date after or equal to from."]})
    if (last - first).days >= LONGEST:
        raise Invalid({"to": [f"The to must be within {LONGEST} days of from."]})
    return first, last


def _check(narrowed: Sequence[tuple[str, str]], by: str) -> None:
    if len(narrowed) > 1:
        name = narrowed[1][0].replace("_", " ")
        raise Invalid({narrowed[1][0]: [f"The {name} field is prohibited with another filter."]})
    if narrowed and by not in {"day", narrowed[0][1]}:
        name = narrowed[0][0].replace("_", " ")
        raise Invalid({narrowed[0][0]: [f"The {name} field is prohibited when group by is {by}."]})


def _read(
    desk: Desk,
    dimensions: set[str],
    *,
    span: tuple[date, date],
    times: Iterable[str],
) -> Iterable[tuple[str, date, str, Mapping[str, int], Mapping[str, array[int]]]]:
    """Yield figures by dimension, day and value: the stored ones, and those of stale days."""
    first, last = span
    wanted = tuple(times)
    stale = stale_days(desk, first=first, last=last)
    rows = desk.session.core(
        select(_f.dimension, _f.day, _f.value, _f.counts, _f.samples).where(
            _f.workspace_id == desk.workspace_id,
            _f.dimension.in_(sorted(dimensions)),
            _f.day >= first,
            _f.day <= last,
        )
    )
    old = set(stale)
    for row in rows:
        if row.day not in old:
            yield row.dimension, row.day, row.value, row.counts, unpack(row.samples, wanted)
    for day in stale:
        for (dimension, value), (counts, measured) in add_up(desk, day, dimensions).items():
            fresh = {name: array("I", sorted(measured.get(name, ()))) for name in wanted}
            yield dimension, day, value, counts, fresh


def _labels(desk: Desk, by: str, keys: Iterable[str]) -> dict[str, str]:
    """Return the names of what the groups stand for, by one statement."""
    models: dict[str, Any] = {"mailbox": Mailbox, "agent": User, "policy": Policy}
    if by not in models:
        return {}
    table = models[by].__table__
    ids = [int(key) for key in keys if key != "0"]
    rows = desk.session.core(
        select(table.c.id, table.c.name).where(
            table.c.workspace_id == desk.workspace_id, table.c.id.in_(ids)
        )
    )
    nobody = {"agent": "Unassigned", "policy": "No policy", "mailbox": ""}[by]
    return {"0": nobody, **{str(row.id): row.name for row in rows}}


def _key(by: str, key: str) -> str | int | None:
    if by in {"day", "channel"}:
        return key
    return int(key) or None


def _order(by: str, key: str) -> tuple[int, str]:
    return (0, key) if by in {"day", "channel"} else (int(key), "")


def _share(met: int, missed: int) -> float | None:
    """Return the share in percent, to two places; None of nothing."""
    return round(100 * met / (met + missed), 2) if met + missed else None


def _measured(figures: Figures, name: str) -> dict[str, Any]:
    return {
        "count": figures.measured(name),
        "median_seconds": figures.at(name, 50),
        "p90_seconds": figures.at(name, 90),
    }


def _present_sla(figures: Figures) -> dict[str, Any]:
    counts = figures.counts
    shown: dict[str, Any] = {
        "conversations": counts["conversations"],
        "breached": counts["breached"],
    }
    for target in ("first_response", "next_response", "resolution"):
        met, missed = counts[f"{target}_met"], counts[f"{target}_breached"]
        shown[target] = {"met": met, "breached": missed, "met_percent": _share(met, missed)}
        if target in SLA_TIMES:
            shown[target] |= _measured(figures, SLA_TIMES[target])
    return shown


def _present_conversations(figures: Figures) -> dict[str, Any]:
    counts = figures.counts
    return {
        "conversations": counts["conversations"],
        "answered": counts["answered"],
        "closed": counts["closed"],
        "first_response": _measured(figures, WALL_TIMES["first_response"]),
        "resolution": _measured(figures, WALL_TIMES["resolution"]),
    }


def as_csv(shown: Mapping[str, Any]) -> str:
    """Return a report as CSV (RFC 4180), totals last; no cell begins a formula."""
    lines = [*shown["rows"], {"key": None, "label": "Total", **shown["totals"]}]
    flat = [_flat(line) for line in lines]
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(flat[-1])
    for line in flat:
        writer.writerow([_cell(value) for value in line.values()])
    return text.getvalue()


def _flat(line: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in line.items():
        if isinstance(value, dict):
            found |= {f"{name}_{inner}": it for inner, it in value.items()}
        else:
            found[name] = value
    return found


def _cell(value: Any) -> Any:
    """Return a text so that no spreadsheet takes it for a formula (OWASP, "CSV Injection")."""
    if isinstance(value, str) and value.lstrip()[:1] in (*tuple("=+-@|%"), "\t", "\r"):
        return f"'{value}"
    return value


__all__ = ["DIMENSIONS", "FILTERS", "as_csv", "report"]
