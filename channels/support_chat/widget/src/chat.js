// One visitor's chat: what is known, and what happens to it. Knows nothing of how it looks.

import { Api, Refusal } from "./api.js";
import { Chosen, isGone } from "./chosen.js";
import { FileStore } from "./filestore.js";
import { Hearing } from "./hearing.js";
import { Outbox } from "./outbox.js";
import { Sending } from "./sending.js";
import { Storage } from "./storage.js";
import { Tabs } from "./tabs.js";
import { Transcript } from "./transcript.js";
import { backoff, Timers } from "./waiting.js";
import { arrival, pageNow } from "./whereabouts.js";

/** Until the desk has told its own. */
const LIMITS = { message: 5000, attachment_bytes: 10485760, attachments: 5, attachment_types: [] };
const TYPING_SHOWN = 6000;
const TYPING_SAID = 4000;
const TYPING_PAUSE = 5000;
const PAGE_FIELDS = new Set(["page_url", "page_title", "referrer", "locale"]);

export class Chat {
  /** `settings`: base, token, user {id, hash, email, name}, locale; `changed` is called after every change. */
  constructor(settings, changed) {
    this._settings = settings;
    this._changed = changed;
    const user = settings.user || {};
    const who = user.id || user.email;
    // No id that a page gives its visitors reads like the name of something else that is kept.
    const name = `support-chat:${settings.token}${who ? `/${encodeURIComponent(who)}` : ""}`;
    this.api = new Api(settings.base, settings.token);
    this.timers = new Timers();
    this._storage = new Storage(name);
    this._files = new FileStore(settings.token, name);
    this._outbox = new Outbox(this._storage, this._files);
    this._chosen = new Chosen(this, this._storage, this._files);
    this.talk = new Transcript(this._storage);
    this.tabs = new Tabs(name, this._storage.lasting, (told) => this._hearing.told(told));
    this._hearing = new Hearing(this);
    this._sending = new Sending(this, this._outbox, this._files);
    this.widget = this._storage.get("widget");
    this.contact = null;
    this.conversation = null;
    this.agentTyping = null;
    this.problem = null;
    this.formErrors = {};
    /** Whether the visitor looks at the chat. */
    this.attended = false;
    this.ended = false;
    this._tries = 0;
    this._unwatch = this._storage.watch((changedName) => this._stored(changedName));
    this._offs = [
      [window, "online", () => this._online()],
      [window, "offline", () => this._offline()],
      [document, "visibilitychange", () => this._visible()],
    ].map(([target, type, heard]) => {
      target.addEventListener(type, heard);
      return () => target.removeEventListener(type, heard);
    });
    this._files.sweep(new Set([...this.waiting, ...this._chosen.list()].map((it) => it.id)));
    this._init();
  }

  destroy() {
    this.ended = true;
    this._interrupt();
    this._offs.forEach((off) => off());
    this._unwatch();
    this.timers.end();
    this._hearing.close();
    this.tabs.leave();
  }

  // What is known

  get offline() {
    return navigator.onLine === false;
  }

  /** "connecting", "open", "polling" or "lost". */
  get connection() {
    return this._hearing.connection;
  }

  get messages() {
    return this.talk.messages;
  }

  get agentReadId() {
    return this.talk.agentReadId;
  }

  /** The messages that the desk does not have yet. */
  get pending() {
    const known = this.talk.clientIds;
    const found = this._outbox.entries().filter((it) => !known.has(it.client_id));
    return found.map((it) => {
      const gone = it.files.find(isGone);
      return gone ? { ...it, error: { text: "file_gone", name: gone.name } } : it;
    });
  }

  /** The files of those messages. */
  get waiting() {
    return this._outbox.entries().flatMap((it) => it.files);
  }

  /** The files that were chosen for the next message; `busy` ones cannot be sent yet. */
  get chosen() {
    return this._chosen.list();
  }

  /** How far the file of a message is that is being uploaded, in percent; null for none. */
  progress(id) {
    const { upload } = this._sending;
    return upload && upload.id === id ? upload.percent : null;
  }

