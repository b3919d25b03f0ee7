/* How a chart looks, out of the tokens, and its times in the user's zone. */
import { token, page } from "../page.js";
import { CrosshairMode, LineStyle } from "../../vendor/lightweight-charts.mjs";

const part = (options) => new Intl.DateTimeFormat("en-GB", { timeZone: page.zone, ...options });
const clock = part({ hour: "2-digit", minute: "2-digit" });
const second = part({ hour: "2-digit", minute: "2-digit", second: "2-digit" });
const day = part({ day: "numeric", month: "short" });
const month = part({ month: "short" });
const year = part({ year: "numeric" });
const whole = part({ weekday: "short", day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit", second: "2-digit" });

const MARKS = [year, month, day, clock, second]; // by the library's TickMarkType

/** Options that follow the theme; apply them again when it changes. */
export function look() {
  const line = token("line");
  return {
    layout: {
      background: { color: token("surface") },
      textColor: token("ink-faint"),
      fontFamily: getComputedStyle(document.body).fontFamily,
      fontSize: 11,
      panes: { separatorColor: line, separatorHoverColor: token("hover") },
    },
    grid: { vertLines: { color: token("grid") }, horzLines: { color: token("grid") } },
    crosshair: {
      mode: CrosshairMode.Normal,
      vertLine: { color: token("ink-faint"), style: LineStyle.Dotted, labelBackgroundColor: token("solid") },
      horzLine: { color: token("ink-faint"), style: LineStyle.Dotted, labelBackgroundColor: token("solid") },
    },
    rightPriceScale: { borderColor: line },
    timeScale: { borderColor: line },
  };
}

export function always() {
  return {
    autoSize: true,
    layout: { attributionLogo: false }, // it brings a style element that the content policy refuses; the credit stands below each chart
    localization: { timeFormatter: (time) => whole.format(time * 1000) },
    timeScale: { timeVisible: true, secondsVisible: true, rightOffset: 8, minBarSpacing: 1.5, tickMarkFormatter: (time, kind) => MARKS[kind].format(time * 1000) },
    rightPriceScale: { minimumWidth: 68 },
    handleScale: { axisPressedMouseMove: { time: true, price: true } },
  };
}

export function candleColours() {
  const [up, down] = [token("up-solid"), token("down-solid")];
  return { upColor: up, downColor: down, borderUpColor: up, borderDownColor: down, wickUpColor: up, wickDownColor: down };
}

/** A forming candle is hollow: it is not yet a fact. */
export function hollow(row) {
  const edge = token(row[4] >= row[1] ? "up-solid" : "down-solid");
  return { color: token("surface"), borderColor: edge, wickColor: faded(edge, 0.6) };
}

export const faded = (colour, share) => colour.replace(/[\d.]+\)$/, `${share})`);
export const stamp = (ms) => whole.format(ms);
