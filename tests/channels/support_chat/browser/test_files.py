"""Files by button, by drop and by paste."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playwright.sync_api import expect

from .visitors import NO_NETWORK, Guard, Visitor

if TYPE_CHECKING:
    from .agents import Agents
    from .site import Site

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


def test_files_are_attached_and_sent(visitor: Visitor, agents: Agents, site: Site) -> None:
    widget = agents.widget()
    visitor.visit(site.page(agents.url, widget)).open()
    panel = visitor.panel
    with visitor.page.expect_file_chooser() as chooser:
        panel.get_by_role("button", name="Attach files").click()
    chooser.value.set_files({"name": "photo.png", "mimeType": "image/png", "buffer": PNG})
    chips = panel.locator(".chip")
    expect(chips).to_have_count(1)
    assert panel.evaluate(GIVE, ["dragenter", "list.csv", "text/csv"])
    expect(panel.get_by_text("Drop files here to send them")).to_be_visible()
    assert panel.evaluate(GIVE, ["drop", "list.csv", "text/csv"])
    expect(panel.get_by_text("Drop files here to send them")).to_be_hidden()
    assert visitor.composer.evaluate(GIVE, ["paste", "pasted.txt", "text/plain"])
    expect(chips).to_have_count(3)
    panel.get_by_role("button", name="Remove pasted.txt").click()
    expect(chips).to_have_count(2)
    visitor.assert_accessible()
    send = panel.get_by_role("button", name="Send")
    expect(send).to_be_enabled()
    send.click()
    visitor.sees("photo.png, list.csv")
    expect(visitor.state).to_have_text("Sent")
    expect(chips).to_have_count(0)
    (thread,) = (it for it in agents.threads(widget) if it["type"] == "customer")
    assert [it["name"] for it in thread["attachments"]] == ["photo.png", "list.csv"]

    shown = panel.get_by_role("log").get_by_role("link", name="photo.png")
    expect(shown).to_be_visible()
    with visitor.page.expect_download() as download:
        shown.click()
    assert download.value.path().read_bytes() == PNG
    visitor.visit(visitor.page.url)
    expect(shown).to_be_visible()


def test_files_that_cannot_be_sent_are_told_and_the_text_stays(
    visitor: Visitor, guard: Guard, agents: Agents, site: Site
) -> None:
    guard.allow(NO_NETWORK, "status of (413|422)")
    widget = agents.widget()
    visitor.visit(site.page(agents.url, widget)).open()
    panel = visitor.panel
    visitor.composer.fill("With a file")
    alert = panel.get_by_role("alert")
    assert panel.evaluate(GIVE, ["drop", "big.zip", "application/zip", 10 * 1024 * 1024 + 1])
    expect(alert).to_have_text("big.zip is too large. The limit is 10 MB.")
    assert panel.evaluate(GIVE, ["drop", "run.exe", "application/x-msdownload"])
    expect(alert).to_have_text("run.exe cannot be sent: this kind of file is not accepted.")
    # The browser does not know this type; the desk, which refuses it, has the last word.
    assert panel.evaluate(GIVE, ["drop", "tool", ""])
    expect(alert).to_contain_text("tool could not be attached. The file must be a file of type:")
    # A folder looks like a file until one reads it.
    unreadable = "Blob.prototype.arrayBuffer = () => Promise.reject(new Error('A folder'))"
    visitor.page.evaluate(f"() => {{ {unreadable}; }}")
    assert panel.evaluate(GIVE, ["drop", "folder", ""])
    expect(alert).to_have_text("folder could not be attached.")
    expect(panel.locator(".chip")).to_have_count(0)
    visitor.assert_accessible()
    visitor.composer.press("Enter")
    visitor.sees("With a file")


def test_a_file_that_never_gets_through_holds_nothing_up(
    visitor: Visitor, guard: Guard, agents: Agents, site: Site
) -> None:
    guard.allow(NO_NETWORK)
    widget = agents.widget()
    visitor.visit(site.page(agents.url, widget)).open().sends("Hello")
    visitor.page.route("**/chat/attachments**", lambda route: route.abort())
    picker = visitor.panel.locator("input[type=file]")
    picker.set_input_files({"name": "lost.txt", "mimeType": "text/plain", "buffer": b"x"})
    expect(visitor.panel.locator(".chip")).to_contain_text("lost.txt")
    visitor.say("With it")
    visitor.say("After it")
    expect(visitor.panel.get_by_text("Not sent. lost.txt could not be attached.")).to_be_visible(
        timeout=120_000
    )
    visitor.sees("Hello", "After it", "With it")
    expect(visitor.bubbles.nth(1)).to_have_text("After it")
    assert agents.said(widget) == ["Hello", "After it"]
    visitor.page.unroute("**/chat/attachments**")
    visitor.panel.get_by_role("button", name="Try again").click()
    visitor.sees("Hello", "After it", "With it")
    expect(visitor.panel.get_by_role("link", name="lost.txt")).to_be_visible()
    assert agents.said(widget) == ["Hello", "After it", "With it"]
