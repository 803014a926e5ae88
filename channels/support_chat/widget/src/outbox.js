// Messages that the server does not have yet. Each lies under a key of its own, so that tabs do not overwrite
// each other's, until its answer has come; its client_id makes a second sending harmless.

import { randomId } from "./waiting.js";

export class Outbox {
  constructor(storage) {
    this._storage = storage;
  }

  /** Return the entries, the oldest first. */
  entries() {
    return this._storage.list("out:").sort((a, b) => a.at - b.at || (a.client_id < b.client_id ? -1 : 1));
  }

  add(entry) {
    const last = this.entries().pop();
    // Clocks jump back; what was written later is sent later all the same.
    const at = Math.max(Date.now(), last ? last.at + 1 : 0);
    const whole = { client_id: randomId(), at, error: null, ...entry };
    this._storage.set(`out:${whole.client_id}`, whole);
    return whole;
  }

  change(entry, changes) {
    if (this._storage.get(`out:${entry.client_id}`)) {
      this._storage.set(`out:${entry.client_id}`, { ...entry, ...changes });
    }
  }

  remove(clientId) {
    this._storage.set(`out:${clientId}`, null);
  }
}
