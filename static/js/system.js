/* The status channel: stages with lag and rate, the feed with what it refused. */
import { live } from "./link.js";
import { number } from "./numbers.js";

live.subscribe("status", (message) => {
  const told = message.d ?? {};
  if (message.t === "snapshot") { if (told.stages) stages(told.stages); if (told.feed) feed(told.feed); }
  else if (message.t === "stages") stages(told);
  else if (message.t === "feed") feed(told);
});

function stages(told) {
  const list = Array.isArray(told) ? told : told.stages ?? Object.entries(told).map(([name, facts]) => ({ name, ...facts }));
  for (const each of list) {
    const row = document.querySelector(`[data-stage="${each.name}"]`);
    if (!row) continue;
    const put = (cell, text) => { row.querySelector(`[data-cell="${cell}"]`).textContent = text; };
    put("lag", each.lag === undefined ? "–" : number(each.lag, 0));
    put("rate", each.rate === undefined ? "–" : number(each.rate, 0));
    const badge = row.querySelector(".badge");
    const well = each.health === undefined || each.health === "ok" || each.health === true;
    badge.className = `badge ${well ? "good" : "bad"}`;
    badge.textContent = well ? "well" : String(each.health);
  }
}

function feed(told) {
  const box = document.querySelector("[data-feed]");
  const list = document.createElement("dl");
  list.className = "facts pad";
  for (const [name, value] of flat(told)) {
    list.append(Object.assign(document.createElement("dt"), { textContent: name.replaceAll("_", " ") }), Object.assign(document.createElement("dd"), { textContent: typeof value === "number" ? number(value, Number.isInteger(value) ? 0 : 2) : String(value ?? "–") }));
  }
  box.replaceChildren(list);
}

function* flat(facts, before = "") {
  for (const [name, value] of Object.entries(facts)) {
    if (value && typeof value === "object" && !Array.isArray(value)) yield* flat(value, `${before}${name} `);
    else yield [before + name, Array.isArray(value) ? value.join(", ") : value];
  }
}
