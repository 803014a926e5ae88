"""The readable documentation: one HTML page made out of the document alone, without scripts."""

from __future__ import annotations

from base64 import b64encode
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from .fields import rows
from .page_operations import EMPTY, fields_html, operation_html
from .prose_html import prose, spans
from .style import STYLE

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    Document = Mapping[str, Any]

_STYLE_HASH = b64encode(sha256(STYLE.encode()).digest()).decode()

#: Nothing runs and nothing is loaded; the one style sheet is known by its hash (CSP 3 §8.3).
CONTENT_SECURITY_POLICY = (
    f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)

_PAGE = Markup(
    """<!doctype html>
<html lang=en>
<head>
<meta charset=utf-8>
<meta name=viewport content="width=device-width, initial-scale=1">
<meta name=color-scheme content="light dark">
<title>{title}</title>
<style>{style}</style>
</head>
<body>
<a class=skip href="#content">Skip to content</a>
<header>
<h1>{title}</h1>
<p>Version {version} · <a href="openapi.json">openapi.json</a></p>
</header>
<div class=columns>
<nav aria-label=Contents>
<details open><summary>Contents</summary>
{contents}</details>
</nav>
<main id=content tabindex=-1>
<section aria-labelledby=introduction>
<h2 id=introduction>Introduction</h2>
{introduction}</section>
{sections}</main>
</div>
</body>
</html>
"""
)


def render_page(document: Document) -> str:
    """Return the page; whatever stands in ``document`` is text in it."""
    groups = list(_groups(document))
    sections = [_tag(document, tag, found) for tag, found in groups]
    sections += [_errors(document), _schemas(document)]
    page = _PAGE.format(
        title=document["info"]["title"],
        version=document["info"]["version"],
        style=Markup(STYLE),  # noqa: S704 - a constant of ours
        contents=_contents(groups),
        introduction=prose(document["info"].get("description", "")),
        sections=EMPTY.join(sections),
    )
    return str(page)


def _groups(
    document: Document,
) -> Iterator[tuple[Document, list[tuple[str, str, Document, Document]]]]:
    """Yield each tag with its operations: path, method, path item, operation."""
    every = [
        (path, method.upper(), item, operation)
        for path, item in document["paths"].items()
        for method, operation in item.items()
        if method != "parameters"
    ]
    for tag in document["tags"]:
        found = [it for it in every if it[3]["tags"][0] == tag["name"]]
        if found:
            yield tag, found


def _slug(name: str) -> str:
    return "tag-" + "-".join(name.lower().split())


def _contents(groups: list[tuple[Document, list[tuple[str, str, Document, Document]]]]) -> Markup:
    parts = [
        Markup('<p><a href="#{}">{}</a></p>\n<ul>\n{}</ul>\n').format(
            _slug(tag["name"]),
            tag["name"],
            EMPTY.join(
                Markup('<li><a href="#{}">{}</a></li>\n').format(
                    operation["operationId"], spans(operation["summary"].partition(";")[0])
                )
                for _, _, _, operation in found
            ),
        )
        for tag, found in groups
    ]
    parts.append(
        Markup('<p><a href="#errors">Errors</a></p>\n<p><a href="#schemas">Shapes</a></p>\n')
    )
    return EMPTY.join(parts)


def _tag(
    document: Document, tag: Document, found: list[tuple[str, str, Document, Document]]
) -> Markup:
    return Markup(
        '<section aria-labelledby="{id}">\n<h2 id="{id}">{name}</h2>\n{about}{articles}</section>\n'
    ).format(
        id=_slug(tag["name"]),
        name=tag["name"],
        about=prose(tag.get("description", "")),
        articles=EMPTY.join(
            operation_html(document, path, method, item, operation)
            for path, method, item, operation in found
        ),
    )


def _errors(document: Document) -> Markup:
    lines = [
        Markup(
            '<div id="error-{0}"><dt><code>{0}</code> <span>{1}</span></dt>'
            "<dd><p>{2}</p>\n<p>“{3}”</p></dd></div>\n"
        ).format(it["code"], it["status"], spans(it["meaning"]), it["message"])
        for it in document.get("x-error-codes", ())
    ]
    return Markup(
        "<section aria-labelledby=errors>\n<h2 id=errors>Errors</h2>\n"
        "<p>The code stands in <code>error</code>; a failed validation (<code>invalid</code>) "
        "names its fields under <code>errors</code> instead.</p>\n"
        "<dl class=fields>\n{}</dl>\n</section>\n"
    ).format(EMPTY.join(lines))


def _schemas(document: Document) -> Markup:
    parts = [
        Markup('<article id="schema-{0}">\n<h3>{0}</h3>\n{1}{2}</article>\n').format(
            name,
            prose(schema.get("description", "")),
            EMPTY.join(
                fields_html(rows(part), answer=True) if "$ref" not in part else _based_on(part)
                for part in schema.get("allOf", [schema])
            ),
        )
        for name, schema in document["components"]["schemas"].items()
    ]
    return Markup(
        "<section aria-labelledby=schemas>\n<h2 id=schemas>Shapes</h2>\n{}</section>\n"
    ).format(EMPTY.join(parts))


def _based_on(reference: Document) -> Markup:
    name = reference["$ref"].rpartition("/")[2]
    return Markup('<p>Everything of <a href="#schema-{0}">{0}</a>, and:</p>\n').format(name)
