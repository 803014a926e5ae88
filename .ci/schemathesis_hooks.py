"""What schemathesis cannot know about this API; loaded by .ci/schemathesis.

Two of its checks are replaced by ones that call them, save where the contract and JSON Schema
cannot be brought together: a 422 may be about the state of the desk (an id that does not exist, an
address that is taken), and texts are measured after white space around them was stripped.
"""

from __future__ import annotations

import json
import os
import re
from typing import Any
from urllib.request import Request, urlopen

import schemathesis
from schemathesis.checks import CHECKS

API = os.environ["SUPPORT_API"]
TOKEN = os.environ["SUPPORT_API_TOKEN"]

#: Sentences about the desk's state and configuration, or about several fields at once.
ABOUT_STATE = re.compile(
    r"The selected .+ is invalid\."
    r"|The .+ has already been taken\."
    r"|The cursor is invalid\."
    r"|These credentials do not match our records\."
    r"|The .+ field is required when .+ is not present\."
    r"|The .+ field is prohibited when type is note\."
    r"|The .+ must be a date after now\."
    r"|The address .+ may not be reached from here\."
    r"|The customer's data has been erased; add a note instead\."
    r"|The channel does not take replies now\."
    r"|The (imap|smtp|oauth) .+ field is required\."
    r"|The targets must have at least 1 items\."
    r"|The blocks field is required unless always open is true\."
    r"|The blocks\.\d+\.(end must be a time after start|start must not lie in another block.+)\."
    r"|The holidays\.\d+\.date is not a valid date\."
    r"|The to must be (a date after or equal to from|within \d+ days of from)\."
    r"|The .+ field is prohibited (with another filter|when group by is \w+)\."
    r"|The mailbox has no outgoing mail server \(smtp_host\)\."
    r"|The .+ must not overlap, and each has to end after it begins\."
    r"|The .+ field has a duplicate value\."
    r"|The .*options field is (required|prohibited)\."
    r"|The .+ channel does not send templates\."
    r"|The body field is required\."
    r"|The body field is prohibited when template is present\."
    r"|The mailbox has no WhatsApp account\."
    r"|The customer has no phone number on WhatsApp\."
    r"|The customer has not written on WhatsApp yet; only a template may be sent\."
    r"|The 24-hour window closed on .+; only a template may be sent\."
    r"|The template (is not approved|takes no file|needs one file).*\."
    r"|The template\.parameters must have exactly \d+ items\."
)
#: No regular expression tells international domain names (IDNA) from other texts.
ABOUT_ADDRESS = re.compile(r"The .+ must be a valid email address\.")
ABSENT = 2**40
#: Somebody else's server is tried out, and there is none.
REFUSED_BY_OTHERS = {
    "imap_connection_failed",
    "smtp_connection_failed",
    "whatsapp_connection_failed",
}

refuses_bad_data, takes_good_data = CHECKS.get_by_names(
    ["negative_data_rejection", "positive_data_acceptance"]
)


def ids_of(collection: str) -> set[int]:
    """Return the ids that a collection has before the run: our own is among them."""
    request = Request(  # noqa: S310 - the server under test
        f"{API}/{collection}?per_page=100", headers={"Authorization": f"Bearer {TOKEN}"}
    )
    with urlopen(request, timeout=30) as answer:  # noqa: S310 - the server under test
        return {item["id"] for item in json.load(answer)["data"]}


KEPT = {f"/api/support/{name}/{{id}}": ids_of(name) for name in ("users", "tokens")}


@schemathesis.hook
def before_call(_context: Any, case: Any, _kwargs: dict[str, Any]) -> None:
    """Let no case lock out the caller that the run itself depends on."""
    kept = KEPT.get(case.operation.path)
    if kept is None or case.method == "GET":
        return
    try:
        identifier = int(case.path_parameters["id"])
    except (KeyError, TypeError, ValueError):
        return
    if identifier in kept:
        case.path_parameters["id"] = ABSENT


@schemathesis.check
def good_data_is_taken(ctx: Any, response: Any, case: Any) -> bool | None:
    """Hold what the schema allows to be accepted, unless the desk's state forbids it."""
    if response.status_code == 412:
        return None
    if response.status_code == 422:
        international = any("@" in text and not text.isascii() for text in texts(case.body))
        if cannot_be_described(response.json(), international=international):
            return None
    return takes_good_data(ctx, response, case)


@schemathesis.check
def bad_data_is_refused(ctx: Any, response: Any, case: Any) -> bool | None:
    """Hold what the schema forbids to be refused, unless stripping made it good.

    A precondition that fails is told before the body is looked at (RFC 9110 §13.2.1).
    """
    sent = [*texts(case.body), *texts(case.query)]
    if response.status_code == 412 or any(text != text.strip() for text in sent):
        return None
    return refuses_bad_data(ctx, response, case)


def cannot_be_described(body: dict[str, Any], *, international: bool) -> bool:
    """Tell whether a refusal is all about what no schema can say."""
    if body.get("error") in REFUSED_BY_OTHERS:
        return True
    messages = [text for found in body.get("errors", {}).values() for text in found]
    return bool(messages) and all(
        ABOUT_STATE.fullmatch(text) or (international and ABOUT_ADDRESS.fullmatch(text))
        for text in messages
    )


def texts(value: Any) -> list[str]:
    """Return every text inside a JSON value."""
    if isinstance(value, str):
        return [value]
    if isinstance(value, dict):
        return [text for item in value.values() for text in texts(item)]
    if isinstance(value, list):
        return [text for item in value for text in texts(item)]
    return []
