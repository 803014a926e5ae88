// Messages that the desk does not have yet, with their files. Each lies under a key of its own, so that tabs do not
// overwrite each other's, until its answer has come; its client_id makes a second sending harmless.

import { randomId } from "./waiting.js";

/** What a message says: the names of its files, where nothing was written. */
export const said = ({ text, files }) => text || files.map((it) => it.name).join(", ");

export class Outbox {
  constructor(storage, files) {
    this._storage = storage;
    this._files = files;
  }

  /** Return the entries, the oldest first. */
  entries() {
    return this._storage
      .list("out:")
      .map((it) => ({ ...it, files: it.files || [] }))
      .sort((a, b) => a.at - b.at || (a.client_id < b.client_id ? -1 : 1));
  }

  get(clientId) {
    return this.entries().find((it) => it.client_id === clientId) || null;
  }

  add(entry) {
    const last = this.entries().pop();
    // Clocks jump back; what was written later is sent later all the same.
    const at = Math.max(Date.now(), last ? last.at + 1 : 0);
    const whole = { client_id: randomId(), at, error: null, ...entry };
    this._storage.set(`out:${whole.client_id}`, whole);
    return whole;
  }

  /** Change an entry that is still there; returns it as it is now, or null. */
  change(clientId, changes) {
    const entry = this.get(clientId);
    if (!entry) return null;
    const changed = { ...entry, ...changes };
    this._storage.set(`out:${clientId}`, changed);
    return changed;
  }

  /** Change what is known of one file of an entry. */
  changeFile(clientId, id, changes) {
    const entry = this.get(clientId);
    return entry && this.change(clientId, { files: entry.files.map((it) => (it.id === id ? { ...it, ...changes } : it)) });
  }

  /** The ids that the desk gave to files are worth nothing any more. */
  forgetUploads(entries = this.entries()) {
    for (const { client_id: id, files } of entries) {
      if (files.length) this.change(id, { files: files.map((it) => ({ ...it, attachment: undefined })) });
    }
  }

  /** Take an entry out, and keep its files. */
  withdraw(clientId) {
    this._storage.set(`out:${clientId}`, null);
  }

  remove(clientId) {
    const entry = this.get(clientId);
    this.withdraw(clientId);
    if (entry) entry.files.forEach((it) => this._files.remove(it.id));
  }
}
