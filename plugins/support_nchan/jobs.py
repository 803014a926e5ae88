"""Cutting streams in turn."""

from __future__ import annotations

from typing import TYPE_CHECKING

from support_core.plugin_api import job

from . import channels

if TYPE_CHECKING:
    from support_core.plugin_api import JobContext

    from .engine import Nchan


@job(queue="maintenance", max_retries=2)
def cut_oldest(context: JobContext) -> None:
    """End the streams of the minute that is longest ago; each of their clients comes back."""
    nchan: Nchan = context.application.extensions["nchan"]
    minute = int(context.application.clock().timestamp() // 60)
    nchan.publisher.cut(channels.turn(minute + 1, nchan.recheck))
