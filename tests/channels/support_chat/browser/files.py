"""Files that visitors choose, and what becomes of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from playwright.sync_api import expect

from tests.waiting import until

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

    from .agents import Agents
    from .visitors import Visitor

PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c6360606060"
    "0000000500017a5eab3f0000000049454e44ae426082"
)

#: Dispatches an event with files in it, as a drop or a paste.
GIVE = """(node, [type, name, mime, size = 10]) => {
    const files = new DataTransfer();
    files.items.add(new File([new Uint8Array(size).fill(44)], name, {type: mime}));
    const given = type === "paste"
        ? new ClipboardEvent(type, {clipboardData: files, bubbles: true, cancelable: true})
        : new DragEvent(type, {dataTransfer: files, bubbles: true, cancelable: true});
    node.dispatchEvent(given);
    return given.defaultPrevented;
}"""

#: Counts what the browser keeps.
KEPT = """() => new Promise((resolve, reject) => {
    const opening = indexedDB.open("support-chat");
    opening.onerror = () => reject(opening.error);
    opening.onsuccess = () => {
        const counting = opening.result.transaction("files").objectStore("files").count();
        counting.onsuccess = () => { opening.result.close(); resolve(counting.result); };
    };
})"""


def text_file(name: str, content: bytes = b"text") -> Any:
    return {"name": name, "mimeType": "text/plain", "buffer": content}


def choose(visitor: Visitor, *files: Any) -> None:
    """Choose files, and wait until they are kept."""
    chips = visitor.panel.locator(".chip")
    before = chips.count()
    visitor.panel.locator("input[type=file]").set_input_files(list(files))
    expect(chips).to_have_count(before + len(files))
    until_ready(visitor)


def until_ready(visitor: Visitor) -> None:
    """Wait until what was chosen can be sent: before that, Enter does nothing."""
    expect(visitor.panel.locator(".chip progress:visible")).to_have_count(0)


def message(visitor: Visitor, text: str) -> Locator:
    return visitor.panel.locator(".message", has_text=text)


def until_kept(page: Page, number: int) -> None:
    until(lambda: page.evaluate(KEPT) == number, f"{number} kept files")


def sent_files(agents: Agents, widget: str) -> list[tuple[str, list[str]]]:
    """Return the visitor's messages with their files, the oldest first."""
    return [
        (it["body_text"], [file["name"] for file in it.get("attachments") or []])
        for it in agents.threads(widget)
        if it["type"] == "customer"
    ]
