/* The installation's own news: the venue's clock, market states, the kill switch, feeds and stages. */
import { live } from "./link.js";

let feed = null;
let feedAt = 0;
const listeners = new Set();

export function startStatus() { live.subscribe("status", hear); }

/** Be told of every report of feeds and stages. */
export function onFeed(act) { listeners.add(act); if (feed) act(feed); }

/** The venue's time in ms: that of its newest tick, running on at the feed's speed. A replay's lies in the past. */
export function venueNow() {
  if (!feed?.event_ms) return live.now();
  return feed.event_ms + Math.min(2000, performance.now() - feedAt) * (feed.feeds?.[0]?.speed || 1);
}

function hear(message) {
  const told = message.t === "snapshot" ? message.d : { [message.t]: message.d };
  if (told.market) markets(told.market);
  if (told.feed) {
    [feed, feedAt] = [told.feed, performance.now()];
    for (const act of listeners) act(feed);
  }
}

const WORDS = { open: ["good", "open", "closes"], break: ["warn", "break", "opens"], closed: ["", "closed", "opens"] };

function markets(list) {
  for (const badge of document.querySelectorAll("[data-session]")) {
    const market = list.find((each) => each.calendar === badge.dataset.calendar);
    if (!market) continue;
    const [kind, word, verb] = WORDS[market.state];
    badge.className = badge.className.replace(/\b(good|warn)\b/g, "").trim() + (kind ? ` ${kind}` : "");
    badge.querySelector(".dot").className = `dot ${kind}`;
    const text = `${badge.dataset.session} ${word}`;
    const words = badge.querySelector("[data-session-text]");
    if (words.textContent !== text) words.textContent = text;
    badge.title = market.changes_ms === null ? `${text}; no session is known to come` : `${text}, ${verb} in ${span(market.changes_ms - venueNow())}`;
  }
}

function span(ms) {
  const minutes = Math.max(0, Math.floor(ms / 60000));
  if (minutes >= 2880) return `${Math.floor(minutes / 1440)} days`;
  return minutes >= 60 ? `${Math.floor(minutes / 60)} h ${minutes % 60} min` : `${minutes} min`;
}
