// How what the visitor wrote reaches the desk: in order, once, as soon as there is a way.

import { Refusal } from "./api.js";
import { backoff } from "./waiting.js";

const FORM_FIELDS = /^(email|name|answers\b)/;

export class Sending {
  /** Of what it sends it tells the `chat`: began(conversation), keep(messages), refused(error, again). */
  constructor(chat, outbox) {
    this._chat = chat;
    this._outbox = outbox;
    this._tries = 0;
  }

  /** Try at once, whatever the pause says. */
  hurry() {
    this._tries = 0;
    this.flush();
  }

  /** Send all that waits, while no other tab does. */
  async flush() {
    const chat = this._chat;
    if (!chat.contact || this._flushing || chat.ended) return;
    this._flushing = true;
    try {
      await chat.tabs.alone(async () => {
        for (let entry = this._next(); entry; entry = this._next()) await this._deliver(entry);
      });
      this._tries = 0;
      if (chat.problem === "busy" || chat.problem === "error") chat.problem = null;
    } catch (error) {
      if (error instanceof Refusal) this._notSent(error);
      else throw error;
    } finally {
      this._flushing = false;
    }
    chat.update();
  }

  _next() {
    const { ended, contact, pending } = this._chat;
    return ended || !contact ? null : pending.find((it) => !it.error);
  }

  async _deliver(entry) {
    const chat = this._chat;
    const body = { contact_id: chat.contact.id, message: entry.text, client_id: entry.client_id };
    if (entry.attachments.length) body.attachment_ids = entry.attachments.map((it) => it.id);
    try {
      const answer = chat.conversation
        ? await chat.api.post("message", { ...body, conversation_id: chat.conversation.id })
        : await chat.api.post("start", { ...body, ...entry.form });
      if (answer.conversation) chat.began(answer.conversation);
      chat.keep([{ ...answer.thread, type: "customer", client_id: entry.client_id, attachments: entry.attachments }]);
      chat.update();
    } catch (error) {
      if (error.code === "conversation_not_found" && chat.conversation) chat.forgetConversation();
      else if (error.status === 422) this._invalid(entry, error);
      else throw error;
    }
  }

  /** The desk does not take it as it is. Answers of the form go back there, with the message as draft. */
  _invalid(entry, error) {
    const chat = this._chat;
    const fields = Object.keys(error.errors);
    if (!chat.conversation && fields.some((it) => FORM_FIELDS.test(it))) {
      chat.formErrors = error.errors;
      chat.draft = [entry.text, chat.draft].filter(Boolean).join("\n");
      this._outbox.remove(entry.client_id);
    } else {
      this._outbox.change(entry, { error: (fields.length && error.errors[fields[0]][0]) || error.message });
    }
    chat.update();
  }

  _notSent(error) {
    const chat = this._chat;
    const again = () => this.flush();
    if (!error.passing) {
      chat.refused(error, again);
      return;
    }
    chat.problem = error.status === 429 ? "busy" : error.status === 0 ? null : "error";
    chat.timers.later("flush", Math.max(backoff(this._tries, 1000, 30000), error.retryAfter * 1000), again);
    this._tries += 1;
  }
}