  get limits() {
    return { ...LIMITS, ...((this.widget || {}).limits || {}) };
  }

  get unread() {
    return this.talk.loaded ? this.talk.unread : (this.conversation && this.conversation.unread) || 0;
  }

  get draft() {
    return this._storage.get("draft") || "";
  }

  set draft(text) {
    this._storage.set("draft", text || null);
  }

  /** What was typed into the form. */
  get profile() {
    return this._storage.get("profile") || {};
  }

  set profile(values) {
    this._storage.set("profile", values);
  }

  /** The questions to ask before the first message. */
  get questions() {
    if (!this.widget || this.conversation || this.pending.length) return [];
    const { pre_chat: form, require_email: needed } = this.widget;
    const known = this.contact || {};
    const asked = form && form.enabled ? form.fields : [];
    const questions = needed && !asked.some((it) => it.name === "email")
      ? [{ name: "email", type: "email", required: true }, ...asked]
      : asked;
    return questions
      .filter((it) => !(["email", "name"].includes(it.name) && known[it.name]))
      .map((it) => (it.name === "email" && needed ? { ...it, required: true } : it));
  }

  // What the visitor does

  /** The visitor looks at the chat, or no longer does. */
  attend(attention) {
    this.attended = attention;
    if (attention) this._hearing.listen();
    this.markRead();
  }

  /** Put a message into the outbox, from where it is sent. */
  send({ text, form = null }) {
    this._outbox.add({ text, files: this._chosen.take(), form });
    this.formErrors = {};
    this.draft = "";
    this._saidTyping(false);
    this.update();
    this.flush();
  }

  /** Send a message that failed once more, without the files that are no longer here. */
  retry(entry) {
    const files = entry.files.filter((it) => !isGone(it));
    if (entry.text || files.length) this._outbox.change(entry.client_id, { error: null, again: false, files });
    else this._outbox.remove(entry.client_id);
    this.update();
    this.flush();
  }

  discard(entry) {
    this._outbox.remove(entry.client_id);
    this._sending.interrupt(entry.client_id);
    this.update();
  }

  /** A first message was refused for its form: what it says is the draft again. */
  takeBack(entry) {
    this.draft = [entry.text, this.draft].filter(Boolean).join("\n");
    this._chosen.giveBack(entry.files);
    this._outbox.withdraw(entry.client_id);
  }

  /** Choose a file for the next message; see Chosen.add(). */
  choose(file) {
    return this._chosen.add(file);
  }

  unchoose(id) {
    this._chosen.remove(id);
  }

  flush() {
    return this._sending.flush();
  }

  /** The visitor pressed a key in the composer. */
  typed() {
    if (!this.conversation || !this.contact) return;
    if (Date.now() - (this._typingSaid || 0) > TYPING_SAID) this._saidTyping(true);
    this.timers.later("typingPause", TYPING_PAUSE, () => this._saidTyping(false));
  }

  _saidTyping(typing) {
    this.timers.stop("typingPause");
    if (this.offline || !this.conversation || !this.contact || (!typing && !this._typingSaid)) return;
    this._typingSaid = typing ? Date.now() : 0;
    const body = { contact_id: this.contact.id, conversation_id: this.conversation.id, is_typing: typing };
    // Lost, it is said again with the next key, or ends by itself.
    this.api.post("typing", body).catch(() => {});
  }

  upload(file, progressed) {
    const { done, stop } = this.api.upload("attachments", { contact_id: this.contact.id }, file, progressed);
    return { done: done.then((it) => it.attachment), stop };
  }

  attachmentUrl(attachment) {
    return this.api.url(`attachments/${Number(attachment.id)}`, { contact_id: this.contact.id });
  }

  // Beginning

  async _init() {
    if (this._beginning || this.ended) return;
    this._beginning = true;
    try {
      // So that two tabs are one visitor; an upload, which may take its time, keeps nobody from that.
      await this.tabs.alone("begin", () => this._begin());
      this._tries = 0;
    } catch (error) {
      this.refused(error, () => this._init());
    } finally {
      this._beginning = false;
    }
    this.update();
  }

