// What the page tells of itself, cut to what the desk takes.

/** Where the visitor is now. */
export function pageNow() {
  const page = {};
  const title = [...document.title].slice(0, 255).join("").trim();
  if (title) page.page_title = title;
  if (/^https?:$/.test(location.protocol)) page.page_url = location.href.replace(/#.*$/s, "").slice(0, 2000);
  return page;
}

/** The same, and where the visitor came from. */
export function arrival() {
  const page = pageNow();
  if (/^https?:/.test(document.referrer)) page.referrer = document.referrer.slice(0, 2000);
  return page;
}
