/* Indicators on the chart: which series each output is, in which pane, and how a provisional value is drawn. */
import { HistogramSeries, LineSeries, LineStyle, LineType } from "../../vendor/lightweight-charts.mjs";
import { number } from "../numbers.js";
import { token } from "../page.js";
import { faded } from "./theme.js";

export const PALETTE = 6;

/** `ema(20)` or `macd(12,26,9).signal` to its parts. */
export function columnParse(label) {
  const [, name, args, output] = /^([a-z0-9_]+)\(([^)]*)\)(?:\.(.+))?$/.exec(label) ?? [];
  return { name, args, output: output ?? null, text: `${name}(${args})` };
}

/** As many digits as tell values of this size apart. */
export function short(value) {
  const size = Math.abs(value);
  return number(value, size >= 1000 ? 0 : size >= 10 ? 1 : size >= 1 ? 2 : size === 0 ? 0 : 4);
}

export class Studies {
  constructor(chart, catalogue) {
    this.chart = chart;
    this.catalogue = new Map(catalogue.map((spec) => [spec.name, spec]));
    this.lines = []; // one a column: {label, series, spec, output, colour, pane}
  }

  /** Make the series for these columns. `columns`: as the history told them. */
  build(columns) {
    for (const line of this.lines) if (line.series) this.chart.removeSeries(line.series);
    this.lines = [];
    const panes = new Map();
    const tints = new Map();
    for (const label of columns) {
      const { name, output, text } = columnParse(label);
      const spec = this.catalogue.get(name);
      const drawn = spec.outputs.find((each) => each.name === output) ?? spec.outputs[0];
      const pane = spec.overlay ? 0 : panes.get(text) ?? panes.set(text, panes.size + 1).get(text);
      const among = spec.outputs.length > 1 && pane > 0;
      const key = among ? label : text;
      const tint = tints.get(key) ?? tints.set(key, (among ? [...tints.keys()].filter((each) => each.startsWith(`${text}.`)).length : tints.size) % PALETTE + 1).get(key);
      this.lines.push({ label, text, spec, pane, tint, draw: drawn.draw, output: drawn.name, series: drawn.draw === "none" ? null : this.#series(drawn.draw, tint, pane) });
    }
    this.chart.panes().forEach((each, at) => each.setStretchFactor(at === 0 ? 4 : 1));
  }

  #series(draw, tint, pane) {
    const own = { type: "custom", minMove: 1e-8, formatter: short };
    const quiet = { priceLineVisible: false, lastValueVisible: false, crosshairMarkerVisible: false };
    if (draw === "histogram") return this.chart.addSeries(HistogramSeries, { ...quiet, priceFormat: own }, pane);
    const made = this.chart.addSeries(LineSeries, { ...quiet, lineWidth: draw === "band" ? 1 : 2, color: token(`series-${tint}`), ...(pane ? { priceFormat: own } : {}) }, pane);
    if (draw === "dots") made.applyOptions({ lineVisible: false, pointMarkersVisible: true, pointMarkersRadius: 1.8 });
    if (draw === "level") made.applyOptions({ lineType: LineType.WithSteps, lineStyle: LineStyle.Dashed, lineWidth: 1 });
    return made;
  }

  setData(rows) { this.lines.forEach((line, at) => line.series?.setData(rows.map((row) => this.#point(line, row, at)))); }

  update(row) { this.lines.forEach((line, at) => line.series?.update(this.#point(line, row, at))); }

  restyle() { for (const line of this.lines) if (line.draw !== "histogram") line.series?.applyOptions({ color: token(`series-${line.tint}`) }); }

  #point(line, row, at) {
    const value = row[7 + at];
    const time = row[0] / 1000;
    if (value === null || value === undefined) return { time };
    const colour = line.draw === "histogram" ? token(value >= 0 ? "up-solid" : "down-solid") : token(`series-${line.tint}`);
    if (row[6] === 0) return { time, value, color: faded(colour, 0.5) };
    return line.draw === "histogram" ? { time, value, color: faded(colour, 0.85) } : { time, value };
  }
}
