"""Logging: structured lines with ids, never bodies or secrets."""

from __future__ import annotations

import logging
import sys
from typing import TYPE_CHECKING, Any

import structlog

from .tracebacks import formatted, print_formatted

if TYPE_CHECKING:
    from .settings import Settings


_SHARED: list[Any] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
]

#: One list for the whole process: loggers keep hold of it, however often logging is configured.
_CHAIN: list[Any] = [
    structlog.stdlib.filter_by_level,
    *_SHARED,
    structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
]


def configure(settings: Settings) -> None:
    """Send every log line of this process, other libraries' too, to stderr in one format."""
    level = getattr(logging, settings["support.log.level"].upper())
    if settings["support.log.format"] == "json":
        final: list[Any] = [
            structlog.processors.ExceptionRenderer(formatted),
            structlog.processors.JSONRenderer(),
        ]
    else:
        # Plain tracebacks: a richer one would print local variables, secrets among them.
        final = [
            structlog.dev.ConsoleRenderer(
                colors=sys.stderr.isatty(), exception_formatter=print_formatted
            )
        ]
    structlog.configure(
        processors=_CHAIN,
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler()
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=_SHARED,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *final],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level)
    # Libraries that log requests by themselves, or at a level of detail nobody asked for.
    for name in ("httpx", "httpcore", "uvicorn.access", "alembic"):
        logging.getLogger(name).setLevel(max(level, logging.WARNING))
