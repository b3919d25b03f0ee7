/* What the server said about this page, and the few things every module needs. */
const facts = document.querySelector('meta[name="velox"]')?.dataset ?? {};

export const page = {
  account: facts.account || null,
  currency: facts.currency || "",
  mode: facts.mode || "",
  zone: facts.zone || "UTC",
  mayTrade: Boolean(facts.trade),
};

export const calm = matchMedia("(prefers-reduced-motion: reduce)");

/** Kept choices: JSON under one prefix; a browser that refuses storage only forgets. */
export function remember(key, value) {
  try { localStorage.setItem(`velox.${key}`, JSON.stringify(value)); } catch { /* private mode */ }
}
export function recall(key, fallback) {
  try { return JSON.parse(localStorage.getItem(`velox.${key}`)) ?? fallback; } catch { return fallback; }
}

/** Run at most once in a frame, with the newest arguments; nothing is painted in a hidden tab. */
export function perFrame(paint) {
  let waiting = null;
  const run = () => { const args = waiting; waiting = null; paint(...args); };
  document.addEventListener("visibilitychange", () => { if (!document.hidden && waiting) requestAnimationFrame(run); });
  return (...args) => {
    const idle = waiting === null;
    waiting = args;
    if (idle && !document.hidden) requestAnimationFrame(run);
  };
}

/** A token's colour as the canvas understands it, in the theme that now holds. */
export function token(name) {
  return colours.get(name) ?? colours.set(name, tokenRead(name)).get(name);
}

const colours = new Map(); // until the theme changes
const forget = () => colours.clear();
addEventListener("velox:theme", forget);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", forget);

function tokenRead(name) {
  const probe = tokenRead.probe ??= document.body.appendChild(Object.assign(document.createElement("i"), { hidden: true }));
  probe.style.color = `var(--${name})`;
  const made = getComputedStyle(probe).color;
  const pen = tokenRead.pen ??= Object.assign(document.createElement("canvas"), { width: 1, height: 1 }).getContext("2d", { willReadFrequently: true });
  pen.clearRect(0, 0, 1, 1);
  pen.fillStyle = made;
  pen.fillRect(0, 0, 1, 1);
  const [r, g, b, a] = pen.getImageData(0, 0, 1, 1).data;
  return `rgba(${r}, ${g}, ${b}, ${(a / 255).toFixed(3)})`;
}

export function onTheme(act) {
  addEventListener("velox:theme", act);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", act);
}

/** A short word in the corner, announced to screen readers. Money facts only: never ticks. One a key: it is rewritten. */
export function toast(text, kind = "info", key = null) {
  const box = document.getElementById("toasts");
  if (!box) return;
  const before = key && box.querySelector(`[data-key="${CSS.escape(key)}"]`);
  if (before) { before.firstChild.textContent = text; return; }
  const made = document.createElement("div");
  made.className = `toast ${kind}`;
  if (key) made.dataset.key = key;
  made.append(Object.assign(document.createElement("p"), { textContent: text }));
  box.append(made);
  while (box.children.length > 4) box.firstChild.remove();
  setTimeout(() => made.remove(), kind === "bad" ? 9000 : 5000);
}
