"""What tests of this desk, and of a stranger's plugin, are written with.

:func:`make_desk` builds a whole application on a fresh database; :class:`TestWorkspace` is one of
its workspaces with clients that call the REST API; :mod:`.probe` is a channel that records what it
is given; :func:`carried` is what a stream would send; :mod:`.conformance` is the kit that tells
when a channel is right.
"""

from __future__ import annotations

from . import probe
from .application import DeskUnderTest, make_desk
from .errors import assert_error, assert_invalid
from .statements import count_statements
from .streams import carried, data_of
from .workspace import Client, TestWorkspace

__all__ = [
    "Client",
    "DeskUnderTest",
    "TestWorkspace",
    "assert_error",
    "assert_invalid",
    "carried",
    "count_statements",
    "data_of",
    "make_desk",
    "probe",
]
