/* The order ticket: what it will cost and leave is worked out as you type, and the button says what will happen. */
import { onPrice, quoteOf } from "./cells.js";
import { decimals, money, number } from "./numbers.js";
import { recall, remember } from "./page.js";

const plainQty = (value) => number(value, decimals(value));

export function startTicket() {
  for (const form of document.querySelectorAll("[data-ticket-form]")) begin(form);
  document.addEventListener("input", (event) => { const form = event.target.closest("[data-ticket-form]"); if (form) show(form); });
  document.addEventListener("change", (event) => { const form = event.target.closest("[data-ticket-form]"); if (form) { fillPrices(form, event.target); show(form); } });
  document.addEventListener("htmx:afterSettle", (event) => {
    const dialog = document.getElementById("ticket");
    const form = (event.target.closest?.("[data-ticket-form]")) ?? event.target.querySelector?.("[data-ticket-form]");
    if (form) begin(form);
    if (dialog?.contains(event.target) && dialog.querySelector("[data-ticket-form]") && !dialog.open) {
      dialog.showModal();
      dialog.querySelector('[name="qty"]').select();
    }
    form?.querySelector(".wrong input")?.focus();
  });
  onPrice(([key]) => { for (const form of document.querySelectorAll(`[data-ticket-form][data-number="${key}"]`)) show(form); });
  document.addEventListener("keydown", keys);
  document.body.addEventListener("velox:position", ({ detail }) => {
    for (const form of document.querySelectorAll(`[data-ticket-form][data-number="${detail.instrument}"]`)) { form.dataset.held = detail.qty; show(form); }
  });
}

/** The size last sent on this instrument is where the next ticket starts. */
function begin(form) {
  const input = form.querySelector('[name="qty"]');
  const kept = recall(`qty.${form.dataset.number}`, null);
  if (kept && !form.querySelector(".notice, .wrong") && input.value === input.min) input.value = kept;
  form.addEventListener("submit", () => remember(`qty.${form.dataset.number}`, input.value));
  show(form);
}

/** B and S on a page that has its own ticket. */
function keys(event) {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const home = document.querySelector("[data-ticket-home]");
  if (!home) return;
  if (event.key === "Escape" && home.contains(event.target)) { event.target.blur(); return; }
  const side = { b: "buy", s: "sell" }[event.key.toLowerCase()];
  if (!side || event.target.closest("input:not([type=radio]), select, textarea, dialog")) return;
  event.preventDefault();
  const form = home.querySelector("[data-ticket-form]");
  form.querySelector(`[name="side"][value="${side}"]`).checked = true;
  show(form);
  form.scrollIntoView({ block: "nearest" });
  form.querySelector('[name="qty"]').select();
}

const chosen = (form, name) => form.querySelector(`[name="${name}"]:checked`)?.value;
const typed = (form, name) => Number(form.querySelector(`[name="${name}"]`)?.value) || null;

/** Choosing a type that needs a price starts from the last one. */
function fillPrices(form, changed) {
  if (changed.name !== "order_type") return;
  const last = quoteOf(form.dataset.number)?.[3] ?? (Number(form.dataset.last) || null);
  if (last === null) return;
  for (const name of ["limit_price", "trigger_price"]) {
    const input = form.querySelector(`[name="${name}"]`);
    if (!input.value) input.value = last.toFixed(Number(form.dataset.decimals));
  }
}

function show(form) {
  const { dataset } = form;
  const side = chosen(form, "side");
  const kind = chosen(form, "order_type");
  const qty = typed(form, "qty");
  const [, bid, ask, last] = quoteOf(dataset.number) ?? [null, null, null, Number(dataset.last) || null];
  const market = side === "buy" ? ask ?? last : bid ?? last;
  const price = kind === "market" ? market : kind === "sl_m" ? typed(form, "trigger_price") : typed(form, "limit_price");
  const button = form.querySelector("[data-ticket-submit]");
  button.classList.toggle("buy", side === "buy");
  button.classList.toggle("sell", side === "sell");
  put(button.querySelector("span"), `${side === "buy" ? "Buy" : "Sell"} ${qty ? plainQty(qty) : ""} · ${dataset.mode === "live" ? "LIVE" : "DRY RUN"}`);
  put(form.querySelector("[data-ticket-worth]"), qty && price ? money(qty * price * Number(dataset.multiplier), dataset.currency) : "–");
  const after = Number(dataset.held) + (side === "buy" ? 1 : -1) * (qty ?? 0);
  const clean = Number(after.toFixed(8));
  put(form.querySelector("[data-ticket-after]"), !qty ? "–" : clean === 0 ? "flat" : `${clean > 0 ? "long" : "short"} ${plainQty(Math.abs(clean))}`);
}

function put(element, text) { if (element.textContent !== text) element.textContent = text; }
