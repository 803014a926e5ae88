// One script tag: reads its attributes, starts the chat, and gives the page window.SupportChat.

import { Chat } from "./chat.js";
import { View } from "./ui/view.js";

const script = document.currentScript;

/** Whether the chat was open on the page before, for as long as the tab lives. */
const tab = {
  get(token) {
    try {
      return sessionStorage.getItem(`support-chat:${token}:open`) === "1";
    } catch {
      return false;
    }
  },
  set(token, open) {
    try {
      sessionStorage.setItem(`support-chat:${token}:open`, open ? "1" : "0");
    } catch {
      // Without storage the next page begins with the chat closed.
    }
  },
};

function readAttributes({ dataset, src, nonce }) {
  const user = {
    id: dataset.userId,
    hash: dataset.userHash,
    email: dataset.userEmail,
    name: dataset.userName,
  };
  const wanted = [dataset.locale, document.documentElement.lang, ...(navigator.languages || [])].filter(Boolean);
  return {
    base: new URL(".", src).href,
    token: (dataset.token || "").trim(),
    user: Object.values(user).some(Boolean) ? user : null,
    wanted,
    theme: dataset.theme,
    nonce,
  };
}

/** A language tag as the server takes it, or nothing. */
function localeOf(wanted) {
  for (const tag of wanted) {
    try {
      return Intl.getCanonicalLocales(tag.replace(/_/g, "-"))[0];
    } catch {
      // Not a language tag; the next one may be.
    }
  }
  return undefined;
}

class SupportChat {
  #settings;
  #chat;
  #view;
  #heard = { open: new Set(), close: new Set(), unread: new Set(), ready: new Set() };
  #unread = 0;
  #wanted = null;

  constructor(settings) {
    this.#settings = settings;
    this.#start();
  }

  #start() {
    const settings = { ...this.#settings, locale: localeOf(this.#settings.wanted) };
    this.#chat = new Chat(settings, () => this.#render());
    this.#view = new View({ chat: this.#chat, settings, toggled: (open) => this.#toggled(open) });
    if (this.#chat.widget) this.#render();
  }

  #render() {
    const was = this.#view.ready;
    this.#view.render();
    if (!was && this.#view.ready) {
      const small = window.matchMedia("(max-width: 480px), (max-height: 440px)").matches;
      // A page that was left with the chat open has it open still; on a phone that would hide the page.
      if (this.#wanted ?? (tab.get(this.#settings.token) && !small)) this.#view.open(this.#wanted === true);
      this.#tell("ready");
    }
    const { unread } = this.#chat;
    if (unread !== this.#unread) {
      this.#unread = unread;
      this.#tell("unread", unread);
    }
  }

  #toggled(open) {
    tab.set(this.#settings.token, open);
    this.#chat.attend(open);
    this.#view.render();
    this.#tell(open ? "open" : "close");
  }

  #tell(event, ...values) {
    for (const heard of this.#heard[event]) {
      try {
        heard(...values);
      } catch (error) {
        // The page's mistake is the page's to see, and no reason to stop here.
        setTimeout(() => {
          throw error;
        });
      }
    }
  }

  get unread() {
    return this.#unread;
  }

  get isOpen() {
    return this.#view.opened;
  }

  open() {
    this.#wanted = true;
    this.#view.open();
  }

  close() {
    this.#wanted = false;
    this.#view.close();
  }

  toggle() {
    if (this.isOpen) this.close();
    else this.open();
  }

  /** Hear of "open", "close", "unread" (with the number) and "ready"; returns what ends that. */
  on(event, heard) {
    if (!(event in this.#heard)) throw new TypeError(`SupportChat has no event ${event}`);
    this.#heard[event].add(heard);
    if (event === "ready" && this.#view.ready) heard();
    return () => this.#heard[event].delete(heard);
  }

  /** Say who the visitor is: {id, hash, email, name}; null for nobody, after a log-out. */
  identify(user) {
    const open = this.isOpen;
    this.#stop();
    this.#settings = { ...this.#settings, user: user || null };
    this.#wanted = open ? true : this.#wanted;
    this.#start();
  }

  /** Take the chat out of the page. */
  destroy() {
    this.#stop();
    if (window.SupportChat === this) delete window.SupportChat;
  }

  #stop() {
    this.#chat.destroy();
    this.#view.destroy();
  }
}

function begin() {
  // A second tag, or a script that a page loads again, changes nothing.
  if (window.SupportChat instanceof Object && window.SupportChat.open) return;
  const settings = readAttributes(script);
  if (!settings.token) {
    console.warn("Support chat: the script tag has no data-token.");
    return;
  }
  window.SupportChat = new SupportChat(settings);
  window.dispatchEvent(new CustomEvent("support-chat:ready", { detail: window.SupportChat }));
}

if (!script) console.warn("Support chat: load widget.js with a script tag of its own, not as a module.");
else if (document.body) begin();
else document.addEventListener("DOMContentLoaded", begin, { once: true });
