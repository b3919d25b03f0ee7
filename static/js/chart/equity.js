/* Equity with its drawdown below, on one time axis; a new point comes with the account's own channel. */
import { AreaSeries, BaselineSeries, createChart } from "../../vendor/lightweight-charts.mjs";
import { live } from "../link.js";
import { money, percent } from "../numbers.js";
import { venueNow } from "../status.js";
import { onTheme, page, perFrame, token } from "../page.js";
import { always, look, stamp } from "./theme.js";

/** A flat curve is drawn flat, not magnified until its noise fills the pane. */
function roomy(original) {
  const found = original();
  if (!found?.priceRange) return found;
  const { minValue, maxValue } = found.priceRange;
  const room = Math.max(0, Math.abs(maxValue) * 0.0005 - (maxValue - minValue)) / 2;
  return { ...found, priceRange: { minValue: minValue - room, maxValue: maxValue + room } };
}

class EquityChart {
  constructor(box) {
    this.box = box;
    this.rows = [];
    this.chart = createChart(box.querySelector("[data-canvas]"), always());
    const quiet = { priceLineVisible: false, lastValueVisible: true, crosshairMarkerRadius: 3 };
    this.equity = this.chart.addSeries(AreaSeries, { ...quiet, lineWidth: 2, priceFormat: { type: "custom", minMove: 0.01, formatter: (value) => money(value, box.dataset.currency, { places: 0 }) }, autoscaleInfoProvider: roomy });
    this.fall = this.chart.addSeries(BaselineSeries, { ...quiet, lineWidth: 1, baseValue: { type: "price", price: 0 }, priceFormat: { type: "custom", minMove: 0.0001, formatter: (value) => percent(value, 1) } }, 1);
    this.chart.panes()[0].setStretchFactor(3);
    this.chart.panes()[1].setStretchFactor(1);
    this.style();
    onTheme(() => requestAnimationFrame(() => this.style()));
    this.paint = perFrame(() => this.words());
    this.chart.subscribeCrosshairMove((move) => { this.under = move.time ?? null; this.paint(); });
    this.load();
  }

  style() {
    this.chart.applyOptions(look());
    this.equity.applyOptions({ lineColor: token("equity"), topColor: token("equity-fill"), bottomColor: token("equity-fade") });
    this.fall.applyOptions({ topLineColor: token("down"), topFillColor1: token("drawdown-fade"), topFillColor2: token("drawdown-fade"), bottomLineColor: token("down"), bottomFillColor1: token("drawdown-fade"), bottomFillColor2: token("drawdown-fill") });
  }

  async load() {
    try {
      const answer = await fetch(this.box.dataset.source);
      this.rows = (await answer.json()).rows;
    } catch {
      this.say("The curve could not be loaded. Reload the page to try again.");
      return;
    }
    const seconds = new Map(this.rows.map(([ms, equity, fallen]) => [Math.floor(ms / 1000), [equity, fallen]])); // one point a second: the newest
    this.peak = 0;
    this.points = [...seconds].map(([time, [equity, fallen]]) => ({ time, equity, fallen }));
    this.equity.setData(this.points.map(({ time, equity }) => ({ time, value: equity })));
    this.fall.setData(this.points.map(({ time, fallen }) => ({ time, value: fallen })));
    for (const { equity } of this.points) this.peak = Math.max(this.peak, equity);
    this.chart.timeScale().fitContent();
    this.say(this.points.length ? "" : "The curve begins with the first point, a moment after the market moves.");
    this.paint();
    if (page.account) live.subscribe(`account:${page.account}`, (message) => { if (message.t === "equity") this.add(message.d); else if (message.t === "snapshot") this.add(message.d.equity); });
  }

  add(told) {
    const equity = Number(told.equity);
    const time = Math.floor((told.at_ms ?? venueNow()) / 1000);
    const last = this.points.at(-1);
    if (!Number.isFinite(equity) || (last && time < last.time)) return;
    this.peak = Math.max(this.peak, equity);
    const point = { time, equity, fallen: this.peak > 0 ? equity / this.peak - 1 : 0 };
    if (last?.time === time) this.points[this.points.length - 1] = point; else this.points.push(point);
    this.equity.update({ time, value: equity });
    this.fall.update({ time, value: point.fallen });
    this.say("");
    this.paint();
  }

  words() {
    const point = this.points?.find((each) => each.time === this.under) ?? this.points?.at(-1);
    const legend = this.box.querySelector("[data-legend]");
    if (!point) return;
    const line = Object.assign(document.createElement("div"), { className: "legend-line" });
    for (const [label, text, kind] of [["", money(point.equity, this.box.dataset.currency), ""], ["drawdown", percent(point.fallen), point.fallen < 0 ? "down" : ""], ["", stamp(point.time * 1000), "faint"]]) {
      const made = Object.assign(document.createElement("span"), { className: kind });
      if (label) made.append(Object.assign(document.createElement("i"), { textContent: label }));
      made.append(text);
      line.append(made);
    }
    legend.replaceChildren(line);
  }

  say(text) {
    const state = this.box.querySelector("[data-chart-state]");
    state.hidden = !text;
    state.textContent = text;
  }
}

const box = document.querySelector("[data-equity-chart]");
if (box) new EquityChart(box);
