// The calls of /api/support/chat, and what their refusals mean.

const PATIENCE = 20000;

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
  upload(path, file, progressed) {
    const request = new XMLHttpRequest();
    const form = new FormData();
    form.append("file", file, file.name);
    const done = new Promise((resolve, reject) => {
      request.upload.onprogress = (event) => {
        if (event.lengthComputable) progressed(Math.floor((100 * event.loaded) / event.total));
      };
      request.onload = () => {
        const body = parsed(request.responseText);
        if (request.status >= 200 && request.status < 300) resolve(body);
        else reject(new Refusal(request.status, body, seconds(request.getResponseHeader("Retry-After"))));
      };
      request.onerror = request.onabort = request.ontimeout = () => reject(new Refusal(0));
    });
    request.open("POST", this.url(path));
    request.send(form);
    return { done, stop: () => request.abort() };
  }
}
