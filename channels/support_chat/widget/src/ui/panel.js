// The window of the chat: a dialog, beside the page where there is room and over it where there is not.

import { h, icon, ICONS, say, set } from "../dom.js";
import { Composer } from "./composer.js";
import { QuestionForm } from "./form.js";
import { Log } from "./log.js";

const SMALL = "(max-width: 480px), (max-height: 440px)";

export class Panel {
  constructor({ chat, words, times, tag, closed }) {
    this._chat = chat;
    this._t = words;
    this._times = times;
    this._closed = closed;
    this._small = window.matchMedia(SMALL);
    this._form = new QuestionForm({ chat, words });
    this._log = new Log({ chat, words, times, tag, discarded: () => this._composer.input.focus() });
    this._composer = new Composer({ chat, words, tag, compose: () => this._form.read() });
    this._build();
    this._offs = [
      [this._small, "change", () => this._layout()],
      ...(window.visualViewport ? ["resize", "scroll"].map((type) => [window.visualViewport, type, () => this._fit()]) : []),
    ].map(([target, type, heard]) => {
      target.addEventListener(type, heard);
      return () => target.removeEventListener(type, heard);
    });
  }

  destroy() {
    this._offs.forEach((off) => off());
    this._log.destroy();
  }

  _build() {
    const t = this._t;
    this._title = h("h2", { id: "title", dir: "auto" });
    this._tagline = h("p", { class: "tagline", dir: "auto" });
    this._hours = h("p", { class: "hours" }, h("span", { class: "dot", "aria-hidden": "true" }), (this._hoursText = h("span", { dir: "auto" })));
    this._notice = h("p", { class: "notice", role: "status", dir: "auto" });
    this._typing = h("p", { class: "typing", role: "status" });
    this._dots = h("span", { class: "dots", "aria-hidden": "true" }, h("i"), h("i"), h("i"));
    this._typingText = h("span", { dir: "auto" });
    this._away = h("p", { class: "away", dir: "auto", hidden: true });
    const log = this._log;
    log.node.prepend(this._away, this._form.node);
    this.node = h("dialog", {
      class: "panel", "aria-labelledby": "title",
      oncancel: (event) => {
        event.preventDefault();
        this._closed();
      },
      onkeydown: (event) => {
        if (event.key === "Escape" && !event.isComposing && !event.defaultPrevented) {
          event.preventDefault();
          event.stopPropagation();
          this._closed();
        }
      },
    },
    h("header", {},
      h("div", { class: "names" }, this._title, this._tagline, this._hours),
      h("button", { type: "button", class: "round", "aria-label": t("close"), title: t("close"), onclick: () => this._closed() },
        icon(...ICONS.close))),
    this._notice,
    h("div", { class: "middle" }, log.node, log.jump),
    this._typing,
    this._composer.node,
    h("div", { class: "drop", "aria-hidden": "true" }, h("p", {}, t("drop"))));
    this._dropping();
  }

  _dropping() {
    let depth = 0;
    const files = (event) => event.dataTransfer && [...event.dataTransfer.types].includes("Files");
    const over = (inside) => this.node.classList.toggle("dropping", inside);
    this.node.addEventListener("dragenter", (event) => {
      if (!files(event)) return;
      event.preventDefault();
      depth += 1;
      over(true);
    });
    this.node.addEventListener("dragover", (event) => files(event) && event.preventDefault());
    this.node.addEventListener("dragleave", (event) => {
      if (!files(event)) return;
      depth = Math.max(0, depth - 1);
      over(depth > 0);
    });
    this.node.addEventListener("drop", (event) => {
      if (!files(event)) return;
      event.preventDefault();
      depth = 0;
      over(false);
      this._composer.add([...event.dataTransfer.files]);
    });
  }

  get opened() {
    return this.node.open;
  }

  open(focus) {
    this._layout();
    this.render();
    this._log.toEnd();
    this._composer.fit();
    if (focus) this._focus();
  }

  close() {
    if (this.node.open) this.node.close();
  }

  /** On a phone the chat is all there is, and what lies below cannot be reached; beside a page it can. */
  _layout() {
    const small = this._small.matches;
    const had = this.node.getRootNode().activeElement;
    if (this.node.open && this.node.classList.contains("small") === small) return;
    const again = this.node.open;
    if (again) this.node.close();
    this.node.classList.toggle("small", small);
    if (small) this.node.showModal();
    else this.node.show();
    if (again && had) had.focus();
    this._fit();
  }

  /** The keyboard of a phone covers what lies under it: take the part that can be seen. */
  _fit() {
    const view = window.visualViewport;
    const small = this.node.classList.contains("small");
    const { style } = this.node;
    if (view && small && view.scale === 1) {
      style.setProperty("--height", `${view.height}px`);
      style.setProperty("--top", `${view.offsetTop}px`);
    } else {
      style.removeProperty("--height");
      style.removeProperty("--top");
    }
  }

  _focus() {
    const field = this._form.firstWrong() || this._emptyField() || this._composer.input;
    // On a phone the keyboard would cover what there is to read first.
    if (this._small.matches && window.matchMedia("(pointer: coarse)").matches) this._log.node.focus();
    else field.focus();
  }

  _emptyField() {
    const first = this._form.firstField();
    return first && !first.value ? first : null;
  }

  render() {
    const { widget, conversation } = this._chat;
    if (!widget) return;
    say(this._title, widget.welcome_title || this._t("title"));
    say(this._tagline, widget.welcome_tagline || "");
    this._tagline.hidden = !widget.welcome_tagline || Boolean(conversation);
    this._renderHours(widget, conversation);
    this._form.render();
    this._renderTyping();
    say(this._notice, this._noticeText());
    set(this.node, "aria-busy", this._chat.contact ? null : "true");
    this._log.render();
    this._composer.render();
  }

  _renderHours(widget, conversation) {
    const away = widget.online === false;
    this.node.classList.toggle("closed-now", away);
    const back = away && widget.next_online_at ? this._t("back", { time: this._times.next(new Date(widget.next_online_at)) }) : "";
    const text = away ? back : widget.reply_time || "";
    say(this._hoursText, text);
    this._hours.hidden = !text;
    say(this._away, away ? widget.away_message || this._t("away") : "");
    this._away.hidden = !away || Boolean(conversation && this._chat.messages.some((it) => it.type === "agent"));
  }

  _renderTyping() {
    const who = this._chat.agentTyping;
    const shown = who !== null;
    if (shown !== this._typing.classList.contains("shown")) {
      this._typing.classList.toggle("shown", shown);
      this._typing.replaceChildren(...(shown ? [this._dots, this._typingText] : []));
    }
    say(this._typingText, shown ? this._t("typing", { name: who || this._t("agent") }) : "");
  }

  _noticeText() {
    const { problem, offline, connection, conversation } = this._chat;
    if (offline && !["gone", "foreign", "identity"].includes(problem)) return this._t("offline");
    if (problem) return this._t(problem);
    if (connection === "lost") return this._t("reconnecting");
    return conversation && conversation.status === "closed" ? this._t("closed") : "";
  }
}
