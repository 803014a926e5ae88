// Pauses between tries.

/** Milliseconds before try `number` (from 0): doubling, with jitter, at most `most`. */
export function backoff(number, least = 1000, most = 60000) {
  const ceiling = Math.min(most, least * 2 ** Math.min(number, 16));
  return ceiling / 2 + (Math.random() * ceiling) / 2;
}

/** Wait for so many milliseconds. */
export const pause = (time) => new Promise((resolve) => setTimeout(resolve, time));

/** Random characters, also where the page is not a secure context and has no randomUUID. */
export function randomId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Things to do later, each by its name; saying it again puts it off. */
export class Timers {
  constructor() {
    this._set = {};
  }

  later(name, pause, work) {
    this.stop(name);
    if (!this._ended) this._set[name] = setTimeout(work, pause);
  }

  stop(...names) {
    names.forEach((name) => clearTimeout(this._set[name]));
  }

  end() {
    this._ended = true;
    this.stop(...Object.keys(this._set));
  }
}
