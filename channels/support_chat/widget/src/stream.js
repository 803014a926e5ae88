// Server-Sent Events by fetch: unlike EventSource it tells why it was refused, and can be watched over.

import { Refusal } from "./api.js";
import { backoff } from "./waiting.js";

const CONNECTING = 20000;
// The server gives a sign of life every 15 seconds by default; who misses three of them connects anew.
const SILENCE = 50000;
const TICK = 5000;
const SLEPT = 20000;

/** Cut a stream's text into events; feed() returns those that are complete. */
export class Parser {
  constructor() {
    this._rest = "";
    this.lastId = null;
    this.retry = null;
  }

  feed(text) {
    const all = this._rest + text;
    // A \r at the end may be the first half of \r\n: it stays until more has come.
    const end = all.endsWith("\r") ? all.length - 1 : all.length;
    const lines = all.slice(0, end).split(/\r\n|\n|\r/);
    this._rest = lines.pop() + all.slice(end);
    return lines.map((line) => this._line(line)).filter(Boolean);
  }

  _line(line) {
    if (line === "") return this._dispatch();
    const colon = line.indexOf(":");
    if (colon === 0) return null;
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (field === "event") this._type = value;
    else if (field === "data") this._data = this._data === undefined ? value : `${this._data}\n${value}`;
    else if (field === "id" && !value.includes("\0")) this.lastId = value;
    else if (field === "retry" && /^\d+$/.test(value)) this.retry = Number(value);
    return null;
  }

  _dispatch() {
    const [type, data] = [this._type || "message", this._data];
    this._type = this._data = undefined;
    return data === undefined ? null : { type, data, id: this.lastId };
  }
}

/**
 * One stream, kept up until close(). `on` hears: opened(fresh), event(type, value), position(id),
 * failed(refusal, tries); `address` returns the URL for a position, `position` the newest one known.
 */
export class Stream {
  constructor({ address, position, on }) {
    this._address = address;
    this._position = position;
    this._on = on;
    this._tries = 0;
    this._closed = false;
    this._wakers = [];
    this._watch();
    this._run();
  }

  close() {
    this._closed = true;
    clearInterval(this._ticker);
    this._wakers.forEach((off) => off());
    this._cut();
    this._wake();
  }

  /** Connect anew at once, whatever the pause says. */
  hurry() {
    this._tries = 0;
    this._cut();
    this._wake();
  }

  _cut() {
    if (this._stop) this._stop.abort();
  }

  _wake() {
    if (this._waker) this._waker();
  }

  _watch() {
    let ticked = Date.now();
    const look = () => {
      const now = Date.now();
      const slept = now - ticked > SLEPT;
      ticked = now;
      // A machine that slept has dead connections that nobody told it about.
      if (slept || now - this._heard > (this._connected ? SILENCE : CONNECTING)) this._cut();
      if (slept) this._wake();
    };
    this._ticker = setInterval(look, TICK);
    const listen = (target, type, heard) => {
      target.addEventListener(type, heard);
      this._wakers.push(() => target.removeEventListener(type, heard));
    };
    listen(window, "online", () => this.hurry());
    listen(window, "offline", () => this._cut());
    listen(document, "visibilitychange", () => {
      if (document.visibilityState !== "visible") return;
      look();
      if (!this._connected) this.hurry();
    });
  }

  async _run() {
    while (!this._closed) {
      let pause;
      try {
        await this._connect();
        pause = this._retry || 1000;
      } catch (error) {
        if (this._closed) return;
        const refusal = error instanceof Refusal ? error : new Refusal(0, { message: error.message });
        pause = Math.max(backoff(this._tries, this._retry || 1000), refusal.retryAfter * 1000);
        this._tries += 1;
        this._on.failed(refusal, this._tries);
      }
      if (this._closed) return;
      await new Promise((resolve) => {
        const timer = setTimeout(resolve, pause);
        this._waker = () => {
          clearTimeout(timer);
          resolve();
        };
      });
      this._waker = null;
    }
  }

  async _connect() {
    const from = this._position();
    this._stop = new AbortController();
    this._heard = Date.now();
    this._connected = false;
    try {
      const answer = await fetch(this._address(from), {
        credentials: "omit",
        cache: "no-store",
        signal: this._stop.signal,
        headers: { Accept: "text/event-stream" },
      });
      if (!answer.ok) {
        const body = await answer.json().catch(() => ({}));
        throw new Refusal(answer.status, body, Number(answer.headers.get("Retry-After")) || 0);
      }
      await this._read(answer.body.getReader(), from === null);
    } finally {
      this._connected = false;
      this._stop.abort();
    }
  }

  async _read(reader, fresh) {
    const parser = new Parser();
    const decoder = new TextDecoder();
    for (;;) {
      const { done, value } = await reader.read();
      if (done) throw new Refusal(0, { message: "The stream ended." });
      this._heard = Date.now();
      const events = parser.feed(decoder.decode(value, { stream: true }));
      if (!this._connected) {
        // Not before the first bytes: a proxy that holds them back may answer and never deliver.
        this._connected = true;
        this._tries = 0;
        this._retry = parser.retry;
        if (parser.lastId !== null) this._on.position(parser.lastId);
        this._on.opened(fresh);
      }
      for (const { type, data } of events) this._on.event(type, JSON.parse(data));
      if (parser.lastId !== null) this._on.position(parser.lastId);
    }
  }
}
