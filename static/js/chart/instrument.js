/* The instrument's chart: history by JSON, then every tick by the live line; choices are remembered. */
import { CandlestickSeries, HistogramSeries, createChart, createSeriesMarkers } from "../../vendor/lightweight-charts.mjs";
import { watchSymbol } from "../cells.js";
import { live } from "../link.js";
import { decimals, number } from "../numbers.js";
import { venueNow } from "../status.js";
import { onTheme, perFrame, recall, remember, toast, token } from "../page.js";
import { Rows, historyFetch } from "./data.js";
import { Legend } from "./legend.js";
import { Picker } from "./picker.js";
import { LastPrice, SessionBands } from "./primitives.js";
import { Studies } from "./studies.js";
import { always, candleColours, faded, hollow, look } from "./theme.js";

const PAGE = 600;
const FIRST_STUDIES = ["ema(20)", "rsi(14)"];

class InstrumentChart {
  constructor(box, catalogue) {
    this.box = box;
    this.facts = box.dataset;
    this.seconds = Object.fromEntries([...document.querySelectorAll("[data-timeframe]")].map((each) => [each.dataset.timeframe, Number(each.dataset.seconds)]));
    const kept = recall(`timeframe.${this.facts.symbol}`, recall("timeframe", box.dataset.timeframe0));
    this.timeframe = this.seconds[kept] ? kept : box.dataset.timeframe0;
    this.indicators = recall("studies", FIRST_STUDIES).filter((text) => catalogue.some((spec) => text.startsWith(`${spec.name}(`)));
    this.rows = new Rows();
    this.state = box.querySelector("[data-chart-state]");
    this.#make(catalogue);
    this.picker = new Picker(document.getElementById("picker"), catalogue, (text, replaced) => this.pick(text, replaced));
    this.paintLegend = perFrame(() => this.#legend());
    this.#wire();
    this.open();
  }

  #make(catalogue) {
    const decimals = Number(this.facts.decimals);
    this.chart = createChart(this.box.querySelector("[data-canvas]"), always());
    this.chart.applyOptions(look());
    this.candles = this.chart.addSeries(CandlestickSeries, { ...candleColours(), lastValueVisible: false, priceLineColor: token("ink-faint"), priceFormat: { type: "custom", minMove: Number(this.facts.tick), formatter: (value) => number(value, decimals) } });
    this.volume = this.chart.addSeries(HistogramSeries, { priceScaleId: "volume", priceLineVisible: false, lastValueVisible: false, priceFormat: { type: "volume" } });
    this.chart.priceScale("volume").applyOptions({ scaleMargins: { top: 0.86, bottom: 0 } });
    this.candles.priceScale().applyOptions({ scaleMargins: { top: 0.14, bottom: 0.16 } });
    this.lastPrice = new LastPrice((price) => number(price, decimals));
    this.bands = new SessionBands(this.rows);
    this.candles.attachPrimitive(this.lastPrice);
    this.candles.attachPrimitive(this.bands);
    this.markers = createSeriesMarkers(this.candles, []);
    this.studies = new Studies(this.chart, catalogue);
    this.legend = new Legend(this.box.querySelector("[data-legend]"), { decimals, onRemove: (text) => this.remove(text), onEdit: (text) => this.picker.edit(text) });
  }

