// Building elements without markup: what people wrote only ever becomes text.

const SVG = "http://www.w3.org/2000/svg";

/** Make an element. `props` are attributes; `on…` are listeners; false, null and undefined are left out. */
export function h(tag, props, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(props || {})) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else set(element, name, value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

/** Set an attribute, or take it away where the value says so. */
export function set(element, name, value) {
  if (value === false || value === null || value === undefined) element.removeAttribute(name);
  else element.setAttribute(name, value === true ? "" : String(value));
}

/** Replace an element's text, only when it changes: a live region speaks at every replacement. */
export function say(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** Make a 24 by 24 line icon of path data. */
export function icon(...paths) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  for (const data of paths) {
    const path = document.createElementNS(SVG, "path");
    path.setAttribute("d", data);
    svg.append(path);
  }
  return svg;
}

export const ICONS = {
  chat: ["M20.5 11.6c0 4.3-3.8 7.7-8.5 7.7-1.2 0-2.4-.2-3.4-.6L4 20l1.2-3.9a7.2 7.2 0 0 1-1.7-4.5C3.5 7.3 7.3 4 12 4s8.5 3.3 8.5 7.6z"],
  close: ["M6 6l12 12", "M18 6L6 18"],
  down: ["M6 9.5l6 6 6-6"],
  send: ["M5 12h13", "M12.5 6.5L18 12l-5.5 5.5"],
  clip: ["M19.5 11.5l-7.4 7.4a4.7 4.7 0 0 1-6.7-6.7l7.8-7.8a3.1 3.1 0 0 1 4.4 4.4l-7.7 7.7a1.6 1.6 0 0 1-2.2-2.2l7-7"],
  file: ["M13.5 4H7.5A1.5 1.5 0 0 0 6 5.5v13A1.5 1.5 0 0 0 7.5 20h9a1.5 1.5 0 0 0 1.5-1.5V8.5z", "M13.5 4v4.5H18"],
};
