// Web addresses in plain text. Nothing but http and https ever becomes a link.

const ADDRESS = /\bhttps?:\/\/[^\s<>"'`\u0000-\u001f\u007f\u200b-\u200f\u2028-\u202f\u2060-\u206f]+/gi;
const LONGEST = 2000;

/** Take off what belongs to the sentence and not to the address. */
function trimmed(address) {
  let end = address.length;
  while (end > 0) {
    const last = address[end - 1];
    if (".,;:!?…*_".includes(last)) end -= 1;
    else if (")]}".includes(last)) {
      const opening = { ")": "(", "]": "[", "}": "{" }[last];
      const text = address.slice(0, end);
      if (text.split(last).length <= text.split(opening).length) break;
      end -= 1;
    } else break;
  }
  return address.slice(0, end);
}

/** Return the address if it is one that may be opened, else null. */
export function safeUrl(address) {
  if (typeof address !== "string" || address.length > LONGEST) return null;
  try {
    const url = new URL(address);
    return url.protocol === "https:" || url.protocol === "http:" ? url.href : null;
  } catch {
    return null;
  }
}

/** Split text into strings and {text, href}. */
export function linkify(text) {
  const parts = [];
  let from = 0;
  for (const match of text.matchAll(ADDRESS)) {
    const shown = match[0].length > LONGEST ? "" : trimmed(match[0]);
    const href = safeUrl(shown);
    if (!href) continue;
    if (match.index > from) parts.push(text.slice(from, match.index));
    parts.push({ text: shown, href });
    from = match.index + shown.length;
  }
  if (from < text.length) parts.push(text.slice(from));
  return parts;
}
