"""Bodies and queries of background jobs."""

from __future__ import annotations

from ..jobs import SHOWN_STATES
from .fields import (
    Body,
    Choice,
    CommaSeparated,
    DateTime,
    Id,
    ListOf,
    PageQuery,
    Sort,
    String,
    drop,
)


class JobFilters(PageQuery):
    state = CommaSeparated(Choice(SHOWN_STATES), missing=drop)
    queue = CommaSeparated(String(max=63), missing=drop)
    name = CommaSeparated(String(max=127), missing=drop, description="The job's function.")
    sort = Sort(("id", "due_at", "updated_at"), missing="-id")


class DeadJobs(Body):
    """Which dead jobs are meant: those that fit everything that is given; all without anything."""

    ids = ListOf(Id(), min=1, max=500, distinct=True, missing=drop)
    name = String(max=127, missing=drop, description="Those of this function.")
    before = DateTime(missing=drop, description="Those that died before.")
