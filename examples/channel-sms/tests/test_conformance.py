"""The channel passes the kit that every channel must pass."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from support_core.testing.conformance import ChannelConformance

if TYPE_CHECKING:
    from collections.abc import Mapping

    from far_side import Textline


class TestSms(ChannelConformance):
    plugin = "sms"

    @pytest.fixture(scope="class")
    @classmethod
    def database_url(cls, database: str) -> str:
        return database

    @pytest.fixture(scope="class")
    @classmethod
    def desk_settings(cls, textline: Textline) -> Mapping[str, str]:
        return {"support__sms__api_url": textline.server.url}

    @pytest.fixture(scope="class")
    @classmethod
    def far_side(cls, textline: Textline) -> Textline:
        return textline
