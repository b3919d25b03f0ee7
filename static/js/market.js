/* Market watch: keys on a row, the slash that searches, sparklines that follow the price. */
import { onPrice } from "./cells.js";

document.addEventListener("keydown", (event) => {
  const typing = event.target.closest("input, select, textarea, dialog");
  if (event.key === "/" && !typing) { event.preventDefault(); document.querySelector("[data-search]").focus(); return; }
  if (event.key === "Escape" && event.target.matches("[data-search]")) { event.target.blur(); clearFound(); return; }
  if (typing || event.ctrlKey || event.metaKey || event.altKey) return;
  const side = { b: "buy", s: "sell" }[event.key.toLowerCase()];
  const row = event.target.closest("tr[data-symbol]") ?? document.querySelector('tr[data-symbol][tabindex="0"]');
  if (side && row) { event.preventDefault(); row.querySelector(`[data-ticket="${side}"]`)?.click(); }
});

document.addEventListener("click", (event) => {
  const focus = event.target.closest("[data-focus]");
  if (focus) document.querySelector(focus.dataset.focus)?.focus();
  if (!event.target.closest("#found, .search")) clearFound();
});
document.addEventListener("htmx:afterRequest", (event) => { if (event.target.matches?.("[data-found]")) { document.querySelector("[data-search]").value = ""; clearFound(); } });

document.addEventListener("htmx:afterSwap", (event) => { if (event.target.id === "found" && !document.activeElement.matches("[data-search]")) clearFound(); });

function clearFound() { document.getElementById("found").replaceChildren(); }

/* The path the server drew is moved on with the price: its last point stands for now. */
const sparks = new Map();
const MINUTE_MS = 60_000;

onPrice(([key, , , last]) => {
  const svg = document.querySelector(`[data-spark="${key}"]`);
  if (!svg || last === null) return;
  let state = sparks.get(key);
  if (!state || state.svg !== svg) sparks.set(key, state = { svg, values: svg.dataset.values ? svg.dataset.values.split(" ").map(Number) : [], at: -MINUTE_MS });
  const now = performance.now();
  if (now - state.at > MINUTE_MS) { state.values.push(last); state.at = now; if (state.values.length > 48) state.values.shift(); }
  else state.values[state.values.length - 1] = last;
  svg.firstElementChild.setAttribute("d", draw(state.values));
  const rising = last >= state.values[0];
  svg.setAttribute("class", `spark ${rising ? "up" : "down"}`);
});

function draw(values) {
  if (values.length < 2) return "";
  const low = Math.min(...values);
  const span = Math.max(...values) - low || 1;
  return `M${values.map((value, at) => `${(at * 100 / (values.length - 1)).toFixed(1)} ${(22 - (value - low) / span * 20).toFixed(1)}`).join("L")}`;
}