  #wire() {
    document.addEventListener("click", (event) => {
      const timeframe = event.target.closest("[data-timeframe]");
      if (timeframe) this.choose(timeframe.dataset.timeframe);
      if (event.target.closest("[data-pick]")) this.picker.open();
      if (event.target.closest("[data-fit]")) this.chart.timeScale().resetTimeScale();
    });
    document.addEventListener("keydown", (event) => {
      if (event.target.closest("input, select, textarea, dialog") || event.ctrlKey || event.metaKey || event.altKey) return;
      const names = Object.keys(this.seconds);
      const at = names.indexOf(this.timeframe);
      if (/^[1-9]$/.test(event.key) && names[event.key - 1]) this.choose(names[event.key - 1]);
      else if (event.key === "[" && at > 0) this.choose(names[at - 1]);
      else if (event.key === "]" && at < names.length - 1) this.choose(names[at + 1]);
      else if (event.key === "i") { event.preventDefault(); this.picker.open(); }
    });
    this.chart.subscribeCrosshairMove((move) => { this.under = move.time ? move.time * 1000 : null; this.paintLegend(); });
    this.chart.timeScale().subscribeVisibleLogicalRangeChange((range) => { if (range && range.from < 60) this.#older(); });
    new ResizeObserver(() => this.legend.place(this.chart)).observe(this.box);
    this.box.addEventListener("pointerup", () => requestAnimationFrame(() => this.legend.place(this.chart)));
    onTheme(() => requestAnimationFrame(() => this.#restyle()));
    for (const name of ["velox:fill", "velox:position"]) document.body.addEventListener(name, () => this.#fills());
    setInterval(() => this.#count(), 250);
  }

  choose(timeframe) {
    if (timeframe === this.timeframe) return;
    this.timeframe = timeframe;
    remember(`timeframe.${this.facts.symbol}`, timeframe);
    remember("timeframe", timeframe);
    this.open();
  }

  pick(text, replaced) {
    const at = this.indicators.indexOf(replaced);
    if (this.indicators.includes(text)) return;
    if (at >= 0) this.indicators[at] = text; else this.indicators.push(text);
    this.#kept();
  }

  remove(text) {
    this.indicators = this.indicators.filter((each) => each !== text);
    this.#kept();
  }

  #kept() {
    remember("studies", this.indicators);
    this.open(true);
  }

  /** Show this timeframe with these indicators. `keepView`: stay at the stretch of time now seen. */
  async open(keepView = false) {
    const view = keepView ? this.chart.timeScale().getVisibleLogicalRange() : null;
    for (const each of document.querySelectorAll("[data-timeframe]")) each.setAttribute("aria-pressed", String(each.dataset.timeframe === this.timeframe));
    this.leave?.();
    this.asking?.abort();
    const asking = this.asking = new AbortController();
    this.rows.clear();
    this.#say("Loading candles…");
    try {
      const told = await historyFetch(this.facts.history, { timeframe: this.timeframe, indicators: this.indicators.join(";"), limit: PAGE }, asking.signal);
      this.#draw(told);
    } catch (error) {
      if (error.name === "AbortError") return;
      this.#say(error.message);
      toast(error.message, "bad");
      if (this.indicators.length) { this.indicators = this.indicators.slice(0, -1); remember("studies", this.indicators); }
      return;
    }
    if (view) this.chart.timeScale().setVisibleLogicalRange(view); else this.#frameView();
    const channel = ["chart", this.facts.symbol, this.timeframe, this.rows.labels.join(";")].filter(Boolean).join(":");
    this.leave = live.subscribe(channel, (message) => this.#hear(message));
    this.#fills();
  }

  #frameView() {
    const count = this.rows.list.length;
    const wide = Math.max(30, Math.round(this.box.clientWidth / 8));
    this.chart.timeScale().setVisibleLogicalRange({ from: count - wide, to: count + 8 });
  }

  #draw(told) {
    this.rows.prepend(told);
    this.rows.columns = told.columns;
    this.rows.labels = [...new Set(told.columns.map((label) => label.replace(/\)\..+$/, ")")))];
    this.studies.build(told.columns);
    this.legend.build(this.studies);
    this.#all();
    this.#say(this.rows.list.length ? "" : "No candle has closed yet; the first appears with the next tick.");
  }

  #all() {
    const { list } = this.rows;
    this.candles.setData(list.map((row) => this.#bar(row)));
    this.volume.setData(list.map((row) => this.#bulk(row)));
    this.studies.setData(list);
    this.paintLegend();
    requestAnimationFrame(() => this.legend.place(this.chart));
  }

  #bar(row) {
    const bar = { time: row[0] / 1000, open: row[1], high: row[2], low: row[3], close: row[4] };
    return row[6] ? bar : { ...bar, ...hollow(row) };
  }

  #bulk(row) { return { time: row[0] / 1000, value: row[5], color: faded(token(row[4] >= row[1] ? "up-solid" : "down-solid"), row[6] ? 0.35 : 0.18) }; }

  #hear(message) {
    if (message.t === "error") { this.#say(message.message); return; }
    const rows = message.t === "snapshot" ? message.d.rows : message.d;
    if (message.t === "snapshot" && message.d.columns.join() !== this.rows.columns.join()) return;
    const news = this.rows.merge(rows);
    if (news === null || news.length > 200) this.#all();
    else for (const row of news) { this.candles.update(this.#bar(row)); this.volume.update(this.#bulk(row)); this.studies.update(row); }
    if (this.rows.list.length) this.#say("");
    this.paintLegend();
    this.#count();
  }

  async #older() {
    if (!this.rows.more || this.paging || !this.rows.list.length) return;
    this.paging = true;
    try {
      const told = await historyFetch(this.facts.history, { timeframe: this.timeframe, indicators: this.indicators.join(";"), limit: PAGE, before: this.rows.list[0][0] }, this.asking.signal);
      this.rows.prepend(told);
      this.#all();
    } catch (error) {
      if (error.name !== "AbortError") this.rows.more = false;
    } finally {
      this.paging = false;
    }
  }

  #legend() {
    const row = this.under === null || this.under === undefined ? this.rows.last : this.rows.at(this.under) ?? this.rows.last;
    const at = row ? this.rows.find(row[0]) : -1;
    this.legend.show(row, at > 0 ? this.rows.list[at - 1] : null);
    const last = this.rows.last;
    if (last) this.box.dataset.close = last[4];
  }

  /** Time left to the close of the forming candle, by the clock of its own ticks (a replay's runs elsewhere). */
  #count() {
    const last = this.rows.last;
    if (!last) { this.lastPrice.set("", null, true); return; }
    const rising = last[4] >= last[1];
    const left = Math.ceil((last[0] + this.seconds[this.timeframe] * 1000 - venueNow()) / 1000);
    if (last[6] || left < 0) { this.lastPrice.set("", last[4], rising); return; } // closed, or no tick since
    const pad = (value) => String(value).padStart(2, "0");
    const hours = Math.floor(left / 3600);
    this.lastPrice.set(`${hours ? `${hours}:` : ""}${pad(Math.floor(left / 60) % 60)}:${pad(left % 60)}`, last[4], rising);
  }

  async #fills() {
    if (!this.facts.fills) return;
    const first = this.rows.list[0]?.[0];
    if (first === undefined) return;
    try {
      const told = await historyFetch(this.facts.fills, { after: first });
      this.markers.setMarkers(this.#marks(told.fills));
    } catch { /* the chart stands without them; the tables below tell the same */ }
  }

  /** One arrow a candle and side, however many parts an order filled in. */
  #marks(fills) {
    const sums = new Map();
    for (const [ms, side, qty] of fills) {
      const start = this.#candleOf(ms);
      if (start !== null) sums.set(`${start}:${side}`, { start, side, qty: (sums.get(`${start}:${side}`)?.qty ?? 0) + qty });
    }
    return [...sums.values()].map(({ start, side, qty }) => {
      const [position, shape, colour] = side === "buy" ? ["belowBar", "arrowUp", "up"] : ["aboveBar", "arrowDown", "down"];
      const exact = Number(qty.toFixed(8));
      return { time: start / 1000, position, shape, color: token(colour), text: number(exact, decimals(exact)), size: 1 };
    }).sort((a, b) => a.time - b.time);
  }

  #candleOf(ms) {
    const { list } = this.rows;
    let low = 0;
    let high = list.length - 1;
    let found = null;
    while (low <= high) { const middle = (low + high) >> 1; if (list[middle][0] <= ms) { found = list[middle][0]; low = middle + 1; } else high = middle - 1; }
    return found;
  }

  #restyle() {
    this.chart.applyOptions(look());
    this.candles.applyOptions(candleColours());
    this.studies.restyle();
    this.#all();
    this.#fills();
  }

  #say(text) {
    this.state.hidden = !text;
    this.state.textContent = text;
  }
}

const box = document.querySelector("[data-instrument-chart]");
if (box) {
  const catalogue = await fetch(box.dataset.catalogue).then((answer) => answer.json());
  new InstrumentChart(box, catalogue);
  watchSymbol(box.dataset.symbol);
}