  async _begin() {
    const answer = await this._introduce();
    if (this.ended) return;
    const { known, ...options } = answer.options;
    this.widget = { ...answer.widget, ...options };
    this.contact = { ...answer.contact, ...known };
    this.problem = null;
    if (this.connection === "lost") this._hearing.connection = "connecting";
    this._storage.set("widget", this.widget);
    this._storage.set("visitor_id", answer.contact.visitor_id);
    this._adopt(answer.active_conversation || this._storage.get("conversation"));
    this._visit();
    if (this.attended || this.conversation || this.pending.length) this._hearing.listen();
    this._hearing.open();
    // The stream loads the history once it stands, so that nothing falls between; others must ask now.
    if (this.conversation) await this._hearing.sync();
    this.flush();
  }

  async _introduce() {
    const user = this._settings.user || {};
    const body = { ...arrival(), locale: this._settings.locale };
    body.visitor_id = user.id || this._storage.get("visitor_id") || undefined;
    body.user_hash = user.hash || undefined;
    body.email = user.email || undefined;
    body.name = user.name || undefined;
    try {
      return await this.api.post("init", body);
    } catch (error) {
      // What the page is called is no reason to refuse its visitor a chat.
      const about = Object.keys(error.errors || {});
      if (error.status !== 422 || !about.length || !about.every((it) => PAGE_FIELDS.has(it))) throw error;
      about.forEach((it) => delete body[it]);
      return this.api.post("init", body);
    }
  }

  _visit() {
    const interval = this.widget.visit_interval;
    if (!interval) return;
    this.timers.later("visit", interval * 1000, () => {
      if (document.visibilityState === "visible" && !this.offline && this.contact) {
        // Who looks at which page is a courtesy; the next one says it again.
        this.api.post("visit", { contact_id: this.contact.id, ...pageNow() }).catch(() => {});
      }
      this._visit();
    });
  }

  // What happens

  _adopt(conversation) {
    if (!conversation) return;
    if (!this.conversation || this.conversation.id !== conversation.id) this.talk.clear();
    this.conversation = { ...this.conversation, ...conversation };
    this.talk.agentRead(conversation.agent_read_id);
    this.talk.recall();
    this._storage.set("conversation", { id: conversation.id, status: conversation.status });
  }

  /** The first message was taken, into this conversation. */
  began(conversation) {
    this._adopt({ ...conversation, status: "active" });
    this.talk.loaded = true;
    this._storage.set("profile", null);
    this._hearing.listen();
    this._hearing.sync();
  }

  /** The stream said something. */
  heard(event, value) {
    if (event === "message") this._arrived(value);
    if (!this.conversation || value.conversation_id !== this.conversation.id) return;
    if (event === "status") {
      this.conversation = { ...this.conversation, status: value.status };
      this._storage.set("conversation", { id: this.conversation.id, status: value.status });
    } else if (event === "read" && value.by === "agent") {
      this.talk.agentRead(value.last_read_id);
    } else if (event === "read") {
      this.talk.visitorRead(value.last_read_id);
    } else if (event === "typing") {
      this.agentTyping = value.is_typing ? value.agent_name || "" : null;
      this.timers.later("agentTyping", TYPING_SHOWN, () => {
        this.agentTyping = null;
        this.update();
      });
    }
  }

  _arrived(message) {
    if (!this.conversation) this._adopt({ id: message.conversation_id, status: "active" });
    if (message.conversation_id !== this.conversation.id) {
      // A newer conversation, begun by another tab or by an agent, is the one to show.
      if (message.conversation_id < this.conversation.id) return;
      this._adopt({ id: message.conversation_id, status: "active" });
      this._hearing.sync();
    }
    this.keep([message]);
    if (message.type === "agent") this.agentTyping = null;
  }

