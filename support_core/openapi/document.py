"""The OpenAPI 3.1 document of one application, made from what is registered in it."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from .. import __version__
from . import headers, prose, shapes
from .answers import Answers
from .catalogue import error_catalogue
from .links import links_of
from .operations import describe, path_item, registered
from .patterns import template

if TYPE_CHECKING:
    from pyramid.registry import Registry

    from ..application import Application

Document = dict[str, Any]


def build_document(registry: Registry) -> Document:
    """Return a new document; each plugin's ``support_openapi`` has completed it."""
    application: Application = registry.support
    operations = registered(registry.cornice_services)
    answers = Answers()
    paths: Document = {}
    for operation in operations:
        item = paths.setdefault(template(operation.path), path_item(operation.path))
        item[operation.method.lower()] = describe(
            operation, application, answers, links_of(operation, operations)
        )
    schemas = shapes.components(application)
    responses = dict(sorted(answers.components.items()))
    document: Document = {
        "openapi": "3.1.0",
        "info": {
            "title": "Support API",
            "version": __version__,
            "description": prose.description(application),
        },
        "servers": [{"url": application.settings["support.public_url"].rstrip("/") or "/"}],
        "tags": prose.tags(operation.tag for operation in operations),
        "paths": paths,
        "components": {
            "schemas": shapes.reachable(schemas, paths, responses),
            "responses": responses,
            "parameters": _parameters(application),
            "headers": deepcopy(headers.HEADERS),
            "securitySchemes": prose.security_schemes(),
        },
        "x-error-codes": [asdict(entry) for entry in error_catalogue(application)],
        "x-rates": _rates(application, [operation.rate for operation in operations]),
    }
    for _, complete in application.plugins.implementations("support_openapi"):
        complete(document=document)
    return document


def _parameters(application: Application) -> Document:
    parameters = deepcopy(headers.PARAMETERS)
    key = parameters["IdempotencyKey"]
    hours = application.settings["support.idempotency.hours"]
    key["description"] = key["description"].format(idempotency_hours=hours)
    return parameters


def _rates(application: Application, names: list[str | None]) -> dict[str, str]:
    """Return the limits in force, by the names that ``x-rate`` uses."""
    used = {"general", *(name for name in names if name is not None)}
    rates = {name: prose.rate_text(application, name) for name in sorted(used)}
    return {name: rate for name, rate in rates.items() if rate is not None}
