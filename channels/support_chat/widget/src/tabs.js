// Tabs of one visitor: one of them holds the stream and tells the others.

export class Tabs {
  /** `shared` says whether the tabs share their storage, and so their visitor. */
  constructor(name, shared, heard) {
    this._name = name;
    this._channel = shared && typeof BroadcastChannel === "function" ? new BroadcastChannel(name) : null;
    if (this._channel) this._channel.onmessage = (event) => heard(event.data);
    this._stop = new AbortController();
  }

  tell(message) {
    if (this._channel && !this._stop.signal.aborted) this._channel.postMessage(message);
  }

  /** Whether one tab can do things for all of them; without locks (no HTTPS) each does its own. */
  get together() {
    return Boolean(this._channel && navigator.locks);
  }

  /** Call `lead` once this tab is the one, which may be when another closes. */
  async elect(lead) {
    if (!this.together) {
      lead();
      return;
    }
    const until = new Promise((resolve) => this._stop.signal.addEventListener("abort", resolve));
    try {
      await navigator.locks.request(`${this._name}:stream`, { signal: this._stop.signal }, () => {
        lead();
        return until;
      });
    } catch (error) {
      // AbortError is leave(); anything else means that locks are refused here.
      if (!this._stop.signal.aborted && error.name !== "AbortError") lead();
    }
  }

  /** Do something while no other tab does what goes by that name. */
  async alone(what, work) {
    if (!this.together) return work();
    let begun = false;
    const locked = () => {
      begun = true;
      return work();
    };
    try {
      return await navigator.locks.request(`${this._name}:${what}`, locked);
    } catch (error) {
      // A page without an origin of its own has locks that refuse.
      if (begun) throw error;
      return work();
    }
  }

  leave() {
    this._stop.abort();
    if (this._channel) this._channel.close();
  }
}
