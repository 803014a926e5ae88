// The list of messages. Nodes are kept and changed in place: a live region reads out what is put into it.

import { h, icon, ICONS, say } from "../dom.js";
import { linkify } from "../linkify.js";
import { said } from "../outbox.js";
import { bytes } from "../times.js";

const TOGETHER = 5 * 60000;
const NEAR_END = 48;

/** What is shown, in order: {key, kind, …}. */
function rows(chat) {
  const sent = chat.messages.map((it) => ({
    key: it.client_id || `m${it.id}`,
    id: it.id,
    mine: it.type !== "agent",
    author: it.agent_name,
    text: it.body,
    at: new Date(it.created_at),
    attachments: it.attachments || [],
  }));
  const waiting = chat.pending.map((it) => ({
    key: it.client_id,
    entry: it,
    mine: true,
    text: said(it),
    at: new Date(it.at),
    attachments: it.files.map((file) => ({ name: file.name, size: file.size, ...file.attachment, file: file.id })),
  }));
  const all = [...sent, ...waiting];
  const lastMine = sent.filter((it) => it.mine).pop();
  let day = "";
  return all.flatMap((row, at) => {
    const [before, after] = [all[at - 1], all[at + 1]];
    const belongs = (a, b) =>
      a && b && a.mine === b.mine && a.author === b.author && Math.abs(b.at - a.at) < TOGETHER && !a.entry && !b.entry &&
      a.at.toDateString() === b.at.toDateString();
    const whole = { ...row, first: !belongs(before, row), last: !belongs(row, after), newestMine: row === lastMine };
    const today = row.at.toDateString();
    if (today === day) return [whole];
    day = today;
    return [{ key: `d${today}`, day: row.at }, whole];
  });
}

export class Log {
  /** `discarded` is told that a message was removed, and the button that did it with it. */
  constructor({ chat, words, times, tag, discarded }) {
    this._chat = chat;
    this._discarded = discarded;
    this._t = words;
    this._times = times;
    this._tag = tag;
    this._nodes = new Map();
    this._known = 0;
    this.list = h("div", { class: "list", role: "log", "aria-label": words("messages") });
    this.node = h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": words("messages") }, this.list);
    this.jump = h("button", { type: "button", class: "jump", hidden: true, onclick: () => this.toEnd() },
      icon(...ICONS.down), h("span", {}, words("latest")));
    this._atEnd = true;
    this.node.addEventListener("scroll", () => {
      this._atEnd = this._nearEnd();
      if (this._atEnd) this.jump.hidden = true;
    }, { passive: true });
    // What is written below takes room from what is read above.
    this._sizes = new ResizeObserver(() => {
      if (this._atEnd) this.toEnd();
    });
    this._sizes.observe(this.node);
  }

  destroy() {
    this._sizes.disconnect();
  }

  _nearEnd() {
    const { scrollHeight, scrollTop, clientHeight } = this.node;
    return scrollHeight - scrollTop - clientHeight < NEAR_END;
  }

  /** Show the newest message; where there is none, the questions from their beginning. */
  toEnd() {
    this._atEnd = true;
    if (this._nodes.size) this.node.scrollTop = this.node.scrollHeight;
    this.jump.hidden = true;
  }

  render() {
    const near = this._atEnd;
    const shown = rows(this._chat);
    const keys = new Set(shown.map((it) => it.key));
    for (const [key, { node }] of this._nodes) {
      if (!keys.has(key)) {
        node.remove();
        this._nodes.delete(key);
      }
    }
    let place = this.list.firstChild;
    for (const row of shown) {
      let made = this._nodes.get(row.key);
      if (!made) {
        made = row.day ? this._day(row) : this._message(row);
        this._nodes.set(row.key, made);
      }
      if (made.node !== place) this.list.insertBefore(made.node, place);
      else place = place.nextSibling;
      if (made.update) made.update(row);
    }
    const number = shown.filter((it) => !it.day).length;
    const newest = shown[shown.length - 1];
    if (number > this._known && newest) {
      if (near || newest.mine || !this._known) this.toEnd();
      else this.jump.hidden = false;
    } else if (near) this.toEnd();
    this._known = number;
  }

