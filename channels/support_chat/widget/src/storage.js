// What one browser keeps of a visitor. Where storage is refused (private windows, blocked site data, a full
// disk) it is kept in memory for as long as the page lives.

function localStore() {
  try {
    const store = window.localStorage;
    const probe = "support-chat:probe";
    store.setItem(probe, "1");
    store.removeItem(probe);
    return store;
  } catch {
    return null;
  }
}

export class Storage {
  constructor(prefix) {
    this._prefix = `${prefix}:`;
    this._store = localStore();
    this._memory = new Map();
  }

  /** Whether other tabs and the next visit see it. */
  get lasting() {
    return this._store !== null;
  }

  get(name) {
    const key = this._prefix + name;
    if (this._memory.has(key)) return this._memory.get(key);
    if (!this._store) return null;
    try {
      const text = this._store.getItem(key);
      return text === null ? null : JSON.parse(text);
    } catch {
      return null;
    }
  }

  set(name, value) {
    const key = this._prefix + name;
    try {
      if (!this._store) throw new Error("no storage");
      if (value === null) this._store.removeItem(key);
      else this._store.setItem(key, JSON.stringify(value));
      this._memory.delete(key);
    } catch {
      this._memory.set(key, value);
    }
  }

  /** Return the values under names that begin with `start`. */
  list(start) {
    const prefix = this._prefix + start;
    const keys = new Set([...this._memory.keys()].filter((key) => key.startsWith(prefix)));
    try {
      for (let at = 0; this._store && at < this._store.length; at += 1) {
        const key = this._store.key(at);
        if (key.startsWith(prefix)) keys.add(key);
      }
    } catch {
      // Refused since; what is in memory is all there is.
    }
    return [...keys].map((key) => this.get(key.slice(this._prefix.length))).filter((value) => value !== null);
  }

  /** Forget everything. */
  clear() {
    this._memory.clear();
    try {
      const keys = [];
      for (let at = 0; this._store && at < this._store.length; at += 1) keys.push(this._store.key(at));
      keys.filter((key) => key.startsWith(this._prefix)).forEach((key) => this._store.removeItem(key));
    } catch {
      // Nothing of it can be read any more either.
    }
  }

  /** Call back with the name of what another tab changed; returns what ends that. */
  watch(changed) {
    const heard = (event) => {
      if (event.key === null) changed("");
      else if (event.key.startsWith(this._prefix)) changed(event.key.slice(this._prefix.length));
    };
    window.addEventListener("storage", heard);
    return () => window.removeEventListener("storage", heard);
  }
}
