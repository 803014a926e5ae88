"""The application for WSGI servers that import one, such as Granian.

``SUPPORT_CORE_INI=production.ini granian --interface wsgi --factory support_core.wsgi:application``

Such a process answers requests only; ``support-core worker`` runs the jobs beside it.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from .cli.host import Host

if TYPE_CHECKING:
    from .front import WSGIApp


def application() -> WSGIApp:
    """Build the application of the ini that ``SUPPORT_CORE_INI`` names.

    Without it, an ini of the current folder is taken. Raises
    :class:`~support_core.settings.ConfigurationError` with one sentence.
    """
    return Host(os.environ.get("SUPPORT_CORE_INI") or None).wsgi
