// Files that wait to be sent: in IndexedDB, so that the next page finds them; where that is refused (private windows,
// blocked site data, a full disk) in memory, for as long as the page lives.

const DATABASE = "support-chat";
const STORE = "files";
const PATIENCE = 5000;
// A tab keeps a file before it notes that it did.
const FRESH = 3600000;
// Who never kept a file needs no database to be looked through.
const HINT = "support-chat:files";

export class FileStore {
  /** `group` is the widget, `owner` the visitor: of one group, this browser keeps one owner's files. */
  constructor(group, owner) {
    this._group = group;
    this._owner = owner;
    this._memory = new Map();
  }

  /** Keep a file; returns null if it lasts, else the name of the text that says why it does not. */
  async put(id, file) {
    try {
      localStorage.setItem(HINT, "1");
      await this._do("readwrite", (store) => store.put({ file, at: Date.now() }, this._key(id)));
      return null;
    } catch (error) {
      this._memory.set(id, file);
      return error && error.name === "QuotaExceededError" ? "no_room" : "not_kept";
    }
  }

  /** Return the file, or null if it is no longer here. */
  async get(id) {
    if (this._memory.has(id)) return this._memory.get(id);
    try {
      const kept = await this._do("readonly", (store) => store.get(this._key(id)));
      return kept ? kept.file : null;
    } catch {
      return null;
    }
  }

  async remove(id) {
    this._memory.delete(id);
    try {
      await this._do("readwrite", (store) => store.delete(this._key(id)));
    } catch {
      // Where nothing can be deleted, nothing was kept, or sweep() finds it.
    }
  }

  /** Remove the files of other visitors, and of this one what nothing refers to any more. */
  async sweep(used) {
    try {
      if (!localStorage.getItem(HINT)) return;
      const keys = await this._do("readonly", (store) => store.getAllKeys());
      for (const key of keys) {
        const [group, owner, id] = key;
        if (group !== this._group || (owner === this._owner && used.has(id))) continue;
        const stale = owner !== this._owner || (await this._age(key)) > FRESH;
        if (stale) await this._do("readwrite", (store) => store.delete(key));
      }
    } catch {
      // Nothing can be read here, by anybody.
    }
  }

  async _age(key) {
    const kept = await this._do("readonly", (store) => store.get(key));
    return kept ? Math.abs(Date.now() - kept.at) : 0;
  }

  _key(id) {
    return [this._group, this._owner, id];
  }

  /** Do one thing in a transaction of its own; what it wrote is there when this returns. */
  async _do(mode, work) {
    const transaction = await this._begin(mode);
    return new Promise((resolve, reject) => {
      const request = work(transaction.objectStore(STORE));
      transaction.oncomplete = () => resolve(request.result);
      transaction.onabort = () => reject(transaction.error || request.error);
    });
  }

  async _begin(mode) {
    try {
      return (await this._open()).transaction(STORE, mode);
    } catch (error) {
      // A page that was put to sleep finds its connection closed.
      if (!error || error.name !== "InvalidStateError") throw error;
      this._opening = null;
      return (await this._open()).transaction(STORE, mode);
    }
  }

  _open() {
    this._opening = this._opening || this._connect();
    return this._opening;
  }

  async _connect() {
    const forget = () => {
      this._opening = null;
    };
    try {
      return await new Promise((resolve, reject) => {
        const request = indexedDB.open(DATABASE, 1);
        request.onupgradeneeded = () => request.result.createObjectStore(STORE);
        request.onsuccess = () => {
          const database = request.result;
          // The visitor clears their data: whoever asks next begins anew.
          database.onclose = forget;
          database.onversionchange = () => {
            database.close();
            forget();
          };
          resolve(database);
        };
        request.onerror = () => reject(request.error);
        // Some browsers never answer where they refuse.
        setTimeout(() => reject(new Error("IndexedDB does not answer.")), PATIENCE);
      });
    } catch (error) {
      forget();
      throw error;
    }
  }
}
