/* The frame: theme, rail, row height, clock, ages, menus that close, the kill switch that is held. */
import { ago } from "./numbers.js";
import { toast } from "./page.js";

const root = document.documentElement;
const THEMES = ["system", "light", "dark"];

function keep(key, value) { try { localStorage.setItem(`velox.${key}`, value); } catch { /* private mode */ } }

function startTheme() {
  const button = document.querySelector("[data-theme-toggle]");
  if (!button) return;
  const word = button.querySelector("[data-theme-word]");
  const now = () => root.dataset.theme ?? "system";
  const say = () => { word.textContent = `Theme: ${now() === "system" ? "as the device" : now()}`; };
  say();
  button.addEventListener("click", () => {
    const next = THEMES[(THEMES.indexOf(now()) + 1) % THEMES.length];
    keep("theme", next);
    if (next === "system") delete root.dataset.theme; else root.dataset.theme = next;
    say();
    dispatchEvent(new Event("velox:theme"));
  });
}

function startRail() {
  const button = document.querySelector("[data-rail-toggle]");
  if (!button) return;
  const say = () => button.setAttribute("aria-pressed", String(root.dataset.rail === "slim"));
  say();
  button.addEventListener("click", () => {
    if (root.dataset.rail === "slim") delete root.dataset.rail; else root.dataset.rail = "slim";
    keep("rail", root.dataset.rail ?? "wide");
    say();
  });
  document.querySelector("[data-density-toggle]")?.addEventListener("click", () => {
    if (root.dataset.density) delete root.dataset.density; else root.dataset.density = "comfortable";
    keep("density", root.dataset.density ?? "dense");
  });
}

function startClock() {
  const clock = document.querySelector("[data-clock]");
  const format = clock && new Intl.DateTimeFormat("en-GB", { timeZone: clock.dataset.zone, hour: "2-digit", minute: "2-digit", second: "2-digit" });
  const tick = () => {
    if (!document.hidden) {
      if (clock) clock.textContent = format.format(new Date());
      for (const each of document.querySelectorAll("time[data-ago]")) {
        const text = ago(Date.now() - Date.parse(each.dateTime));
        if (each.dateTime && each.textContent !== text) each.textContent = text;
      }
    }
    setTimeout(tick, 1000 - (Date.now() % 1000));
  };
  tick();
}

function startMenus() {
  document.addEventListener("click", (event) => {
    for (const menu of document.querySelectorAll("details.menu[open]")) if (!menu.contains(event.target)) menu.open = false;
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    for (const menu of document.querySelectorAll("details.menu[open]")) { menu.open = false; menu.querySelector("summary").focus(); }
  });
}

/** Hold for a second to confirm. A key press or a short click opens the dialog that asks instead: never a trap. */
function startHold() {
  for (const button of document.querySelectorAll("[data-hold]")) {
    let timer = 0;
    let done = false;
    const begin = () => {
      done = false;
      button.classList.add("holding");
      timer = setTimeout(() => { done = true; button.disabled = true; document.getElementById(button.dataset.hold).requestSubmit(); }, 1000);
    };
    const end = () => { clearTimeout(timer); button.classList.remove("holding"); };
    button.addEventListener("pointerdown", (event) => { if (event.button === 0) begin(); });
    for (const name of ["pointerup", "pointerleave", "pointercancel"]) button.addEventListener(name, end);
    button.addEventListener("contextmenu", (event) => event.preventDefault());
    button.addEventListener("click", () => { end(); if (!done) document.getElementById(button.dataset.dialog)?.showModal(); });
  }
}

export function startFrame() {
  startTheme();
  startRail();
  startClock();
  startMenus();
  startHold();
  document.addEventListener("htmx:sendError", () => toast("Nothing was sent: the server cannot be reached. Try again when the connection is back.", "bad"));
  document.addEventListener("htmx:responseError", (event) => {
    const said = event.detail.xhr.getResponseHeader("X-Velox-Message");
    toast(said ? decodeURIComponent(said) : `The server refused (${event.detail.xhr.status}). Nothing was changed.`, "bad");
  });
  document.addEventListener("htmx:beforeSwap", (event) => { // a fragment that became the sign-in page: the session has ended
    if (!new URL(event.detail.xhr.responseURL || location.href).pathname.startsWith("/login")) return;
    event.detail.shouldSwap = false;
    location.assign(`/login/?next=${encodeURIComponent(location.pathname)}`);
  });
  document.addEventListener("velox:toast", (event) => toast(event.detail.text ?? event.detail.value, event.detail.kind));
}
