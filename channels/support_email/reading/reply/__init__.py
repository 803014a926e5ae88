"""The visible reply: what somebody wrote, apart from what was quoted and signed."""

from __future__ import annotations

from .visible import shown_reply, visible_html, visible_reply, visible_text

__all__ = ["shown_reply", "visible_html", "visible_reply", "visible_text"]
