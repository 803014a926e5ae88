// Where the visitor writes: text, files, and what is wrong with either.

import { h, icon, ICONS, say, set } from "../dom.js";
import { bytes } from "../times.js";

const TALLEST = 140;
const LIMITS = { message: 5000, attachment_bytes: 10485760, attachments: 5, attachment_types: [] };

const matches = (type, allowed) =>
  allowed === "*/*" || allowed === type || (allowed.endsWith("/*") && type.startsWith(allowed.slice(0, -1)));

export class Composer {
  /** `compose` is asked for what the form adds; null stops the sending. */
  constructor({ chat, words, tag, compose }) {
    this._chat = chat;
    this._t = words;
    this._tag = tag;
    this._compose = compose;
    this._files = [];
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

  get _limits() {
    return { ...LIMITS, ...((this._chat.widget || {}).limits || {}) };
  }

  render() {
    const closed = ["gone", "foreign", "identity"].includes(this._chat.problem);
    this.node.hidden = closed;
    this._attach.hidden = !this._limits.attachments;
    set(this._picker, "accept", this._limits.attachment_types.join(",") || null);
    // A refused first message comes back, and another tab may write on the same draft.
    if (this._chat.draft !== this.input.value && this.input.getRootNode().activeElement !== this.input) {
      this.input.value = this._chat.draft;
      this.fit();
    }
    set(this._send, "aria-disabled", this._ready ? null : "true");
  }

  get _ready() {
    const done = this._files.filter((it) => it.attachment);
    return !this._files.some((it) => it.stop) && Boolean(this.input.value.trim() || done.length);
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
    const attachments = this._files.filter((it) => it.attachment).map((it) => it.attachment);
    const text = this.input.value.trim() || attachments.map((it) => it.name).join(", ");
    if ([...text].length > this._limits.message) {
      this._complain(this._t("too_long", { n: new Intl.NumberFormat(this._tag).format(this._limits.message) }));
      return;
    }
    const form = this._compose();
    if (form === null) return;
    this.input.value = "";
    this._files = [];
    this._showFiles();
    this.fit();
    this._complain("");
    this._chat.send({ text, attachments, form });
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
    this._complain("");
    for (const file of files) {
      const mistake = this._mistake(file);
      if (mistake) this._complain(mistake);
      else this._upload(file);
    }
  }

  _mistake(file) {
    const { attachments, attachment_bytes: most, attachment_types: types } = this._limits;
    const name = file.name;
    if (this._files.length >= attachments) return this._t("too_many", { n: attachments });
    if (file.size > most) return this._t("attachment_too_large", { name, size: bytes(most, this._tag) });
    // Browsers do not know every type; the server, which looks inside, decides about those.
    if (types.length && file.type && !types.some((it) => matches(file.type, it))) {
      return this._t("attachment_type_not_allowed", { name });
    }
    return this._chat.contact ? "" : this._t("bad_file", { name });
  }

  async _upload(file) {
    const item = { name: file.name, size: file.size, percent: 0 };
    this._files.push(item);
    const upload = this._chat.upload(file, (percent) => {
      item.percent = percent;
      this._showFiles();
    });
    item.stop = upload.stop;
    this._showFiles();
    try {
      item.attachment = (await upload.done).attachment;
      say(this._progress, this._t("ready", { name: file.name }));
    } catch (error) {
      if (this._files.includes(item)) this._complain(this._refused(file, error));
      this._files = this._files.filter((it) => it !== item);
    }
    item.stop = null;
    this._showFiles();
  }

  _refused(file, error) {
    const { name } = file;
    const limit = this._limits.attachment_bytes;
    if (error.status === 413) return this._t("attachment_too_large", { name, size: bytes(limit, this._tag) });
    if (error.status === 429) return this._t("busy");
    const told = error.errors && error.errors.file ? ` ${error.errors.file[0]}` : "";
    return this._t("bad_file", { name }) + told;
  }

  _showFiles() {
    const seen = new Map([...this._list.children].map((node) => [node.item, node]));
    this._list.replaceChildren(...this._files.map((item) => {
      const node = seen.get(item) || this._chip(item);
      node.bar.value = item.percent;
      node.bar.hidden = Boolean(item.attachment);
      return node;
    }));
    this._list.hidden = this._files.length === 0;
    this.render();
  }

  _chip(item) {
    const { name } = item;
    const bar = h("progress", { max: "100", "aria-label": this._t("uploading", { name, n: "" }).replace(/[:\s%]+$/, "") });
    const remove = h("button", {
      type: "button", "aria-label": this._t("remove", { name }), title: this._t("remove", { name }),
      onclick: () => {
        this._files = this._files.filter((it) => it !== item);
        if (item.stop) item.stop();
        this._showFiles();
        this.input.focus();
      },
    }, icon(...ICONS.close));
    const node = h("li", { class: "chip" }, icon(...ICONS.file), h("bdi", {}, name),
      h("small", {}, bytes(item.size, this._tag)), bar, remove);
    return Object.assign(node, { item, bar });
  }
}
