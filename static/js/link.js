/* The page's one live line, and how its state is shown: dot, words, banner with a countdown. */
import { connect } from "./live.js";

const root = document.documentElement;
const shown = {
  connecting: ["warn", "Connecting"],
  live: ["good", "Live"],
  stale: ["warn", "Quiet"],
  lost: ["bad", "Lost"],
  down: ["bad", "Off"],
};

export const live = connect({ onState: paintState });

document.addEventListener("click", (event) => { if (event.target.closest("[data-reconnect]")) live.retryNow(); });
addEventListener("pagehide", () => live.close());
addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });

function paintState({ state, ageMs, retryInMs, code }) {
  const [kind, word] = shown[state];
  const box = document.querySelector("[data-link-state]");
  if (box) {
    const dot = box.querySelector(".dot");
    if (dot.dataset.kind !== kind) { dot.className = `dot ${kind}${kind === "good" ? " pulse" : ""}`; dot.dataset.kind = kind; }
    const text = box.querySelector("[data-link-text]");
    if (text.textContent !== word) text.textContent = word;
    box.title = ageMs === null ? "No message yet" : `Last message ${(ageMs / 1000).toFixed(0)} s ago`;
  }
  const lost = state === "lost" || state === "down";
  if (lost) root.dataset.link = "lost"; else if (state !== "connecting") delete root.dataset.link;
  const banner = document.querySelector("[data-lost]");
  if (!banner) return;
  banner.hidden = !lost && root.dataset.link !== "lost";
  const text = banner.querySelector("[data-lost-text]");
  const said = code === 4401 ? "You are signed out. Sign in again to see live prices."
    : retryInMs !== null ? `Connection lost. Prices are not current. Trying again in ${Math.ceil(retryInMs / 1000)} s.`
      : lost ? "Connection closed. Prices are not current." : "Connection lost. Trying now…";
  if (text.textContent !== said) text.textContent = said;
}
