// How messages come: over the stream that one tab holds for all, from that tab, or by asking for the history.

import { Stream } from "./stream.js";

const PAGE = 200;

export class Hearing {
  /** Of what it hears it tells the `chat`: heard(event, value), keep(messages), refused(error, again). */
  constructor(chat) {
    this._chat = chat;
    this.connection = "connecting";
    this._position = null;
  }

  /** Whether anything is being listened to, by this tab or another. */
  get begun() {
    return Boolean(this._listening);
  }

  listen() {
    const { contact, widget, tabs } = this._chat;
    if (this._listening || !contact) return;
    this._listening = true;
    if (widget.stream === false) {
      this._poll();
      return;
    }
    tabs.elect(() => {
      this._leading = true;
      this.open();
    });
    // Until this tab or another holds a stream, nobody tells us anything.
    this._poll();
  }

  /** Connect, if this is the tab that does. */
  open() {
    const { ended, api, contact } = this._chat;
    if (ended || !this._leading || this._stream || !contact) return;
    this._stream = new Stream({
      address: (position) =>
        api.url("stream", { contact_id: contact.id, ...(position === null ? {} : { last_event_id: position }) }),
      position: () => this._position,
      on: {
        opened: (fresh) => {
          this._hears({ connection: "open" });
          if (fresh) this.sync();
          this._chat.flush();
        },
        position: (id) => this._hears({ position: id }),
        event: (type, value) => this._hears({ event: type, value }),
        failed: (refusal, tries) => this._failed(refusal, tries),
      },
    });
  }

  close() {
    if (this._stream) this._stream.close();
    this._stream = null;
  }

  /** Begin from the beginning: the contact is another one. */
  forget() {
    this.close();
    this._position = null;
  }

  _failed(refusal, tries) {
    if (!refusal.passing) {
      this.close();
      this._chat.refused(refusal, () => this.open());
      return;
    }
    // The first failure is every restart of a server; only the second is worth a word.
    this._hears({ connection: tries > 1 || this._chat.offline ? "lost" : this.connection });
    this._poll();
  }

  /** Take what the stream said, and tell the other tabs. */
  _hears(told) {
    this._take(told);
    this._chat.tabs.tell({ ...told, contact: this._chat.contact.id });
  }

  /** Another tab tells what its stream said. */
  told(told) {
    const { contact } = this._chat;
    if (!contact || told.contact !== contact.id || this._stream) return;
    this._take(told);
  }

  _take({ connection, position, event, value }) {
    if (position !== undefined) this._position = position;
    if (connection) this.connection = connection;
    if (event === "reset") this.sync();
    else if (event) this._chat.heard(event, value);
    this._chat.update();
  }

  // The history

  async load() {
    const { api, contact, conversation, talk } = this._chat;
    const { id } = conversation;
    let after = talk.loaded ? talk.newestId : 0;
    for (;;) {
      const query = { contact_id: contact.id, conversation_id: id, ...(after ? { after } : {}) };
      const { messages } = await api.get("history", query);
      if (this._chat.ended || !this._chat.conversation || this._chat.conversation.id !== id) return;
      this._chat.keep(messages);
      if (!after || messages.length < PAGE) break;
      after = messages[messages.length - 1].id;
    }
    talk.loaded = true;
    this._chat.markRead();
    this._chat.update();
  }

  async sync() {
    if (!this._chat.conversation || this._chat.ended) return;
    try {
      await this.load();
    } catch (error) {
      this._chat.refused(error, () => this.sync());
    }
  }

  /** Ask for what is new from time to time, until a stream stands. */
  _poll() {
    if (this._polling) return;
    this._polling = true;
    const pause = (this._chat.widget.poll_interval || 5) * 1000 * (this._chat.attended ? 1 : 4);
    this._chat.timers.later("poll", pause, async () => {
      this._polling = false;
      const { conversation, offline, widget } = this._chat;
      if (this.connection === "open" && widget.stream !== false) return;
      if (conversation && !offline && document.visibilityState === "visible") {
        try {
          await this.load();
          if (!this._stream) this.connection = "polling";
        } catch (error) {
          this._chat.refused(error, null);
        }
      }
      this._poll();
    });
  }
}
