/* The system page: each stage's lag, rate and health, each feed with what it refused. */
import { number } from "./numbers.js";
import { onFeed } from "./status.js";

let before = null;

onFeed((told) => {
  const now = performance.now();
  const rates = before && new Map(before.stages.map((each) => [each.name, each.messages]));
  for (const stage of told.stages ?? []) {
    const rate = rates?.has(stage.name) ? (stage.messages - rates.get(stage.name)) * 1000 / (now - before.at) : null;
    row(stage.name, number(stage.lag, 0), rate, stage.last_error, stage.dead, perMessage(stage));
  }
  const failed = (told.feeds ?? []).map((each) => each.error).find(Boolean) ?? "";
  row("ingest", `${number(told.lag_ms, 0)} ms`, told.ticks_per_s, failed, 0, "");
  before = { stages: told.stages ?? [], at: now };
  feeds(told.feeds ?? []);
});

const perMessage = (stage) => (stage.messages ? `${number(stage.seconds * 1e6 / stage.messages, 0)} µs` : "–");

function row(name, lag, rate, error, dead, cost) {
  const line = document.querySelector(`[data-stage="${name}"]`);
  if (!line) return;
  const put = (cell, text) => { const box = line.querySelector(`[data-cell="${cell}"]`); if (box.textContent !== text) box.textContent = text; };
  put("lag", lag);
  put("rate", rate === null ? "–" : number(rate, 0));
  put("cost", cost || "–");
  const badge = line.querySelector(".badge");
  const [kind, word] = error ? ["bad", "error"] : dead ? ["warn", `${dead} set aside`] : ["good", "well"];
  badge.className = `badge ${kind}`;
  badge.title = error;
  if (badge.textContent !== word) badge.textContent = word;
}

function feeds(list) {
  const box = document.querySelector("[data-feed]");
  if (!list.length) return;
  box.replaceChildren(...list.map((feed) => {
    const made = document.createElement("dl");
    made.className = "facts pad";
    for (const [name, value] of flat(feed)) {
      const text = typeof value === "number" ? number(value, Number.isInteger(value) ? 0 : 2) : typeof value === "boolean" ? (value ? "yes" : "no") : String(value || "none");
      made.append(Object.assign(document.createElement("dt"), { textContent: name.replaceAll("_", " ") }), Object.assign(document.createElement("dd"), { textContent: text }));
    }
    return made;
  }));
}

function* flat(facts, above = "") {
  for (const [name, value] of Object.entries(facts)) {
    if (value && typeof value === "object") yield* flat(value, `${above}${name} `);
    else yield [above + name, value];
  }
}
