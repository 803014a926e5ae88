// The widget in the page: its host element, the round button, and the panel.

import { palette } from "../color.js";
import { h, icon, ICONS, say, set } from "../dom.js";
import css from "../styles/index.js";
import { chooseTexts } from "../texts/index.js";
import { Times } from "../times.js";
import { Panel } from "./panel.js";

/** Styles that no Content-Security-Policy has to allow; older Safaris need the script's nonce instead. */
function dress(shadow, nonce) {
  try {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(css);
    shadow.adoptedStyleSheets = [sheet];
  } catch {
    shadow.append(h("style", { nonce: nonce || null }, css));
  }
}

export class View {
  /** `settings`: wanted languages, theme, nonce; `toggled` hears open and close. */
  constructor({ chat, settings, toggled }) {
    this._chat = chat;
    this._settings = settings;
    this._toggled = toggled;
    this._host = document.createElement("support-chat");
    this._shadow = this._host.attachShadow({ mode: "open" });
    dress(this._shadow, settings.nonce);
    this._dark = window.matchMedia("(prefers-color-scheme: dark)");
    this._themed = () => this._theme();
    this._dark.addEventListener("change", this._themed);
    // Pages that go on without loading anew may put another body in place of the one we are in.
    this._bodies = new MutationObserver(() => {
      if (this._root && !this._host.isConnected && document.body) document.body.append(this._host);
    });
    this._bodies.observe(document.documentElement, { childList: true });
  }

  destroy() {
    this._bodies.disconnect();
    this._dark.removeEventListener("change", this._themed);
    if (this._panel) this._panel.destroy();
    this._host.remove();
  }

  get opened() {
    return Boolean(this._panel && this._panel.opened);
  }

  get ready() {
    return Boolean(this._panel);
  }

  open(focus = true) {
    if (!this._panel || this.opened) return;
    this._before = document.activeElement;
    this._panel.open(focus);
    set(this._launcher, "aria-expanded", "true");
    this._root.classList.add("open");
    this._toggled(true);
  }

  close() {
    if (!this.opened) return;
    const inside = document.activeElement === this._host;
    this._panel.close();
    set(this._launcher, "aria-expanded", "false");
    this._root.classList.remove("open");
    // Back to where the visitor came from, unless they have gone elsewhere since.
    if (inside) {
      const before = this._before;
      if (before && before !== document.body && before !== this._host && before.isConnected) before.focus();
      else this._launcher.focus();
    }
    this._toggled(false);
  }

  render() {
    const { widget, problem, contact } = this._chat;
    if (!widget) return;
    // A widget that is gone, or not of this site, leaves no button that does nothing.
    const refused = ["gone", "foreign", "identity"].includes(problem);
    if (!this._panel && refused) return;
    if (!this._panel || this._written !== JSON.stringify([widget.texts, widget.locale])) this._build(widget);
    this._host.hidden = refused && !this.opened;
    const { accent, on } = palette(widget.color, widget.text_color);
    this._root.style.setProperty("--accent", accent);
    this._root.style.setProperty("--on-accent", on);
    this._root.classList.toggle("left", widget.position === "left");
    const { unread } = this._chat;
    const shown = this.opened ? 0 : unread;
    say(this._badge, shown > 99 ? "99+" : shown ? String(shown) : "");
    const told = shown ? this._words("unread", { n: shown }) : "";
    set(this._launcher, "aria-label", [this._words(this.opened ? "close" : "open"), told].filter(Boolean).join(". "));
    say(this._told, told);
    this._panel.render();
    set(this._host, "data-ready", Boolean(contact));
  }

  /** Made when the texts are known, and again should they have changed. */
  _build(widget) {
    const opened = this.opened;
    if (this._panel) this._panel.destroy();
    this._written = JSON.stringify([widget.texts, widget.locale]);
    const own = widget.texts && widget.locale ? { [widget.locale]: widget.texts } : {};
    const { tag, region, direction, t } = chooseTexts([...this._settings.wanted, widget.locale], own);
    this._words = t;
    this._panel = new Panel({ chat: this._chat, words: t, times: new Times(region), tag: region, closed: () => this.close() });
    this._badge = h("span", { class: "badge", "aria-hidden": "true" });
    this._told = h("p", { class: "hidden", role: "status" });
    this._launcher = h("button", {
      type: "button", class: "launcher", "aria-haspopup": "dialog", "aria-expanded": "false",
      onclick: () => (this.opened ? this.close() : this.open()),
    }, h("span", { class: "shut" }, icon(...ICONS.chat)), h("span", { class: "opened" }, icon(...ICONS.down)), this._badge);
    const root = h("div", { class: "root", lang: tag, dir: direction }, this._panel.node, this._launcher, this._told);
    if (this._root) this._root.remove();
    this._root = root;
    this._shadow.append(root);
    this._theme();
    if (!this._host.isConnected) document.body.append(this._host);
    if (opened) this.open(false);
  }

  _theme() {
    const wanted = this._settings.theme;
    const dark = wanted === "dark" || (wanted !== "light" && this._dark.matches);
    if (this._root) this._root.classList.toggle("dark", dark);
  }
}
