"""Files by button, by drop and by paste."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playwright.sync_api import expect

from .files import GIVE, PNG
from .visitors import NO_NETWORK, Guard, Visitor

if TYPE_CHECKING:
    from .agents import Agents
    from .site import Site


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
