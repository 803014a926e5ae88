// How what the visitor wrote reaches the desk: in order, once, as soon as there is a way.

import { Refusal } from "./api.js";
import { said } from "./outbox.js";
import { backoff, pause } from "./waiting.js";

const FORM_FIELDS = /^(email|name|answers\b)/;
/** Uploads of a file that end without an answer although the line stands: something on the way refuses it. */
const MOST_TRIES = 5;
/** Looks, half a second apart, at whether an entry is still there: another tab's changes take a moment to be seen. */
const LOOKS = 10;

export class Sending {
  /** Of what it sends it tells the `chat`: began(conversation), keep(messages), refused(error, again). */
  constructor(chat, outbox, files) {
    this._chat = chat;
    this._outbox = outbox;
    this._files = files;
    this._tries = 0;
    this._unanswered = new Map();
    /** The upload that runs: of which entry and file, how far, and what ends it. */
    this.upload = null;
  }

  /** Try at once, whatever the pause says. */
  hurry() {
    this._tries = 0;
    this.flush();
  }

  /** End the upload that runs, of any entry or of this one: it is tried again, should it still be wanted. */
  interrupt(clientId = null) {
    if (this.upload && (!clientId || this.upload.clientId === clientId)) this.upload.stop();
  }

  /** Send all that waits, while no other tab does. */
  async flush() {
    const chat = this._chat;
    if (!chat.contact || this._flushing || chat.ended) return;
    this._flushing = true;
    try {
      await chat.tabs.alone("send", async () => {
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

  async _deliver(waiting) {
    const entry = await this._uploaded(waiting);
    if (!entry) return;
    const chat = this._chat;
    const attachments = entry.files.map((it) => it.attachment);
    const body = { contact_id: chat.contact.id, message: said(entry), client_id: entry.client_id };
    if (attachments.length) body.attachment_ids = attachments.map((it) => it.id);
    try {
      const answer = chat.conversation
        ? await chat.api.post("message", { ...body, conversation_id: chat.conversation.id })
        : await chat.api.post("start", { ...body, ...entry.form });
      if (answer.conversation) chat.began(answer.conversation);
      chat.keep([{ ...answer.thread, type: "customer", client_id: entry.client_id, attachments }]);
      chat.update();
      // Before the next tab has its turn: that the files are gone tells it that they were sent.
      await Promise.all(entry.files.map((it) => this._files.remove(it.id)));
    } catch (error) {
      if (error.code === "conversation_not_found" && chat.conversation) chat.forgetConversation();
      else if (error.status === 422) this._invalid(entry, error);
      else throw error;
    }
  }

  /** Upload an entry's files; returns it with their ids, or null if it cannot be sent, or was removed meanwhile. */
  async _uploaded(entry) {
    const { client_id: clientId } = entry;
    for (const file of entry.files.filter((it) => !it.attachment)) {
      const content = await this._files.get(file.id);
      if (!content) {
        if (await this._stays(clientId)) this._outbox.changeFile(clientId, file.id, { gone: true });
        return null;
      }
      try {
        const attachment = await this._upload(clientId, file, content);
        this._outbox.changeFile(clientId, file.id, { attachment });
      } catch (error) {
        if (!this._outbox.get(clientId)) return null;
        const told = this._fileRefused(file, error);
        if (!told) throw error;
        this._outbox.change(clientId, { error: told });
        return null;
      }
    }
    return entry.files.length ? this._outbox.get(clientId) : entry;
  }

  async _stays(clientId) {
    for (let look = 0; look < LOOKS && this._outbox.get(clientId); look += 1) await pause(500);
    return Boolean(this._outbox.get(clientId));
  }

  async _upload(clientId, file, content) {
    const chat = this._chat;
    const { done, stop } = chat.upload(content, (percent) => {
      if (this.upload) this.upload.percent = percent;
      chat.update();
    });
    this.upload = { clientId, id: file.id, percent: 0, stop };
    chat.update();
    try {
      return await done;
    } finally {
      this.upload = null;
    }
  }

  /** What to tell of a file that the desk, or something before it, will never take; null for one to try again. */
  _fileRefused({ id, name }, error) {
    if (error.aboutFile) {
      return { text: error.status === 413 ? "attachment_too_large" : "bad_file", name, told: (error.errors.file || [])[0] };
    }
    const stands = !this._chat.offline && this._chat.connection === "open";
    if (error.status !== 0 || !stands) return null;
    const tries = (this._unanswered.get(id) || 0) + 1;
    this._unanswered.set(id, tries % MOST_TRIES);
    return tries < MOST_TRIES ? null : { text: "bad_file", name };
  }

  /** The desk does not take it as it is. Answers of the form go back there, with the message as draft. */
  _invalid(entry, error) {
    const chat = this._chat;
    const fields = Object.keys(error.errors);
    if (!chat.conversation && fields.some((it) => FORM_FIELDS.test(it))) {
      chat.formErrors = error.errors;
      chat.takeBack(entry);
    } else if (fields.some((it) => /^attachment_ids/.test(it)) && !entry.again) {
      // The desk keeps what is uploaded for a while only; what is in the files is still here.
      this._outbox.forgetUploads([entry]);
      this._outbox.change(entry.client_id, { again: true });
    } else {
      this._outbox.change(entry.client_id, { error: (fields.length && error.errors[fields[0]][0]) || error.message });
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
