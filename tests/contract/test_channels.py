"""Our own channels pass the kit that every channel must pass."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from support_core.testing import probe
from support_core.testing.conformance import ChannelConformance
from support_core.testing.stand_in import StandIn

from .sides import ApiSide, ProbeSide

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


class OnTheSuitesServers:
    """The suite's kind of database, and its broker."""

    @pytest.fixture(scope="class")
    @classmethod
    def desk_settings(cls, broker_setting: str) -> Mapping[str, str]:
        return {"support__broker": broker_setting}


class TestApi(OnTheSuitesServers, ChannelConformance):
    plugin = "api"

    @pytest.fixture(scope="class")
    @classmethod
    def database_url(cls, fresh_database: str) -> str:
        return fresh_database

    @pytest.fixture(scope="class")
    @classmethod
    def far_side(cls) -> Iterator[ApiSide]:
        with StandIn() as callback:
            yield ApiSide(callback)


class TestProbe(OnTheSuitesServers, ChannelConformance):
    plugin = "probe"
    module = probe

    @pytest.fixture(scope="class")
    @classmethod
    def database_url(cls, fresh_database: str) -> str:
        return fresh_database

    @pytest.fixture(scope="class")
    @classmethod
    def far_side(cls) -> ProbeSide:
        return ProbeSide()
