"""The page's part about one operation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from .fields import kind, row, rows
from .prose_html import prose, spans
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
        _answers(operation),
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
        summary=spans(operation["summary"]),
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
        found.append(
            row(
                its["name"],
                its["schema"],
                required=its.get("required", False),
                description=its.get("description", ""),
                notes=_notes(its),
            )
        )
    return found


def _notes(parameter: Document) -> tuple[str, ...]:
    where = {"query": (), "path": ("in the path",), "header": ("a header",)}[parameter["in"]]
    return (*where, "comma-separated") if parameter.get("explode") is False else where


def fields_html(lines: Iterable[Row], *, answer: bool = False) -> Markup:
    """Return a list of fields: what must be sent is marked, or what an ``answer`` may lack."""
    shown = [
        Markup("<div><dt><code>{}</code>{}</dt><dd>{}{}</dd></div>\n").format(
            line.name,
            _mark(line, answer=answer),
            Markup("; ").join([line.kind, *line.limits]),
            prose(line.description),
        )
        for line in lines
    ]
    return Markup("<dl class=fields>\n{}</dl>\n").format(EMPTY.join(shown))


def _mark(line: Row, *, answer: bool) -> Markup:
    if answer:
        return EMPTY if line.required else Markup(" <span>optional</span>")
    return Markup(" <b>required</b>") if line.required else EMPTY


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


def _answers(operation: Document) -> Markup:
    responses = operation["responses"].items()
    good = [
        Markup("<div><dt><code>{}</code></dt><dd>{}</dd></div>\n").format(status, _success(answer))
        for status, answer in responses
        if "$ref" not in answer
    ]
    bad = [
        Markup("<li><code>{}</code> {}</li>\n").format(status, _codes(answer))
        for status, answer in responses
        if "$ref" in answer
    ]
    return Markup(
        "<h4>Answers</h4>\n<dl class=answers>\n{}</dl>\n"
        "<h4>Errors</h4>\n<ul class=errors>\n{}</ul>\n"
    ).format(EMPTY.join(good), EMPTY.join(bad))


def _success(answer: Document) -> Markup:
    parts = [prose(answer["description"])]
    for media, content in answer.get("content", {}).items():
        schema = content.get("schema", {})
        lines = list(rows(schema))
        if lines:
            parts.append(fields_html(lines, answer=True))
        else:
            parts.append(Markup("<p>{}: {}</p>").format(media, kind(schema)))
    return EMPTY.join(parts)


def _codes(answer: Document) -> Markup:
    codes = answer["$ref"].rpartition("/")[2].split(".")[1:]
    links = [Markup('<a href="#error-{0}">{0}</a>').format(code) for code in codes]
    return Markup(", ").join(links)
