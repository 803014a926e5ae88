"""Plan entitlement: which features a workspace's plan includes, and its limits.

Plans come from the ini (``support.plans.<plan>.features`` and ``.limits.<resource>``); free,
starter, pro and enterprise ship. A workspace may override single features and limits.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from support_core.plugin_api import Denial, Entitlements, hookimpl

from .catalogue import SETTINGS, Catalogue
from .commands import plan_commands
from .service import PlanService

if TYPE_CHECKING:
    from collections.abc import Sequence

    import click
    from pyramid.config import Configurator

    from support_core.plugin_api import Desk, Setting, WorkspaceRef

support_contract = 1


def includeme(config: Configurator) -> None:
    """Read the plans, once; a mistake in them stops the start."""
    application = config.registry.support
    application.extensions["plans"] = Catalogue.from_settings(application.settings)


@hookimpl
def support_settings_schema() -> Sequence[Setting]:
    return SETTINGS


@hookimpl
def support_check_feature(workspace: WorkspaceRef, feature: str, desk: Desk) -> Denial | None:
    return PlanService(desk, workspace).feature_denial(feature)


@hookimpl
def support_reserve(
    workspace: WorkspaceRef, resource: str, amount: int, desk: Desk
) -> Denial | None:
    return PlanService(desk, workspace).reserve(resource, amount)


@hookimpl
def support_entitlements(workspace: WorkspaceRef, desk: Desk) -> Entitlements:
    return PlanService(desk, workspace).entitlements()


@hookimpl
def support_cli(group: click.Group) -> None:
    group.add_command(plan_commands)
