// What was said, and how far either side has read it.

export class Transcript {
  constructor(storage) {
    this._storage = storage;
    this._messages = new Map();
    this.loaded = false;
    this.agentReadId = 0;
    this.lastReadId = 0;
  }

  /** The messages the desk has, the oldest first. */
  get messages() {
    return [...this._messages.values()].sort((a, b) => a.id - b.id);
  }

  /** The ids that this and other tabs have sent them under. */
  get clientIds() {
    return new Set([...this._messages.values()].map((it) => it.client_id));
  }

  /** The newest message, and the newest of an agent; 0 where there is none. */
  get newestId() {
    return Math.max(0, ...this._messages.keys());
  }

  get newestOfAgent() {
    return Math.max(0, ...this._ofAgents().map((it) => it.id));
  }

  get unread() {
    return this._ofAgents().filter((it) => it.id > this.lastReadId).length;
  }

  _ofAgents() {
    return [...this._messages.values()].filter((it) => it.type === "agent");
  }

  keep(messages) {
    messages.forEach((it) => this._messages.set(it.id, it));
  }

  clear() {
    this._messages.clear();
  }

  agentRead(id) {
    this.agentReadId = Math.max(this.agentReadId, id || 0);
  }

  /** The visitor has read it; other tabs learn that from the storage. */
  visitorRead(id) {
    this.lastReadId = Math.max(this.lastReadId, id);
    this._storage.set("read", this.lastReadId);
  }

  /** Take over what another tab, or the page before, had read. */
  recall() {
    this.lastReadId = Math.max(this.lastReadId, this._storage.get("read") || 0);
  }
}
