"""Bodies of presence."""

from __future__ import annotations

from ..models import PRESENCE_STATES
from .fields import Body, Choice


class PresenceBody(Body):
    state = Choice(PRESENCE_STATES, missing="viewing", description="What you do there.")