  /** These are with the desk. */
  keep(messages) {
    this.talk.keep(messages);
    messages.forEach((it) => it.client_id && this._outbox.remove(it.client_id));
    this.markRead();
  }

  markRead() {
    if (!this.attended || document.visibilityState !== "visible" || !this.conversation || !this.talk.loaded) return;
    const newest = this.talk.newestOfAgent;
    if (newest <= this.talk.lastReadId) return;
    this.talk.visitorRead(newest);
    const body = { contact_id: this.contact.id, conversation_id: this.conversation.id, last_read_id: newest };
    // Said again with the next message; the badge goes by what this browser keeps.
    this.api.post("read", body).catch(() => {});
    this.update();
  }

  _online() {
    this._tries = 0;
    if (!this.contact && !this.problem) this._init();
    this._sending.hurry();
    this.update();
  }

  _offline() {
    this._interrupt();
    this.update();
  }

  /** What is being uploaded would wait for an answer that cannot come. */
  _interrupt() {
    this._chosen.interrupt();
    this._sending.interrupt();
  }

  _visible() {
    if (document.visibilityState !== "visible") return;
    this.markRead();
    if (this._hearing.begun && this.connection !== "open") this._hearing.sync();
  }

  /** Another tab changed what is kept. */
  _stored(name) {
    if (name === "read") this.talk.recall();
    if (name === "conversation" && this.contact) {
      const conversation = this._storage.get("conversation");
      if (conversation && (!this.conversation || conversation.id !== this.conversation.id)) {
        this._adopt(conversation);
        this._hearing.listen();
        this._hearing.sync();
      }
    }
    // The tab that wrote a message sends it; should it have closed, we do.
    if (name.startsWith("out:")) this.timers.later("flush", 15000, () => this.flush());
    this.update();
  }

  // Refusals

  /** Decide what a refused call means for the chat as a whole; `again` repeats it. */
  refused(error, again) {
    if (!(error instanceof Refusal)) throw error;
    if (this.ended) return;
    if (error.code === "contact_not_found") {
      this._forgetContact();
    } else if (error.code === "conversation_not_found") {
      this.forgetConversation();
    } else if (error.code === "invalid_signature") {
      this._end("identity", error);
    } else if (error.code === "origin_not_allowed") {
      this._end("foreign", error);
    } else if (error.status === 404 || error.status === 403) {
      this._end("gone", error);
    } else if (error.passing) {
      if (again) this.timers.later("again", Math.max(backoff(this._tries), error.retryAfter * 1000), again);
      this._tries += 1;
      if (error.status === 0 && this._tries > 1 && !this.contact) this._hearing.connection = "lost";
      if (this._tries === 3 && !this.contact && !this.offline) this._warn("the desk cannot be reached from here", error);
    } else {
      this._warn("the desk did not accept a call", error);
    }
    this.update();
  }

  _end(problem, error) {
    this.problem = problem;
    this._warn("the desk refused", error);
    this._hearing.close();
    this.timers.stop("poll", "flush", "again", "visit");
  }

  _warn(what, error) {
    const errors = Object.values(error.errors).flat().join(" ");
    console.warn(
      `Support chat: ${what} (${error.message}${errors ? ` ${errors}` : ""}). Check the token, the widget's allowed ` +
        `domains (this page is of ${location.origin}) and the page's Content-Security-Policy.`,
    );
  }

  forgetConversation() {
    this.conversation = null;
    this.talk.clear();
    this._storage.set("conversation", null);
    this.update();
  }

  _forgetContact() {
    this.forgetConversation();
    this.contact = null;
    this._outbox.forgetUploads();
    this._chosen.forgetUploads();
    this._hearing.forget();
    this._storage.set("visitor_id", null);
    this.timers.later("again", backoff(this._tries), () => this._init());
    this._tries += 1;
  }

  /** Tell the page, once for all that changes now. */
  update() {
    if (this._updating || this.ended) return;
    this._updating = true;
    queueMicrotask(() => {
      this._updating = false;
      if (!this.ended) this._changed();
    });
  }
}
