// One visitor's chat: what is known, and what happens to it. Knows nothing of how it looks.

import { Api, Refusal } from "./api.js";
import { Outbox } from "./outbox.js";
import { Storage } from "./storage.js";
import { Stream } from "./stream.js";
import { Tabs } from "./tabs.js";
import { backoff } from "./waiting.js";

const PAGE = 200;
const TYPING_SHOWN = 6000;
const TYPING_SAID = 4000;
const TYPING_PAUSE = 5000;
const FORM_FIELDS = /^(email|name|answers\b)/;
const PAGE_FIELDS = new Set(["page_url", "page_title", "referrer", "locale"]);

function pageNow() {
  const page = {};
  const title = [...document.title].slice(0, 255).join("").trim();
  if (title) page.page_title = title;
  if (/^https?:$/.test(location.protocol)) page.page_url = location.href.replace(/#.*$/s, "").slice(0, 2000);
  return page;
}

export class Chat {
  /** `settings`: base, token, user {id, hash, email, name}, locale; `changed` is called after every change. */
  constructor(settings, changed) {
    this._settings = settings;
    this._changed = changed;
    const user = settings.user || {};
    const who = user.id || user.email;
    const name = `support-chat:${settings.token}${who ? `:${who}` : ""}`;
    this._api = new Api(settings.base, settings.token);
    this._storage = new Storage(name);
    this._outbox = new Outbox(this._storage);
    this._tabs = new Tabs(name, this._storage.lasting, (told) => this._told(told));
    this._unwatch = this._storage.watch((changedName) => this._stored(changedName));
    this._timers = {};
    this._messages = new Map();
    this.widget = this._storage.get("widget");
    this.contact = null;
    this.conversation = null;
    this.agentTyping = null;
    this.agentReadId = 0;
    this.lastReadId = 0;
    this.connection = "connecting";
    this.problem = null;
    this.formErrors = {};
    this.loaded = false;
    this._tries = 0;
    this._position = null;
    this._attention = false;
    this._offs = [
      [window, "online", () => this._online()],
      [window, "offline", () => this._update()],
      [document, "visibilitychange", () => this._visible()],
    ].map(([target, type, heard]) => {
      target.addEventListener(type, heard);
      return () => target.removeEventListener(type, heard);
    });
    this._init();
  }

  destroy() {
    this._ended = true;
    this._offs.forEach((off) => off());
    this._unwatch();
    Object.values(this._timers).forEach(clearTimeout);
    if (this._stream) this._stream.close();
    this._tabs.leave();
  }

  // What is known

  get offline() {
    return navigator.onLine === false;
  }

  /** The messages the server has, the oldest first. */
  get messages() {
    return [...this._messages.values()].sort((a, b) => a.id - b.id);
  }

  /** Those it does not have yet. */
  get pending() {
    const known = new Set([...this._messages.values()].map((it) => it.client_id));
    return this._outbox.entries().filter((it) => !known.has(it.client_id));
  }

  get unread() {
    const arrived = [...this._messages.values()].filter((it) => it.type === "agent" && it.id > this.lastReadId);
    return this.loaded ? arrived.length : (this.conversation && this.conversation.unread) || 0;
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
    this._attention = attention;
    if (attention) this._listen();
    this._markRead();
  }

  /** Put a message into the outbox, from where it is sent. */
  send({ text, attachments = [], form = null }) {
    this._outbox.add({ text, attachments, form });
    this.formErrors = {};
    this.draft = "";
    this._saidTyping(false);
    this._update();
    this._flush();
  }

  retry(entry) {
    this._outbox.change(entry, { error: null });
    this._update();
    this._flush();
  }

  discard(entry) {
    this._outbox.remove(entry.client_id);
    this._update();
  }

  /** The visitor pressed a key in the composer. */
  typed() {
    if (!this.conversation || !this.contact) return;
    if (Date.now() - (this._typingSaid || 0) > TYPING_SAID) this._saidTyping(true);
    this._later("typingPause", TYPING_PAUSE, () => this._saidTyping(false));
  }

  upload(file, progressed) {
    return this._api.upload(
      `attachments?${new URLSearchParams({ token: this._settings.token, contact_id: this.contact.id })}`,
      file,
      progressed,
    );
  }

  attachmentUrl(attachment) {
    return this._api.url(`attachments/${Number(attachment.id)}`, { contact_id: this.contact.id });
  }

  // Beginning

  async _init() {
    if (this._beginning || this._ended) return;
    this._beginning = true;
    try {
      await this._tabs.alone(() => this._begin());
      this._tries = 0;
    } catch (error) {
      this._refused(error, () => this._init());
    } finally {
      this._beginning = false;
    }
    this._update();
  }

  async _begin() {
    const user = this._settings.user || {};
    const body = { ...pageNow(), locale: this._settings.locale };
    if (/^https?:/.test(document.referrer)) body.referrer = document.referrer.slice(0, 2000);
    body.visitor_id = user.id || this._storage.get("visitor_id") || undefined;
    body.user_hash = user.hash || undefined;
    body.email = user.email || undefined;
    body.name = user.name || undefined;
    const answer = await this._api.post("init", body).catch((error) => {
      // What the page is called is no reason to refuse its visitor a chat.
      const about = Object.keys(error.errors || {});
      if (error.status !== 422 || !about.length || !about.every((it) => PAGE_FIELDS.has(it))) throw error;
      about.forEach((it) => delete body[it]);
      return this._api.post("init", body);
    });
    if (this._ended) return;
    const { known, ...options } = answer.options;
    this.widget = { ...answer.widget, ...options };
    this.contact = { ...answer.contact, ...known };
    this.problem = null;
    this._storage.set("widget", this.widget);
    this._storage.set("visitor_id", answer.contact.visitor_id);
    this._adopt(answer.active_conversation || this._storage.get("conversation"));
    this._visit();
    if (this._attention || this.conversation || this.pending.length) this._listen();
    if (this._leading) this._open();
    // The stream loads the history once it stands, so that nothing falls between; others must ask now.
    if (this.conversation) await this._load().catch((error) => this._refused(error, () => this._sync()));
    this._flush();
  }

  _adopt(conversation) {
    if (!conversation) return;
    if (!this.conversation || this.conversation.id !== conversation.id) this._messages.clear();
    this.conversation = { ...this.conversation, ...conversation };
    this.agentReadId = Math.max(this.agentReadId, conversation.agent_read_id || 0);
    this.lastReadId = Math.max(this.lastReadId, this._storage.get("read") || 0);
    this._storage.set("conversation", { id: conversation.id, status: conversation.status });
  }

  _visit() {
    const interval = this.widget.visit_interval;
    if (!interval) return;
    this._later("visit", interval * 1000, () => {
      if (document.visibilityState === "visible" && !this.offline && this.contact) {
        // Who looks at which page is a courtesy; the next one says it again.
        this._api.post("visit", { contact_id: this.contact.id, ...pageNow() }).catch(() => {});
      }
      this._visit();
    });
  }

  // Hearing

  _listen() {
    if (this._listening || !this.contact) return;
    this._listening = true;
    if (this.widget.stream === false) {
      this._poll();
      return;
    }
    this._tabs.elect(() => {
      this._leading = true;
      this._open();
    });
    // Until this tab or another holds a stream, nobody tells us anything.
    this._poll();
  }

  _open() {
    if (this._ended || this._stream || !this.contact) return;
    this._stream = new Stream({
      address: (position) =>
        this._api.url("stream", {
          contact_id: this.contact.id,
          ...(position === null ? {} : { last_event_id: position }),
        }),
      position: () => this._position,
      on: {
        opened: (fresh) => {
          this._hears({ connection: "open" });
          if (fresh) this._sync();
          this._flush();
        },
        position: (id) => this._hears({ position: id }),
        event: (type, value) => this._hears({ event: type, value }),
        failed: (refusal, tries) => this._streamFailed(refusal, tries),
      },
    });
  }

  _streamFailed(refusal, tries) {
    if (!refusal.passing) {
      this._stream.close();
      this._stream = null;
      this._refused(refusal, () => this._open());
      return;
    }
    // The first failure is every restart of a server; only the second is worth a word.
    this._hears({ connection: tries > 1 || this.offline ? "lost" : this.connection });
    this._poll();
  }

  /** Take what the stream said, and tell the other tabs. */
  _hears(told) {
    this._take(told);
    this._tabs.tell({ ...told, contact: this.contact.id });
  }

  _told(told) {
    if (!this.contact || told.contact !== this.contact.id || this._stream) return;
    this._take(told);
  }

  _take({ connection, position, event, value }) {
    if (position !== undefined) this._position = position;
    if (connection) this.connection = connection;
    if (event) this._happened(event, value);
    this._update();
  }

  _happened(event, value) {
    if (event === "reset") this._sync();
    if (event === "message") this._arrived(value);
    if (!this.conversation || value.conversation_id !== this.conversation.id) return;
    if (event === "status") {
      this.conversation = { ...this.conversation, status: value.status };
      this._storage.set("conversation", { id: this.conversation.id, status: value.status });
    } else if (event === "read" && value.by === "agent") {
      this.agentReadId = Math.max(this.agentReadId, value.last_read_id);
    } else if (event === "read") {
      this._keepRead(value.last_read_id);
    } else if (event === "typing") {
      this.agentTyping = value.is_typing ? value.agent_name || "" : null;
      this._later("agentTyping", TYPING_SHOWN, () => {
        this.agentTyping = null;
        this._update();
      });
    }
  }

  _arrived(message) {
    if (!this.conversation) this._adopt({ id: message.conversation_id, status: "active" });
    if (message.conversation_id !== this.conversation.id) {
      // A newer conversation, begun by another tab or by an agent, is the one to show.
      if (message.conversation_id < this.conversation.id) return;
      this._adopt({ id: message.conversation_id, status: "active" });
      this._sync();
    }
    this._keep([message]);
    if (message.type === "agent") this.agentTyping = null;
  }

  _keep(messages) {
    for (const message of messages) {
      this._messages.set(message.id, message);
      if (message.client_id) this._outbox.remove(message.client_id);
    }
    this._markRead();
  }

  // Catching up

  async _load() {
    const { id } = this.conversation;
    const known = this.loaded ? Math.max(0, ...this._messages.keys()) : 0;
    let after = known;
    for (;;) {
      const query = { contact_id: this.contact.id, conversation_id: id, ...(after ? { after } : {}) };
      const { messages } = await this._api.get("history", query);
      if (this._ended || !this.conversation || this.conversation.id !== id) return;
      this._keep(messages);
      if (!after || messages.length < PAGE) break;
      after = messages[messages.length - 1].id;
    }
    this.loaded = true;
    this._markRead();
    this._update();
  }

  async _sync() {
    if (!this.conversation || this._ended) return;
    try {
      await this._load();
    } catch (error) {
      this._refused(error, () => this._sync());
    }
  }

  /** Ask for what is new from time to time, until a stream stands. */
  _poll() {
    if (this._polling) return;
    this._polling = true;
    const pause = (this.widget.poll_interval || 5) * 1000 * (this._attention ? 1 : 4);
    this._later("poll", pause, async () => {
      this._polling = false;
      if (this.connection === "open" && this.widget.stream !== false) return;
      if (this.conversation && !this.offline && document.visibilityState === "visible") {
        try {
          await this._load();
          if (!this._stream) this.connection = "polling";
        } catch (error) {
          this._refused(error, null);
        }
      }
      this._poll();
    });
  }

  // Sending

  async _flush() {
    if (!this.contact || this._flushing || this._ended) return;
    this._flushing = true;
    try {
      await this._tabs.alone(async () => {
        for (let entry = this._next(); entry; entry = this._next()) await this._deliver(entry);
      });
      this._sendTries = 0;
      if (this.problem === "busy" || this.problem === "error") this.problem = null;
    } catch (error) {
      if (error instanceof Refusal) this._notSent(error);
      else throw error;
    } finally {
      this._flushing = false;
    }
    this._update();
  }

  _next() {
    return this._ended || !this.contact ? null : this.pending.find((it) => !it.error);
  }

  async _deliver(entry) {
    const body = { contact_id: this.contact.id, message: entry.text, client_id: entry.client_id };
    if (entry.attachments.length) body.attachment_ids = entry.attachments.map((it) => it.id);
    try {
      const answer = this.conversation
        ? await this._api.post("message", { ...body, conversation_id: this.conversation.id })
        : await this._api.post("start", { ...body, ...entry.form });
      if (answer.conversation) this._begun(answer.conversation);
      this._keep([{ ...answer.thread, type: "customer", client_id: entry.client_id, attachments: entry.attachments }]);
      this._outbox.remove(entry.client_id);
      this._update();
    } catch (error) {
      if (error.code === "conversation_not_found" && this.conversation) this._forgetConversation();
      else if (error.status === 422) this._invalid(entry, error);
      else throw error;
    }
  }

  _begun(conversation) {
    this._adopt({ ...conversation, status: "active" });
    this.loaded = true;
    this._storage.set("profile", null);
    this._listen();
    this._sync();
  }

  /** The server does not take it as it is. Answers of the form go back there, with the message as draft. */
  _invalid(entry, error) {
    const fields = Object.keys(error.errors);
    if (!this.conversation && fields.some((it) => FORM_FIELDS.test(it))) {
      this.formErrors = error.errors;
      this.draft = [entry.text, this.draft].filter(Boolean).join("\n");
      this._outbox.remove(entry.client_id);
    } else {
      this._outbox.change(entry, { error: (fields.length && error.errors[fields[0]][0]) || error.message });
    }
    this._update();
  }

  _notSent(error) {
    const again = () => this._flush();
    if (!error.passing) {
      this._refused(error, again);
      return;
    }
    this.problem = error.status === 429 ? "busy" : error.status === 0 ? null : "error";
    const tries = this._sendTries || 0;
    this._sendTries = tries + 1;
    this._later("flush", Math.max(backoff(tries, 1000, 30000), error.retryAfter * 1000), again);
  }

  // Refusals

  /** Decide what a refused call means for the chat as a whole; `again` repeats it. */
  _refused(error, again) {
    if (!(error instanceof Refusal)) throw error;
    if (this._ended) return;
    if (error.code === "contact_not_found") {
      this._forgetContact();
    } else if (error.code === "conversation_not_found") {
      this._forgetConversation();
    } else if (error.code === "invalid_signature") {
      this._end("identity", error);
    } else if (error.code === "origin_not_allowed") {
      this._end("foreign", error);
    } else if (error.status === 404 || error.status === 403) {
      this._end("gone", error);
    } else if (error.passing) {
      if (again) this._later("again", Math.max(backoff(this._tries), error.retryAfter * 1000), again);
      this._tries += 1;
      if (this._tries === 3 && !this.contact && !this.offline) this._warn("the desk cannot be reached from here", error);
    } else {
      this._warn("the desk did not accept a call", error);
    }
    this._update();
  }

  _end(problem, error) {
    this.problem = problem;
    this._warn("the desk refused", error);
    if (this._stream) this._stream.close();
    this._stream = null;
    ["poll", "flush", "again", "visit"].forEach((name) => clearTimeout(this._timers[name]));
  }

  _warn(what, error) {
    const errors = Object.values(error.errors).flat().join(" ");
    console.warn(
      `Support chat: ${what} (${error.message}${errors ? ` ${errors}` : ""}). Check the token, the widget's allowed ` +
        `domains (this page is of ${location.origin}) and the page's Content-Security-Policy.`,
    );
  }

  _forgetConversation() {
    this.conversation = null;
    this._messages.clear();
    this._storage.set("conversation", null);
    this._update();
  }

  _forgetContact() {
    this._forgetConversation();
    this.contact = null;
    this._position = null;
    if (this._stream) this._stream.close();
    this._stream = null;
    this._storage.set("visitor_id", null);
    this._later("again", backoff(this._tries), () => this._init());
    this._tries += 1;
  }

  // Small things

  _saidTyping(typing) {
    clearTimeout(this._timers.typingPause);
    if (this.offline || !this.conversation || !this.contact || (!typing && !this._typingSaid)) return;
    this._typingSaid = typing ? Date.now() : 0;
    const body = { contact_id: this.contact.id, conversation_id: this.conversation.id, is_typing: typing };
    // Lost, it is said again with the next key, or ends by itself.
    this._api.post("typing", body).catch(() => {});
  }

  _markRead() {
    if (!this._attention || document.visibilityState !== "visible" || !this.conversation || !this.loaded) return;
    const newest = Math.max(0, ...this.messages.filter((it) => it.type === "agent").map((it) => it.id));
    if (newest <= this.lastReadId) return;
    this._keepRead(newest);
    const body = { contact_id: this.contact.id, conversation_id: this.conversation.id, last_read_id: newest };
    // Said again with the next message; the badge goes by what this browser keeps.
    this._api.post("read", body).catch(() => {});
    this._update();
  }

  _keepRead(id) {
    this.lastReadId = Math.max(this.lastReadId, id);
    this._storage.set("read", this.lastReadId);
  }

  _online() {
    this._tries = this._sendTries = 0;
    if (!this.contact && !this.problem) this._init();
    this._flush();
    this._update();
  }

  _visible() {
    if (document.visibilityState !== "visible") return;
    this._markRead();
    if (this._listening && this.connection !== "open") this._sync();
  }

  /** Another tab changed what is kept. */
  _stored(name) {
    if (name === "read") this.lastReadId = Math.max(this.lastReadId, this._storage.get("read") || 0);
    if (name === "conversation" && this.contact) {
      const conversation = this._storage.get("conversation");
      if (conversation && (!this.conversation || conversation.id !== this.conversation.id)) {
        this._adopt(conversation);
        this._listen();
        this._sync();
      }
    }
    // The tab that wrote a message sends it; should it have closed, we do.
    if (name.startsWith("out:")) this._later("flush", 15000, () => this._flush());
    this._update();
  }

  _later(name, pause, work) {
    clearTimeout(this._timers[name]);
    if (!this._ended) this._timers[name] = setTimeout(work, pause);
  }

  _update() {
    if (this._updating || this._ended) return;
    this._updating = true;
    queueMicrotask(() => {
      this._updating = false;
      if (!this._ended) this._changed();
    });
  }
}