  _day({ day }) {
    return { node: h("p", { class: "day" }, h("span", {}, this._times.day(day))) };
  }

  _message(row) {
    const author = row.mine ? this._t("you") : row.author || this._t("agent");
    const meta = h("span", { class: "state" });
    const actions = h("span", { class: "actions" });
    const time = h("time", { datetime: row.at.toISOString(), title: this._times.full(row.at) }, this._times.clock(row.at));
    const foot = h("p", { class: "foot" }, time, meta, actions);
    const bubble = h("div", { class: "bubble", dir: "auto", id: `m-${row.key}` }, ...this._body(row));
    const node = h("div", { class: row.mine ? "message mine" : "message" },
      h("p", { class: "author", dir: "auto" }, author), bubble, foot);
    const made = { node, bubble, meta, actions, foot, files: [] };
    return { node, update: (now) => this._update(made, now) };
  }

  _body({ text }) {
    return linkify(text).map((part) =>
      typeof part === "string"
        ? part
        : h("a", { href: part.href, target: "_blank", rel: "noopener noreferrer nofollow ugc" }, part.text));
  }

  /** Files become links with their message's answer, and show before that how far they are. */
  _showFiles(made, { attachments }) {
    const shape = JSON.stringify(attachments.map((it) => it.id || it.name));
    if (shape !== made.shape) {
      made.files.forEach((it) => it.remove());
      made.files = attachments.map((it) => this._attachment(it));
      made.bubble.after(...made.files);
      made.shape = shape;
    }
    attachments.forEach((it, at) => {
      const { bar } = made.files[at];
      const percent = it.file ? this._chat.progress(it.file) : null;
      bar.hidden = percent === null;
      bar.value = percent || 0;
    });
  }

  _attachment({ id, name, size }) {
    const href = this._chat.contact && id ? this._chat.attachmentUrl({ id }) : null;
    const bar = h("progress", { max: "100", hidden: true, "aria-label": this._t("uploading", { name, n: "" }).replace(/[:\s%]+$/, "") });
    const node = h(href ? "a" : "span", { class: "file", href, download: href ? name : null, target: href && "_blank", rel: href && "noopener noreferrer" },
      icon(...ICONS.file), h("bdi", {}, name), h("small", {}, size ? bytes(size, this._tag) : ""), bar);
    return Object.assign(node, { bar });
  }

  _update(made, row) {
    const { node, meta, actions, foot } = made;
    const { entry } = row;
    this._showFiles(made, row);
    node.classList.toggle("first", row.first);
    node.classList.toggle("failed", Boolean(entry && entry.error));
    foot.hidden = !(row.last || entry || row.newestMine);
    say(meta, this._state(row));
    const offered = this._offered(entry);
    if (offered.join() !== made.offered) {
      made.offered = offered.join();
      actions.replaceChildren(...offered.map((name) => this._action(name, row.key)));
    }
  }

  _state({ entry, newestMine, id }) {
    if (entry && entry.error) return `${this._t("message_failed")} ${this._problem(entry.error)}`;
    if (entry) return this._t(this._stuck ? "waiting" : "sending");
    if (!newestMine) return "";
    return this._t(id <= this._chat.agentReadId ? "seen" : "sent");
  }

  get _stuck() {
    return this._chat.offline || this._chat.connection === "lost";
  }

  /** What the desk said, or which of our texts it is. */
  _problem(error) {
    if (typeof error === "string") return error;
    const size = bytes(this._chat.limits.attachment_bytes, this._tag);
    return [this._t(error.text, { name: error.name, size }), error.told].filter(Boolean).join(" ");
  }

  /** What can be done about a message that is not sent: one that is on its way this moment is left alone. */
  _offered(entry) {
    if (!entry) return [];
    if (entry.error) return ["retry", "discard"];
    return this._stuck || entry.files.some((it) => !it.attachment) ? ["discard"] : [];
  }

  _action(name, key) {
    const act = () => {
      const entry = this._chat.pending.find((it) => it.client_id === key);
      if (entry) this._chat[name](entry);
      this._discarded();
    };
    return h("button", { type: "button", "aria-describedby": `m-${key}`, onclick: act }, this._t(name));
  }
}
