"""``support-core plan``: a workspace's plan and its overrides."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from support_core.plugin_api import command_desk, named_workspace

from .models import PlanOverride

if TYPE_CHECKING:
    from support_core.plugin_api import Desk

WORKSPACE = click.option("--workspace", required=True, help="Id, slug or name of the workspace.")


@click.group("plan")
def plan_commands() -> None:
    """Show and change what a workspace's plan allows."""


@plan_commands.command("list")
@click.pass_context
def list_plans(context: click.Context) -> None:
    """List the configured plans."""
    with command_desk(context, None) as desk:
        for plan in desk.application.extensions["plans"].plans.values():
            limits = ", ".join(
                f"{name} {'unlimited' if limit is None else limit}"
                for name, limit in sorted(plan.limits.items())
            )
            features = " ".join(sorted(plan.features))
            click.echo(f"{plan.name}: {features or 'no features'}; {limits or 'no limits'}")


@plan_commands.command("set")
@WORKSPACE
@click.argument("plan")
@click.pass_context
def set_plan(context: click.Context, workspace: str, plan: str) -> None:
    """Put a workspace on a plan."""
    found = named_workspace(context, workspace)
    with command_desk(context, found.id) as desk:
        _require_plan(desk, plan)
        desk.set_plan(plan)
    click.echo(f"{found.name} is on {plan} now.")


@plan_commands.command("grant")
@WORKSPACE
@click.argument("feature")
@click.option("--no", "deny", is_flag=True, help="Take the feature away instead.")
@click.pass_context
def grant(context: click.Context, workspace: str, feature: str, deny: bool) -> None:
    """Grant a workspace a feature beyond its plan."""
    found = named_workspace(context, workspace)
    with command_desk(context, found.id) as desk:
        _override(desk, "feature", feature, amount=0 if deny else 1)
    click.echo(f"{found.name}: {feature} is {'denied' if deny else 'granted'} now.")


@plan_commands.command("limit")
@WORKSPACE
@click.argument("resource")
@click.argument("amount")
@click.pass_context
def limit(context: click.Context, workspace: str, resource: str, amount: str) -> None:
    """Give a workspace its own limit: a number, or unlimited."""
    found = named_workspace(context, workspace)
    if amount != "unlimited" and not (amount.isascii() and amount.isdecimal()):
        raise click.BadParameter("say a whole number, or unlimited", param_hint="AMOUNT")
    with command_desk(context, found.id) as desk:
        if resource not in desk.application.resources:
            known = ", ".join(sorted(desk.application.resources))
            raise click.BadParameter(f"no such resource; known: {known}", param_hint="RESOURCE")
        _override(desk, "limit", resource, amount=None if amount == "unlimited" else int(amount))
    click.echo(f"{found.name}: the limit for {resource} is {amount} now.")


def _require_plan(desk: Desk, plan: str) -> None:
    plans = desk.application.extensions["plans"].plans
    if plan not in plans:
        raise click.BadParameter(
            f"no such plan; configured: {', '.join(sorted(plans))}", param_hint="PLAN"
        )


def _override(desk: Desk, kind: str, name: str, *, amount: int | None) -> None:
    key = (desk.workspace_id, kind, name)
    override = desk.session.get(PlanOverride, key)
    if override is None:
        override = PlanOverride(kind=kind, name=name)
        desk.session.add(override)
    override.amount = amount
    desk.session.flush()
