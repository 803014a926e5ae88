"""Where a visitor is, on the conversation that agents look at."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from support_core.testing import count_statements

if TYPE_CHECKING:
    from .visitor import Site, Visitor

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:132.0) Gecko/20100101 Firefox/132.0"
SHOP = "https://shop.example"


def arrived(site: Site, **values: Any) -> Visitor:
    return site.visitor(
        page_url=f"{SHOP}/socks",
        page_title="Socks",
        referrer="https://search.example/?q=socks",
        headers={"User-Agent": FIREFOX},
        **values,
    )


def shown(visitor: Visitor) -> Any:
    """Return the visitor as the list and the conversation itself show them, the same in both."""
    owner = visitor.site.workspace.owner
    listed = owner.get("/conversations").json["data"]
    item = next(it for it in listed if it["id"] == visitor.conversation_id)
    assert visitor.conversation()["visitor"] == item["visitor"]
    return item["visitor"]


def test_a_conversation_shows_where_its_visitor_came_from_and_follows_them(site: Site) -> None:
    visitor = arrived(site, visitor_id="walker")
    visitor.start()
    first = shown(visitor)
    row = first.pop("id")
    assert first.pop("browser").startswith("Firefox")
    assert first == {
        "page_url": f"{SHOP}/socks",
        "page_title": "Socks",
        "referrer": "https://search.example/?q=socks",
    }
    (online,) = site.workspace.owner.get("/visitors").json["data"]
    assert online["id"] == row
    assert str(visitor.id) not in str(shown(visitor))

    visitor.post("visit", page_url=f"{SHOP}/basket", page_title="Basket")
    assert (shown(visitor)["page_url"], shown(visitor)["page_title"]) == (
        f"{SHOP}/basket",
        "Basket",
    )
    site.visitor(visitor_id="walker", page_url=f"{SHOP}/pay", page_title="Pay")
    assert shown(visitor)["page_url"] == f"{SHOP}/pay"


def test_an_older_conversation_keeps_the_page_it_was_left_on(site: Site) -> None:
    visitor = arrived(site)
    visitor.start()
    old = visitor.conversation_id
    owner = site.workspace.owner
    owner.patch(f"/conversations/{old}/status", {"status": "closed"})
    visitor.post("visit", page_url=f"{SHOP}/help")
    visitor.start("Something else")
    assert visitor.conversation_id != old
    visitor.post("visit", page_url=f"{SHOP}/later")
    assert shown(visitor)["page_url"] == f"{SHOP}/later"
    before = owner.get(f"/conversations/{old}").json["data"]
    assert before["visitor"]["page_url"] == f"{SHOP}/help"
    visitor.conversation_id = old
    visitor.say("About the first thing again")
    assert shown(visitor)["page_url"] == f"{SHOP}/later"


def test_a_visitor_who_moves_spoils_nobodys_update(site: Site) -> None:
    visitor = arrived(site)
    visitor.start()
    owner, path = site.workspace.owner, f"/conversations/{visitor.conversation_id}"
    tag = owner.get(path).headers["ETag"]
    visitor.post("visit", page_url=f"{SHOP}/elsewhere")
    assert owner.get(path).headers["ETag"] != tag
    changed = owner.patch(path, {"subject": "Socks"}, headers={"If-Match": tag})
    assert changed.status_int == 200
    stale = owner.patch(path, {"subject": "Shoes"}, headers={"If-Match": tag})
    assert stale.status_int == 412


def test_an_erased_visitor_is_shown_nowhere(site: Site) -> None:
    visitor = arrived(site)
    visitor.start(email="gone@customers.example")
    customer = visitor.conversation()["customer"]["id"]
    assert site.workspace.owner.post(f"/customers/{customer}/erase").status_int == 200
    assert shown(visitor) is None


def test_staying_on_a_page_writes_nothing_about_it(site: Site) -> None:
    visitor = arrived(site)
    visitor.start()
    page = {"page_url": f"{SHOP}/basket", "page_title": "Basket"}
    visitor.post("visit", **page)
    with count_statements(site.workspace.under_test.application.database) as statements:
        assert visitor.post("visit", **page).status_int == 200
    assert not [it for it in statements if "UPDATE" in it]
