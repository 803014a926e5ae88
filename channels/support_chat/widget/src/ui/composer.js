// Where the visitor writes: text, files, and what is wrong with either.

import { h, icon, ICONS, say, set } from "../dom.js";
import { bytes } from "../times.js";

const TALLEST = 140;

const matches = (type, allowed) =>
  allowed === "*/*" || allowed === type || (allowed.endsWith("/*") && type.startsWith(allowed.slice(0, -1)));

export class Composer {
  /** `compose` is asked for what the form adds; null stops the sending. */
  constructor({ chat, words, tag, compose }) {
    this._chat = chat;
    this._t = words;
    this._tag = tag;
    this._compose = compose;
    this._build();
  }

  _build() {
    const t = this._t;
    this.input = h("textarea", {
      class: "write", rows: "1", placeholder: t("placeholder"), "aria-label": t("message"),
      "aria-describedby": "composer-error", enterkeyhint: "send", autocomplete: "off",
      oninput: () => this._typed(),
      onkeydown: (event) => this._key(event),
      onpaste: (event) => this._paste(event),
    });
    this._error = h("p", { class: "wrong", id: "composer-error", role: "alert" });
    this._progress = h("p", { class: "hidden", role: "status" });
    this._list = h("ul", { class: "files", hidden: true });
    this._picker = h("input", {
      type: "file", multiple: true, hidden: true, tabindex: "-1", "aria-hidden": "true",
      onchange: () => {
        this.add([...this._picker.files]);
        this._picker.value = "";
      },
    });
    this._attach = h("button", {
      type: "button", class: "round", "aria-label": t("attach"), title: t("attach"), onclick: () => this._picker.click(),
    }, icon(...ICONS.clip));
    this._send = h("button", { type: "submit", class: "round send", "aria-label": t("send"), title: t("send") },
      icon(...ICONS.send));
    this.node = h("form", { class: "composer", novalidate: true, onsubmit: (event) => this._submit(event) },
      this._list, this._error, this._progress,
      h("div", { class: "row" }, this._attach, this._picker, this.input, this._send));
    this.input.value = this._chat.draft;
  }

  render() {
    const closed = ["gone", "foreign", "identity"].includes(this._chat.problem);
    this.node.hidden = closed;
    this._attach.hidden = !this._chat.limits.attachments;
    set(this._picker, "accept", this._chat.limits.attachment_types.join(",") || null);
    this._showFiles();
    // A refused first message comes back, and another tab may write on the same draft.
    if (this._chat.draft !== this.input.value && this.input.getRootNode().activeElement !== this.input) {
      this.input.value = this._chat.draft;
      this.fit();
    }
    set(this._send, "aria-disabled", this._ready ? null : "true");
  }

  get _ready() {
    const files = this._chat.chosen;
    return !files.some((it) => it.busy) && Boolean(this.input.value.trim() || files.length);
  }

  /** Make the field as high as its text, to a limit. */
  fit() {
    const { style } = this.input;
    // Empty it shows the placeholder, whose direction is the widget's.
    set(this.input, "dir", this.input.value ? "auto" : null);
    style.height = "auto";
    style.height = `${Math.min(this.input.scrollHeight + 2, TALLEST)}px`;
  }

  _typed() {
    this._chat.draft = this.input.value;
    this.fit();
    this._complain("");
    if (this.input.value) this._chat.typed();
    this.render();
  }

  _key(event) {
    // 229: an input method is composing, and Enter chooses its candidate.
    if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.keyCode === 229) return;
    event.preventDefault();
    this._submit(event);
  }

  _submit(event) {
    event.preventDefault();
    if (!this._ready) return;
    const text = this.input.value.trim();
    const most = this._chat.limits.message;
    if ([...text].length > most) {
      this._complain(this._t("too_long", { n: new Intl.NumberFormat(this._tag).format(most) }));
      return;
    }
    const form = this._compose();
    if (form === null) return;
    this.input.value = "";
    this.fit();
    this._complain("");
    this._chat.send({ text, form });
    this.input.focus();
  }

  _complain(text) {
    say(this._error, text);
  }

  // Files

  _paste(event) {
    const files = [...((event.clipboardData && event.clipboardData.files) || [])];
    if (!files.length) return;
    event.preventDefault();
    this.add(files);
  }

  add(files) {
    this._complaints = [];
    this._complain("");
    for (const file of files) {
      const mistake = this._mistake(file);
      if (mistake) this._object(mistake);
      else this._choose(file);
    }
  }

  /** One file may be refused at once and the next after its upload: both are told. */
  _object(mistake) {
    this._complaints.push(mistake);
    this._complain(this._complaints.join(" "));
  }

  _mistake(file) {
    const { attachments, attachment_bytes: most, attachment_types: types } = this._chat.limits;
    const { name } = file;
    if (this._chat.chosen.length >= attachments) return this._t("too_many", { n: attachments });
    if (file.size > most) return this._wording("attachment_too_large", name);
    // Browsers do not know every type; the server, which looks inside, decides about those.
    if (types.length && file.type && !types.some((it) => matches(file.type, it))) {
      return this._wording("attachment_type_not_allowed", name);
    }
    return "";
  }

  async _choose(file) {
    const problem = await this._chat.choose(file);
    if (problem) this._object([this._wording(problem.text, file.name), problem.told].filter(Boolean).join(" "));
    else say(this._progress, this._t("ready", { name: file.name }));
  }

  _wording(text, name) {
    return this._t(text, { name, size: bytes(this._chat.limits.attachment_bytes, this._tag) });
  }

  _showFiles() {
    const items = this._chat.chosen;
    const seen = new Map([...this._list.children].map((node) => [node.item, node]));
    const nodes = items.map((item) => {
      const node = seen.get(item.id) || this._chip(item);
      node.bar.value = item.percent || 0;
      node.bar.hidden = !item.busy;
      return node;
    });
    // Only where something changed: what is put anew loses the focus.
    if (nodes.length !== seen.size || nodes.some((it) => !it.isConnected)) this._list.replaceChildren(...nodes);
    this._list.hidden = items.length === 0;
  }

  _chip(item) {
    const { name } = item;
    const bar = h("progress", { max: "100", "aria-label": this._t("uploading", { name, n: "" }).replace(/[:\s%]+$/, "") });
    const remove = h("button", {
      type: "button", "aria-label": this._t("remove", { name }), title: this._t("remove", { name }),
      onclick: () => {
        this._chat.unchoose(item.id);
        this.input.focus();
      },
    }, icon(...ICONS.close));
    const node = h("li", { class: "chip" }, icon(...ICONS.file), h("bdi", {}, name),
      h("small", {}, bytes(item.size, this._tag)), bar, remove);
    return Object.assign(node, { item: item.id, bar });
  }
}
