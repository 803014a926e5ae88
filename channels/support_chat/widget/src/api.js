// The calls of /api/support/chat, and what their refusals mean.

const PATIENCE = 20000;
/** An upload of which nothing is heard for so long is on a line that is dead. */
const STALLED = 60000;

export class Refusal extends Error {
  constructor(status, body = {}, retryAfter = 0) {
    super(body.message || `HTTP ${status}`);
    this.status = status;
    this.code = body.error || "";
    this.errors = body.errors && typeof body.errors === "object" ? body.errors : {};
    this.retryAfter = retryAfter;
  }

  /** Worth trying again as it is: the connection, the server or its limits were in the way. */
  get passing() {
    return this.status === 0 || this.status === 408 || this.status === 429 || this.status >= 500;
  }

  /** The file that was uploaded is why. */
  get aboutFile() {
    return this.status === 413 || this.status === 415 || "file" in this.errors;
  }
}

function parsed(text) {
  try {
    const body = JSON.parse(text);
    return body && typeof body === "object" ? body : {};
  } catch {
    return {};
  }
}

function seconds(header) {
  const number = Number(header);
  return Number.isFinite(number) && number > 0 ? number : 0;
}

export class Api {
  constructor(base, token) {
    this._base = base;
    this._token = token;
  }

  url(path, query) {
    const url = new URL(path, this._base);
    if (query) url.search = new URLSearchParams({ token: this._token, ...query }).toString();
    return url.href;
  }

  post(path, body, options) {
    return this._call(this.url(path), {
      ...options,
      method: "POST",
      headers: { "Content-Type": "application/json", Accept: "application/json" },
      body: JSON.stringify({ token: this._token, ...body }),
    });
  }

  get(path, query) {
    return this._call(this.url(path, query), { headers: { Accept: "application/json" } });
  }

  async _call(url, options) {
    const stop = new AbortController();
    const timer = setTimeout(() => stop.abort(), PATIENCE);
    try {
      const answer = await fetch(url, { credentials: "omit", cache: "no-store", signal: stop.signal, ...options });
      const body = parsed(await answer.text());
      if (!answer.ok) throw new Refusal(answer.status, body, seconds(answer.headers.get("Retry-After")));
      return body;
    } catch (error) {
      throw error instanceof Refusal ? error : new Refusal(0, { message: error.message });
    } finally {
      clearTimeout(timer);
    }
  }

  /** Upload one file; `progressed` hears percents. Returns {done, stop}. XMLHttpRequest alone tells progress. */
  upload(path, query, file, progressed) {
    const request = new XMLHttpRequest();
    const form = new FormData();
    form.append("file", file, file.name);
    let timer;
    const alive = () => {
      clearTimeout(timer);
      timer = setTimeout(() => request.abort(), STALLED);
    };
    const done = new Promise((resolve, reject) => {
      request.upload.onprogress = (event) => {
        alive();
        if (event.lengthComputable) progressed(Math.floor((100 * event.loaded) / event.total));
      };
      request.onload = () => {
        const body = parsed(request.responseText);
        if (request.status >= 200 && request.status < 300) resolve(body);
        else reject(new Refusal(request.status, body, seconds(request.getResponseHeader("Retry-After"))));
      };
      request.onerror = request.onabort = () => reject(new Refusal(0));
      request.onloadend = () => clearTimeout(timer);
    });
    request.open("POST", this.url(path, query));
    request.send(form);
    alive();
    return { done, stop: () => request.abort() };
  }
}
