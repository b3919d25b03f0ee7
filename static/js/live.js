// The browser's end of the live socket. The protocol is described in docs/live-protocol.md.
//
//   const live = connect({ onState: ({ state, ageMs, retryInMs }) => … });
//   const stop = live.subscribe("prices:XAUUSD", (message) => …);
//
// Handlers are called at most once an animation frame and channel for what may be skipped (prices, charts: merged,
// newest values only), and once for each message, in order, for what may not. A hidden tab is told nothing;
// when it is shown again every channel catches up. A snapshot replaces what a page has.

/**
 * @typedef {"connecting" | "live" | "stale" | "lost" | "down"} StateName
 * connecting: no answer yet. live: heard something lately. stale: open, but silent for longer than the server ever is.
 * lost: will try again in `retryInMs`. down: will not try again by itself (signed out, or closed by the page).
 *
 * @typedef {object} LiveState
 * @property {StateName} state
 * @property {number | null} ageMs      since the last message; null before the first
 * @property {number | null} retryInMs  until the next attempt, while lost
 * @property {number} attempt           attempts since it last worked
 * @property {number | null} code       why it closed (4401: signed out), while lost or down
 * @property {string} reason
 *
 * @typedef {[instrument: number, bid: number | null, ask: number | null, last: number | null,
 *            reference: number | null, eventMs: number]} PriceRow
 * @typedef {(number | null)[]} ChartRow  start ms, open, high, low, close, volume, final (0 or 1), values…
 *
 * @typedef {object} LiveMessage
 * @property {string} t        px, chart, snapshot, error, order, fill, position, equity, run, feed, kill, …
 * @property {string} [ch]     channel
 * @property {number} [seq]
 * @property {boolean} [snapshot]  on px: all rows of the channel, not only what changed
 * @property {any} [d]
 * @property {string} [code]   on error
 * @property {string} [message]
 *
 * @typedef {(message: LiveMessage) => void} Handler
 */

const PING_MS = 5_000;
const STALE_MS = 9_000; // a pong is never later than this while the line works
const SILENT_MS = 20_000; // then the line is cut and built anew
const CONNECT_MS = 10_000;
const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 15_000;
const FINAL_CODES = new Set([4400, 4401]);

/** One subscribed channel: who listens, and what waits for the next animation frame. */
class Channel {
  /** @param {string} name */
  constructor(name) {
    this.name = name;
    this.kind = name.split(":", 1)[0];
    /** @type {Set<Handler>} */
    this.handlers = new Set();
    /** @type {number | null} last seq taken in; null until a snapshot told */
    this.seq = null;
    this.asking = false; // a resume is under way
    /** @type {Set<number>} instruments of a price channel */
    this.instruments = new Set();
    this.forget();
  }

  get skippable() {
    return this.kind === "prices" || this.kind === "chart";
  }

  forget() {
    /** @type {LiveMessage[]} */
    this.queue = [];
    /** @type {Map<number, PriceRow>} */
    this.prices = new Map();
    this.pricesWhole = false;
    /** @type {Map<number, ChartRow>} */
    this.candles = new Map();
  }

  /** @param {LiveMessage} message */
  replace(message) {
    this.forget();
    this.queue.push(message);
  }

  /** What a frame's handlers are told, in order; empties the channel. @returns {LiveMessage[]} */
  take() {
    const told = this.queue;
    if (this.prices.size || this.pricesWhole) {
      told.push({ t: "px", ch: this.name, snapshot: this.pricesWhole, d: [...this.prices.values()] });
    }
    if (this.candles.size) {
      told.push({ t: "chart", ch: this.name, d: [...this.candles.values()] });
    }
    this.forget();
    return told;
  }
}

