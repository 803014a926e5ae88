"""Audiences as plugins declare them."""

from __future__ import annotations

from types import ModuleType
from typing import TYPE_CHECKING

import pytest

from support_core.plugin_api import Audience, ConfigurationError, hookimpl
from support_core.testing import make_desk

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.services.databases import Databases


def _plugin(name: str) -> ModuleType:
    module = ModuleType(name)
    nobody = Audience(
        "guests",
        wants=lambda _event: False,
        show=lambda _desk, _events: (),
        hears=frozenset(),
        hear=lambda _desk, _signal: (),
        ended_by=frozenset(),
        ends=lambda _desk, _events: (),
    )

    @hookimpl
    def support_audiences() -> Sequence[Audience]:
        return (nobody,)

    module.support_audiences = support_audiences  # type: ignore[attr-defined]
    module.support_contract = 1  # type: ignore[attr-defined]
    return module


def test_two_audiences_of_one_name_stop_the_start(
    databases: Databases, tmp_path_factory: pytest.TempPathFactory
) -> None:
    plugins = {"first": _plugin("first"), "second": _plugin("second")}
    with pytest.raises(ConfigurationError, match="the audience guests, which is another's"):
        make_desk(
            tmp_path_factory.mktemp("audiences"),
            databases.create("audiences"),
            plugins=(),
            extra=plugins,
        )
