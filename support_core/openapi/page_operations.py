"""The page's part about one operation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from .fields import kind, row, rows
from .prose_html import prose
from .samples import curl

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from .fields import Row

    Document = Mapping[str, Any]

EMPTY = Markup("")


def operation_html(
    document: Document, path: str, method: str, item: Document, operation: Document
) -> Markup:
    """Return the article of one operation."""
    parts = [
        _gates(operation, document.get("x-rates", {})),
        prose(operation.get("description", "")),
        _fields("Parameters", _parameters(document, item, operation)),
        _body(operation),
        _answers(document, operation),
        Markup("<h4>Example</h4>\n<pre tabindex=0><code>{}</code></pre>\n").format(
            curl(_server(document), path, method, operation)
        ),
    ]
    return Markup(
        '<article id="{id}" aria-labelledby="{id}-h">\n<h3 id="{id}-h">{summary}</h3>\n'
        '<p class=line><span class="method {lower}">{method}</span> <code>{path}</code></p>\n'
        "{parts}</article>\n"
    ).format(
        id=operation["operationId"],
        summary=operation["summary"],
        method=method,
        lower=method.lower(),
        path=path,
        parts=EMPTY.join(parts),
    )


def _server(document: Document) -> str:
    url: str = document["servers"][0]["url"]
    return "https://desk.example.com" if url == "/" else url


def _gates(operation: Document, rates: Mapping[str, str]) -> Markup:
    """Return what a caller needs: permission, feature, room in the plan, and how often."""
    facts = [("Permission", operation.get("x-permission"))]
    facts.append(("Feature", operation.get("x-feature")))
    facts.append(("Plan limit", operation.get("x-limit")))
    public = operation.get("x-permission") == "public"
    own = rates.get(operation.get("x-rate", ""))
    shown = [rate for rate in (own, None if public else rates.get("general")) if rate]
    facts.append(("Rate", " and ".join(dict.fromkeys(shown))))
    lines = [
        Markup("<div><dt>{}</dt><dd><code>{}</code></dd></div>").format(name, value)
        for name, value in facts
        if value
    ]
    return Markup("<dl class=gates>{}</dl>\n").format(EMPTY.join(lines))


def _parameters(document: Document, item: Document, operation: Document) -> list[Row]:
    found = []
    for parameter in (*item.get("parameters", ()), *operation.get("parameters", ())):
        its = parameter
        if "$ref" in its:
            its = document["components"]["parameters"][its["$ref"].rpartition("/")[2]]
        name = f"{its['name']} ({its['in']})"
        found.append(
            row(
                name,
                its["schema"],
                required=its.get("required", False),
                description=its.get("description", ""),
            )
        )
    return found


def fields_html(lines: Iterable[Row]) -> Markup:
    """Return a list of fields."""
    shown = [
        Markup("<div><dt><code>{}</code>{}</dt><dd>{}{}</dd></div>\n").format(
            line.name,
            Markup(" <b>required</b>") if line.required else EMPTY,
            Markup("; ").join([line.kind, *line.limits]),
            prose(line.description),
        )
        for line in lines
    ]
    return Markup("<dl class=fields>\n{}</dl>\n").format(EMPTY.join(shown))


def _fields(title: str, lines: list[Row]) -> Markup:
    if not lines:
        return EMPTY
    return Markup("<h4>{}</h4>\n{}").format(title, fields_html(lines))


def _body(operation: Document) -> Markup:
    parts = [
        _fields(f"Body ({media})", list(rows(content["schema"])))
        for media, content in operation.get("requestBody", {}).get("content", {}).items()
    ]
    return EMPTY.join(parts)


def _answers(document: Document, operation: Document) -> Markup:
    lines = []
    for status, answer in operation["responses"].items():
        shared = "$ref" in answer
        content = _refusal(document, answer) if shared else _success(answer)
        lines.append(
            Markup("<div><dt><code>{}</code></dt><dd>{}</dd></div>\n").format(status, content)
        )
    return Markup("<h4>Answers</h4>\n<dl class=answers>\n{}</dl>\n").format(EMPTY.join(lines))


def _success(answer: Document) -> Markup:
    parts = [prose(answer["description"])]
    for media, content in answer.get("content", {}).items():
        schema = content.get("schema", {})
        lines = list(rows(schema))
        if lines:
            parts.append(fields_html(lines))
        else:
            parts.append(Markup("<p>{}: {}</p>").format(media, kind(schema)))
    return EMPTY.join(parts)


def _refusal(document: Document, answer: Document) -> Markup:
    name = answer["$ref"].rpartition("/")[2]
    codes = name.split(".")[1:]
    links = [Markup('<a href="#error-{0}">{0}</a>').format(code) for code in codes]
    return Markup("<p>{}</p>").format(Markup(", ").join(links))