export class Live {
  /** @param {{ url?: string, onState?: (state: LiveState) => void }} [options] */
  constructor({ url = "/ws/live", onState = () => {} } = {}) {
    const full = new URL(url, location.href);
    full.protocol = full.protocol.replace("http", "ws");
    this.url = full.href;
    this.onState = onState;
    /** @type {Map<string, Channel>} */
    this.channels = new Map();
    /** @type {WebSocket | null} */
    this.socket = null;
    this.state = /** @type {StateName} */ ("connecting");
    this.attempt = 0;
    this.code = /** @type {number | null} */ (null);
    this.reason = "";
    this.clockOffsetMs = 0;
    this.heardAt = /** @type {number | null} */ (null);
    this.retryAt = 0;
    this.frame = 0;
    this.nextId = 1;
    /** @type {Map<number, string[]>} channels asked for, by id */
    this.asked = new Map();
    this.begun = 0;
    this.pingedAt = 0;
    this.onVisible = () => this.#visibility();
    this.onOnline = () => this.retryNow();
    document.addEventListener("visibilitychange", this.onVisible);
    window.addEventListener("online", this.onOnline);
    this.timer = setInterval(() => this.#tick(), 1_000);
    this.#open();
  }

  /** The server's clock. @returns {number} ms since 1970 */
  now() {
    return Date.now() + this.clockOffsetMs;
  }

  /**
   * Have `handler` told of a channel. The first message is always the whole of it: a snapshot, or px with `snapshot`.
   * @param {string} name @param {Handler} handler @returns {() => void} ends it
   */
  subscribe(name, handler) {
    let channel = this.channels.get(name);
    if (!channel) {
      channel = new Channel(name);
      this.channels.set(name, channel);
    }
    channel.handlers.add(handler);
    channel.seq = null; // a second handler needs a snapshot too
    this.#ask([channel]);
    return () => this.unsubscribe(name, handler);
  }

  /** @param {string} name @param {Handler} [handler] without one: all of them */
  unsubscribe(name, handler) {
    const channel = this.channels.get(name);
    if (!channel) return;
    if (handler) channel.handlers.delete(handler);
    if (!handler || !channel.handlers.size) {
      this.channels.delete(name);
      this.#send({ op: "unsubscribe", channels: [name] });
    }
  }

  /** Try at once instead of waiting for the countdown (or after `down`). */
  retryNow() {
    if (this.state === "lost" || this.state === "down") this.#open();
  }

  /** Leave for good. */
  close() {
    clearInterval(this.timer);
    cancelAnimationFrame(this.frame);
    document.removeEventListener("visibilitychange", this.onVisible);
    window.removeEventListener("online", this.onOnline);
    this.#drop();
    this.#tell("down");
  }

  // --- the line

  #open() {
    this.#drop();
    this.begun = Date.now();
    const socket = new WebSocket(this.url);
    this.socket = socket;
    socket.onmessage = (event) => this.#heard(socket, event.data);
    socket.onclose = (event) => socket === this.socket && this.#lost(event.code, event.reason);
    this.#tell("connecting");
  }

