/* Live cells: prices by instrument number, money of the account by name. A changed one flashes, a stale one greys. */
import { live } from "./link.js";
import { arrow, decimals, money, number, percent, tone } from "./numbers.js";
import { calm, page, toast } from "./page.js";

const STALE_MS = 10_000;
const FLASH_EVERY_MS = 250;

const rows = new Map(); // instrument number -> newest price row
const heard = new Map(); // instrument number -> when a row came, on this machine's clock
const listeners = new Set();
let watched = new Map(); // symbol -> stop
let cells = new Map(); // instrument number -> elements

export const quoteOf = (instrument) => rows.get(Number(instrument)) ?? null;
/** Be told of every price row of the page; returns a function that ends it. */
export function onPrice(act) { listeners.add(act); return () => listeners.delete(act); }

export function startCells() {
  collect();
  document.addEventListener("htmx:afterSettle", collect);
  setInterval(age, 1000);
  if (page.account) live.subscribe(`account:${page.account}`, hearAccount);
}

/** Watch a symbol that no cell of the page names (a chart's, a ticket's). */
export function watchSymbol(symbol) { if (!watched.has(symbol)) watched.set(symbol, live.subscribe(`prices:${symbol}`, hearPrices)); }

function collect() {
  cells = new Map();
  const wanted = new Set();
  for (const element of document.querySelectorAll("[data-tick]")) {
    const key = Number(element.dataset.tick);
    if (!cells.has(key)) cells.set(key, []);
    cells.get(key).push(element);
    const symbol = element.dataset.symbol ?? element.closest("[data-symbol]")?.dataset.symbol;
    if (symbol) wanted.add(symbol);
  }
  for (const symbol of [...wanted].slice(0, 48)) watchSymbol(symbol);
  for (const [key, row] of rows) paint(key, row, null);
}

function hearPrices(message) {
  if (message.t !== "px") return;
  for (const row of message.d) {
    const before = rows.get(row[0]) ?? null;
    rows.set(row[0], row);
    if (!message.snapshot || !heard.has(row[0])) heard.set(row[0], performance.now());
    paint(row[0], row, before);
    for (const act of listeners) act(row, before);
  }
}

function paint(key, row, before) {
  for (const element of cells.get(key) ?? []) {
    const made = textOf(element, row);
    if (made === null) continue;
    element.classList.remove("stale");
    const shown = element.dataset.shown ?? element.textContent;
    const now = made.text + (made.light ?? "");
    if (shown === now) continue;
    if (made.light === undefined) element.textContent = made.text;
    else {
      element.replaceChildren(made.text, Object.assign(document.createElement("span"), { className: "light", textContent: made.light }));
      element.dataset.shown = now;
    }
    if (made.tone !== undefined) { element.classList.toggle("up", made.tone === "up"); element.classList.toggle("down", made.tone === "down"); }
    if (element.dataset.value !== undefined) element.closest("td").dataset.value = made.value;
    if (before && element.dataset.field === "last" && row[3] !== before[3]) flash(element, row[3] > before[3] ? "up" : "down");
  }
}

function textOf(element, [, bid, ask, last, reference]) {
  const places = Number(element.dataset.decimals ?? 2);
  switch (element.dataset.field) {
    case "last": return { text: number(last, places), value: last };
    case "bid": return { text: bid === null && element.dataset.optional !== undefined ? "" : number(bid, places), value: bid };
    case "ask": return { text: ask === null && element.dataset.optional !== undefined ? "" : number(ask, places), value: ask };
    case "spread": return { text: bid === null || ask === null ? "–" : number(ask - bid, places) };
    case "change": {
      if (last === null || reference === null) return { text: "–", tone: "" };
      const change = last - reference;
      return { text: `${arrow(change)} ${number(change, places, { signed: true })} `.trimStart(), light: percent(change / reference), tone: tone(change) };
    }
    case "pnl": {
      const { qty, avg, multiplier, currency } = element.dataset;
      if (last === null || !Number(qty)) return null;
      const open = (last - Number(avg)) * Number(qty) * Number(multiplier);
      return { text: money(open, currency, { signed: true }), tone: tone(open) };
    }
    default: return null;
  }
}

function flash(element, kind) {
  if (calm.matches) return;
  const cell = element.closest("td") ?? element;
  const now = performance.now();
  if (now - (cell.flashedAt ?? 0) < FLASH_EVERY_MS) return;
  cell.flashedAt = now;
  cell.classList.remove("flash-up", "flash-down");
  void cell.offsetWidth; // so that the same animation starts anew
  cell.classList.add(`flash-${kind}`);
}

function age() {
  if (document.hidden) return;
  const now = performance.now();
  for (const [key, elements] of cells) {
    const at = heard.get(key);
    if (at === undefined) continue;
    const stale = now - at > STALE_MS;
    for (const element of elements) {
      if (element.dataset.field === "age") element.textContent = now - at < 1500 ? "now" : `${number((now - at) / 1000, 0)} s`;
      else element.classList.toggle("stale", stale);
    }
  }
}

/* --- the account: money cells move, tables that show it are asked for again, fills are announced */

const reload = new Set();
let reloadTimer = 0;

function askAgain(kind) {
  reload.add(kind);
  reloadTimer ||= setTimeout(() => {
    reloadTimer = 0;
    for (const each of reload) document.body.dispatchEvent(new CustomEvent(`velox:${each}`));
    reload.clear();
  }, 350);
}

function hearAccount(message) {
  const told = message.d;
  if (message.t === "snapshot") { if (told.equity) paintMoney(told.equity); return; }
  if (message.t === "equity") { paintMoney(told); return; }
  askAgain("account");
  document.body.dispatchEvent(new CustomEvent(`velox:${message.t}`, { detail: told }));
  if (message.t === "fill") tellFill(told);
  if (message.t === "order" && told.event === "reject") toast(`The venue refused an order: ${told.reason ?? "no reason given"}`, "bad");
}

/* An order may fill in many parts: they are told together, with what was paid on average. */
const filled = new Map();

function tellFill(fill) {
  const sum = filled.get(fill.client_order_id) ?? { qty: 0, worth: 0 };
  sum.qty += Number(fill.qty);
  sum.worth += Number(fill.qty) * Number(fill.price);
  filled.set(fill.client_order_id, sum);
  const qty = Number(sum.qty.toFixed(8));
  const price = number(sum.worth / sum.qty, Math.max(2, decimals(Number(fill.price))));
  toast(`${fill.side === "buy" ? "Bought" : "Sold"} ${number(qty, decimals(qty))} ${fill.symbol ?? ""} at ${price}`, "good", fill.client_order_id);
  if (filled.size > 200) filled.delete(filled.keys().next().value);
}

function paintMoney(figures) {
  for (const element of document.querySelectorAll("[data-money]")) {
    const value = figures[element.dataset.money];
    if (value === undefined || value === null) continue;
    const signed = element.dataset.signed !== undefined;
    const text = money(value, element.dataset.currency || page.currency, { signed });
    if (element.textContent === text) continue;
    element.textContent = text;
    if (signed) { element.classList.toggle("up", Number(value) > 0); element.classList.toggle("down", Number(value) < 0); }
  }
}
