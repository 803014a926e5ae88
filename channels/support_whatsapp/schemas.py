"""Bodies and queries."""

from __future__ import annotations

from support_core.plugin_api import fields

STATES = ("handled", "kept", "waiting", "failed")


class AccountBody(fields.Body):
    read_only = (
        "id",
        "display_phone_number",
        "verified_name",
        "webhook_url",
        "health",
        "templates_synced_at",
        "created_at",
        "updated_at",
    )

    mailbox_id = fields.Id(description="Where conversations of the number belong.")
    phone_number_id = fields.String(
        min=1, max=63, single_line=True, description="Meta's id of the number; not the number."
    )
    access_token = fields.String(
        min=1,
        max=1024,
        single_line=True,
        pattern="[ -~]+",  # it goes into a header
        write_only=True,
        description="A system user's token; stored encrypted and never shown.",
    )
    app_secret = fields.String(
        min=1,
        max=255,
        single_line=True,
        write_only=True,
        description="Signs the webhooks; stored encrypted and never shown.",
    )
    waba_id = fields.String(
        min=1,
        max=63,
        single_line=True,
        missing=None,
        nullable=True,
        description="The WhatsApp Business Account, whose templates may be sent.",
    )
    verify_token = fields.String(
        min=1,
        max=255,
        single_line=True,
        missing=fields.drop,
        description="What Meta is to say when it tries the webhook out; made here by default.",
    )
    name = fields.String(max=255, single_line=True, missing=None, nullable=True)


class AccountFilters(fields.PageQuery):
    sort = fields.Sort(("id", "created_at"), missing="id")


class TemplateFilters(fields.PageQuery):
    status = fields.CommaSeparated(
        fields.String(max=31), missing=fields.drop, description="Such as APPROVED."
    )
    sort = fields.Sort(("id",), missing="id")


class IngestFilters(fields.PageQuery):
    state = fields.CommaSeparated(
        fields.Choice(STATES), missing=fields.drop, description="Only these states."
    )
    kind = fields.CommaSeparated(
        fields.String(max=63), missing=fields.drop, description="Such as message or status."
    )
    sort = fields.Sort(("id",), missing="-id")