  #drop() {
    const socket = this.socket;
    this.socket = null;
    if (socket) {
      socket.onmessage = socket.onclose = null;
      socket.close();
    }
  }

  /** @param {number} code @param {string} reason */
  #lost(code, reason) {
    this.socket = null;
    this.code = code;
    this.reason = reason;
    this.asked.clear();
    for (const channel of this.channels.values()) channel.asking = false;
    if (FINAL_CODES.has(code)) {
      this.#tell("down");
      return;
    }
    const wait = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** this.attempt);
    this.attempt += 1;
    this.retryAt = Date.now() + wait * (0.75 + Math.random() / 2); // so that not every page comes back at once
    clearTimeout(this.retryTimer);
    this.retryTimer = setTimeout(() => this.state === "lost" && this.#open(), this.retryAt - Date.now());
    this.#tell("lost");
  }

  #tick() {
    const now = Date.now();
    if (this.state === "connecting" && now - this.begun > CONNECT_MS) {
      this.#drop();
      this.#lost(1006, "no answer");
    } else if (this.state === "live" || this.state === "stale") {
      const age = now - (this.heardAt ?? now);
      if (age > SILENT_MS) {
        this.#drop();
        this.#lost(1006, "silent");
        return;
      }
      if (now - this.pingedAt >= PING_MS - 500) {
        this.pingedAt = now;
        this.#send({ op: "ping" });
      }
      this.#tell(age > STALE_MS ? "stale" : "live");
    } else {
      this.#tell(this.state); // the countdown moves
    }
  }

  /** @param {StateName} state */
  #tell(state) {
    this.state = state;
    const now = Date.now();
    const broken = state === "lost" || state === "down";
    this.onState({
      state,
      ageMs: this.heardAt === null ? null : now - this.heardAt,
      retryInMs: state === "lost" ? Math.max(0, this.retryAt - now) : null,
      attempt: this.attempt,
      code: broken ? this.code : null,
      reason: broken ? this.reason : "",
    });
  }

  // --- what we say

  /** @param {object} message */
  #send(message) {
    if (this.socket?.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify(message));
  }

  /** Subscribe, or resume where we know how far we are. @param {Iterable<Channel>} channels */
  #ask(channels) {
    if (this.state !== "live" && this.state !== "stale") return; // asked when the line is there
    const anew = [];
    for (const channel of channels) {
      if (document.hidden && channel.skippable) continue; // asked when the tab is shown
      if (channel.seq === null || channel.skippable) anew.push(channel.name);
      else this.#resume(channel);
    }
    for (let at = 0; at < anew.length; at += 32) {
      const names = anew.slice(at, at + 32);
      this.#send({ op: "subscribe", channels: names, id: this.nextId++ });
    }
  }

  /** @param {Channel} channel */
  #resume(channel) {
    channel.asking = true;
    this.#send({ op: "resume", channel: channel.name, after: channel.seq, id: this.nextId++ });
  }

  // --- what we hear

  /** @param {WebSocket} socket @param {string} text */
  #heard(socket, text) {
    if (socket !== this.socket) return;
    this.heardAt = Date.now();
    const message = JSON.parse(text);
    if (message.t === "hello") {
      this.clockOffsetMs = message.now_ms - Date.now();
      this.attempt = 0;
      this.pingedAt = Date.now();
      this.#tell("live");
      this.#ask(this.channels.values());
      return;
    }
    if (this.state === "stale") this.#tell("live");
    if (message.t === "px") this.#prices(message);
    else if (message.ch) this.#channel(message);
  }

  /** @param {LiveMessage & {instruments?: number[]}} message */
  #prices(message) {
    if (message.snapshot) {
      const channel = this.channels.get(message.ch ?? "");
      if (!channel) return;
      channel.forget();
      channel.instruments = new Set(message.instruments);
      channel.pricesWhole = true;
      for (const row of message.d) channel.prices.set(row[0], row);
    } else if (!document.hidden) {
      for (const channel of this.channels.values()) {
        if (channel.kind !== "prices") continue;
        for (const row of message.d) if (channel.instruments.has(row[0])) channel.prices.set(row[0], row);
      }
    }
    this.#paintSoon();
  }

  /** @param {LiveMessage} message */
  #channel(message) {
    const channel = this.channels.get(message.ch ?? "");
    if (!channel) return;
    if (message.t === "snapshot") {
      channel.replace(message);
      if (message.seq !== undefined) channel.seq = message.seq;
      channel.asking = false;
    } else if (message.t === "error") {
      channel.asking = false;
      channel.replace(message);
    } else if (message.t === "chart") {
      for (const row of message.d) {
        channel.candles.delete(row[0]); // keeps the order of arrival: the newest last
        channel.candles.set(row[0], row);
      }
    } else if (!this.#isNext(channel, message.seq)) {
      return;
    } else if (!document.hidden) {
      channel.queue.push(message);
    }
    this.#paintSoon();
  }

  /** False for what we have already, and for what comes after a hole: that is asked for again.
   * @param {Channel} channel @param {number | undefined} seq */
  #isNext(channel, seq) {
    if (seq === undefined || channel.seq === null) return false; // no snapshot yet
    if (seq <= channel.seq) return false;
    if (document.hidden) return false; // `seq` stays, so that showing the tab resumes from here
    if (seq !== channel.seq + 1) {
      if (!channel.asking) this.#resume(channel);
      return false;
    }
    channel.seq = seq;
    channel.asking = false;
    return true;
  }

  // --- what the page is told

  #paintSoon() {
    if (!this.frame && !document.hidden) this.frame = requestAnimationFrame(() => this.#paint());
  }

  #paint() {
    this.frame = 0;
    for (const channel of [...this.channels.values()]) {
      for (const message of channel.take()) {
        for (const handler of [...channel.handlers]) {
          try {
            handler(message);
          } catch (error) {
            console.error(`a handler of ${channel.name} failed`, error); // the others go on
          }
        }
      }
    }
  }

  #visibility() {
    const skippable = [...this.channels.values()].filter((channel) => channel.skippable);
    if (document.hidden) {
      cancelAnimationFrame(this.frame);
      this.frame = 0;
      for (const channel of skippable) channel.forget();
      if (skippable.length) this.#send({ op: "unsubscribe", channels: skippable.map((channel) => channel.name) });
      return;
    }
    if (this.state === "lost") this.retryNow();
    else this.#ask(this.channels.values());
    this.#paintSoon();
  }
}

/**
 * Open the live line of this page.
 * @param {{ url?: string, onState?: (state: LiveState) => void }} [options]
 */
export function connect(options) {
  return new Live(options);
}
