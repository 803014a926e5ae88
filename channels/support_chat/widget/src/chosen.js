// Files that the visitor has chosen and not sent yet. Each lies under a key of its own beside the draft, so that the
// next page has it still; what is in it is in the FileStore, until the message with it is with the desk.

import { Refusal } from "./api.js";
import { randomId } from "./waiting.js";

/** Files that may wait at a time, sent or not: the desk takes no more of a visitor either. */
const MOST_WAITING = 20;

/** A page of its own: what it has in memory, no other page has. */
const PAGE = randomId();

/** Whether nobody can send this file any more, or nobody but another page. */
export const isGone = (file) => !file.attachment && Boolean(file.gone || (file.page && file.page !== PAGE));

/** What is known of a file, apart from what happens to it on this page. */
const noted = ({ id, name, size, type, at, page, attachment }) => ({ id, name, size, type, at, page, attachment });

export class Chosen {
  /** `chat` is asked for upload(file, progressed), offline, waiting (files), limits, and told update(). */
  constructor(chat, storage, files) {
    this._chat = chat;
    this._storage = storage;
    this._files = files;
    this._busy = new Map();
    this._turn = Promise.resolve();
  }

  /** The files, in the order they were chosen; `busy` ones cannot be sent yet. */
  list() {
    return this._storage
      .list("file:")
      .filter((it) => !isGone(it))
      .concat([...this._busy.values()].filter((it) => !it.kept))
      .map((it) => ({ ...it, ...this._busy.get(it.id), attachment: it.attachment }))
      .sort((a, b) => a.at - b.at);
  }

  /**
   * Keep a file, and upload it if there is a way; returns null, or {text, told}: which text says what is the
   * matter, and what the desk said. Only a file that list() still has was kept all the same.
   */
  async add(file) {
    const most = this._chat.limits;
    const waiting = this._chat.waiting.concat(this.list()).filter((it) => !it.attachment);
    const bytes = waiting.reduce((sum, it) => sum + it.size, file.size);
    if (waiting.length >= MOST_WAITING || bytes > most.attachments * most.attachment_bytes) return { text: "too_much" };
    const last = this.list().pop();
    const at = Math.max(Date.now(), last ? last.at + 1 : 0);
    const item = { id: randomId(), name: file.name, size: file.size, type: file.type, at, percent: 0, busy: true };
    this._busy.set(item.id, item);
    this._chat.update();
    // The desk shows files in the order in which they came to it.
    const taken = this._take(item, file, this._turn);
    this._turn = taken.catch(() => {});
    try {
      return await taken;
    } finally {
      this._busy.delete(item.id);
      this._chat.update();
    }
  }

  async _take(item, file, turn) {
    try {
      // A folder looks like a file, and cannot be read.
      await file.slice(0, 1).arrayBuffer();
    } catch {
      return { text: "bad_file" };
    }
    const fleeting = await this._files.put(item.id, file);
    if (item.removed) {
      this._files.remove(item.id);
      return null;
    }
    item.kept = true;
    if (fleeting) item.page = PAGE;
    this._note(item);
    await turn;
    const way = this._chat.contact && !this._chat.offline && this._has(item);
    const problem = way ? await this._upload(item, file) : null;
    return problem || (fleeting && !item.attachment ? { text: fleeting } : null);
  }

  async _upload(item, file) {
    const upload = this._chat.upload(file, (percent) => {
      item.percent = percent;
      this._chat.update();
    });
    item.stop = upload.stop;
    try {
      item.attachment = await upload.done;
      if (this._has(item)) this._note(item);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      if (!this._has(item)) return null;
      if (!error.aboutFile) {
        // It waits for the message it goes with, as that does for a way.
        if (!error.passing) this._chat.refused(error, null);
        return null;
      }
      this.remove(item.id);
      return { text: error.status === 413 ? "attachment_too_large" : "bad_file", told: (error.errors.file || [""])[0] };
    }
    return null;
  }

  _has({ id }) {
    return this._storage.get(`file:${id}`) !== null;
  }

  _note(item) {
    this._storage.set(`file:${item.id}`, noted(item));
  }

  remove(id) {
    const item = this._busy.get(id);
    if (item) {
      item.removed = true;
      if (item.stop) item.stop();
      this._busy.delete(id);
    }
    this._storage.set(`file:${id}`, null);
    this._files.remove(id);
    this._chat.update();
  }

  /** The line is cut: what is on its way waits. */
  interrupt() {
    this._busy.forEach((it) => it.stop && it.stop());
  }

  /** Hand the files over to a message. */
  take() {
    const taken = this.list().filter((it) => !it.busy);
    taken.forEach((it) => this._storage.set(`file:${it.id}`, null));
    return taken.map(noted);
  }

  /** Take back the files of a message that was not sent. */
  giveBack(files) {
    files.forEach((it) => this._note(it));
  }

  /** The ids the desk gave belong to a visitor it does not know any more. */
  forgetUploads() {
    this._storage.list("file:").forEach((it) => this._note({ ...it, attachment: undefined }));
  }
}
