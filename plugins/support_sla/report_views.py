"""``/reports/sla`` and ``/reports/conversations``, as JSON and as CSV."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pyramid.response import Response

from support_core.plugin_api import Permission, Service, enveloped

from .presenting import CONVERSATIONS_REPORT, SLA_REPORT
from .reports import as_csv, report
from .schemas import report_filters

if TYPE_CHECKING:
    from pyramid.request import Request

TAG = "Reports"
READ: dict[str, Any] = {"permission": Permission.ACCESS_REPORTS, "query": report_filters}
CSV: dict[str, Any] = {"shape": {"type": "string"}, "media": "text/csv"}

sla = Service("report-sla", "/reports/sla", description="Service levels.", tag=TAG)
sla_csv = Service("report-sla-csv", "/reports/sla.csv", description="The same.", tag=TAG)
talks = Service(
    "report-conversations", "/reports/conversations", description="Conversations.", tag=TAG
)
talks_csv = Service(
    "report-conversations-csv", "/reports/conversations.csv", description="The same.", tag=TAG
)


@sla.get(**READ, feature="sla", shape=enveloped(SLA_REPORT))
def show_sla(request: Request) -> dict[str, Any]:
    """Report how service levels were kept, in business time.

    Of conversations that were opened from one day of UTC to another, both included, spam left
    out. A filter goes with ``group_by=day`` or its own group, one at a time.
    """
    return {"data": report(request.desk, request.filters, kind="sla")}


@sla_csv.get(**READ, **CSV, feature="sla")
def download_sla(request: Request) -> Response:
    """Report how service levels were kept, as CSV with the totals last."""
    return _file(report(request.desk, request.filters, kind="sla"), "sla")


@talks.get(**READ, shape=enveloped(CONVERSATIONS_REPORT))
def show_conversations(request: Request) -> dict[str, Any]:
    """Report how many conversations there were and how long they took, on the wall clock."""
    return {"data": report(request.desk, request.filters, kind="conversations")}


@talks_csv.get(**READ, **CSV)
def download_conversations(request: Request) -> Response:
    """Report how many conversations there were and how long they took, as CSV."""
    return _file(report(request.desk, request.filters, kind="conversations"), "conversations")


def _file(shown: dict[str, Any], name: str) -> Response:
    filename = f"{name}-{shown['from']}-{shown['to']}.csv"
    response = Response(body=as_csv(shown).encode(), content_type="text/csv", charset="utf-8")
    response.headers["Content-Disposition"] = f'attachment; filename="{filename}"'
    return response
