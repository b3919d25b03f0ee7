/* The same rules as the server's number filters: real minus, grouping by the money's country, decimals by the tick. */
const SIGNS = { INR: "₹", USD: "$", EUR: "€", GBP: "£", JPY: "¥" };
const NO_CENTS = new Set(["JPY", "KRW"]);
const made = new Map();

function formatter(places, indian) {
  const key = `${places}${indian}`;
  if (!made.has(key)) {
    made.set(key, new Intl.NumberFormat(indian ? "en-IN" : "en-US", { minimumFractionDigits: places, maximumFractionDigits: places, roundingMode: "halfEven" }));
  }
  return made.get(key);
}

export function number(value, places, { indian = false, signed = false } = {}) {
  const exact = Number(value);
  if (value === null || value === undefined || value === "" || !Number.isFinite(exact)) return "–";
  const text = formatter(places, indian).format(Math.abs(exact));
  const zero = !/[1-9]/.test(text);
  return (zero ? "" : exact < 0 ? "−" : signed ? "+" : "") + text;
}

export function money(value, currency = "", { signed = false, places } = {}) {
  const text = number(value, places ?? (NO_CENTS.has(currency) ? 0 : 2), { indian: currency === "INR", signed });
  if (text === "–") return text;
  const unit = SIGNS[currency] ?? "";
  const sign = /^[+−]/.test(text) ? text[0] : "";
  return sign + unit + text.slice(sign.length) + (unit || !currency ? "" : ` ${currency}`);
}

export const percent = (share, places = 2) => (Number.isFinite(share) ? `${number(share * 100, places, { signed: true })} %` : "–");
export const tone = (value) => (Number(value) > 0 ? "up" : Number(value) < 0 ? "down" : "");
export const arrow = (value) => ({ up: "▲", down: "▼" })[tone(value)] ?? "";

/** Digits after the point that a step of this size needs. */
export function decimals(step) {
  const text = String(step);
  if (text.includes("e-")) return Number(text.split("e-")[1]);
  return text.includes(".") ? text.replace(/0+$/, "").split(".")[1].length : 0;
}

export function ago(ms) {
  const s = Math.max(0, ms / 1000);
  if (s < 1) return "just now";
  for (const [step, name] of [[86400, "d"], [3600, "h"], [60, "min"], [1, "s"]]) if (s >= step) return `${Math.floor(s / step)} ${name} ago`;
  return "just now";
}
