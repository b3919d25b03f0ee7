/* The words over the chart: OHLC, change and every indicator's value under the cursor, or now. */
import { arrow, number, percent, tone } from "../numbers.js";
import { stamp } from "./theme.js";

export class Legend {
  constructor(box, { decimals, onRemove, onEdit }) {
    [this.box, this.decimals] = [box, decimals];
    this.act = (event) => {
      const button = event.target.closest("button[data-study]");
      if (button) (button.dataset.act === "remove" ? onRemove : onEdit)(button.dataset.study);
    };
    box.addEventListener("click", this.act);
    this.head = line();
    box.replaceChildren(this.head);
    this.panes = [];
  }

  /** One line for each indicator: over the candles here, at the top of its pane there. */
  build(studies) {
    for (const each of this.box.querySelectorAll(".study-line")) each.remove();
    for (const each of this.panes) each.box.remove();
    this.panes = [];
    this.lines = [];
    for (const text of new Set(studies.lines.map((each) => each.text))) {
      const mine = studies.lines.map((each, at) => ({ ...each, at })).filter((each) => each.text === text);
      const made = line("study-line");
      const name = Object.assign(document.createElement("span"), { className: "row tight" });
      name.append(swatch(mine[0].tint), Object.assign(document.createElement("b"), { textContent: text.replace("()", "").replaceAll(",", ", ") }), button(text, "edit", "Change"), button(text, "remove", "Remove"));
      const values = document.createElement("span");
      made.append(name, values);
      this.lines.push({ values, mine });
      if (mine[0].pane === 0) this.box.append(made);
      else {
        const box = Object.assign(document.createElement("div"), { className: "pane-legend" });
        box.append(made);
        this.box.parentElement.append(box);
        this.panes.push({ box, pane: mine[0].pane });
        box.addEventListener("click", this.act);
      }
    }
  }

  place(chart) {
    let top = 0;
    const tops = chart.panes().map((pane) => { const at = top; top += pane.getHeight() + 1; return at; });
    for (const { box, pane } of this.panes) if (tops[pane] !== undefined) box.style.top = `${tops[pane] + 4}px`;
  }

  show(row, before) {
    if (!row) { this.head.textContent = ""; return; }
    const change = before ? row[4] - before[4] : row[4] - row[1];
    const base = before ? before[4] : row[1];
    const price = (value) => number(value, this.decimals);
    this.head.replaceChildren();
    const put = (label, text, kind = "") => {
      const made = Object.assign(document.createElement("span"), { className: kind });
      if (label) made.append(Object.assign(document.createElement("i"), { textContent: label }));
      made.append(text);
      this.head.append(made);
    };
    const kind = tone(row[4] - row[1]);
    put("O", price(row[1]), kind); put("H", price(row[2]), kind); put("L", price(row[3]), kind); put("C", price(row[4]), kind);
    put("", `${arrow(change)} ${number(change, this.decimals, { signed: true })} ${percent(change / base)}`, tone(change));
    if (row[5]) put("Vol", number(row[5], row[5] < 10 ? 2 : 0));
    put("", row[6] ? stamp(row[0]) : "forming", "forming");
    for (const { values, mine } of this.lines ?? []) {
      const text = mine.filter((each) => each.draw !== "none").map((each) => {
        const value = row[7 + each.at];
        const shown = value === null || value === undefined ? "–" : number(value, Math.abs(value) >= 1000 ? 2 : each.spec.overlay ? this.decimals : 2 + (Math.abs(value) < 1) * 2);
        return mine.length > 1 ? `${each.output} ${shown}` : shown;
      }).join("  ");
      if (values.textContent !== text) values.textContent = text;
      values.className = row[6] ? "" : "forming";
    }
  }
}

const line = (kind = "") => Object.assign(document.createElement("div"), { className: `legend-line ${kind}` });
const swatch = (tint) => Object.assign(document.createElement("span"), { className: `swatch s${tint}` });

function button(study, act, word) {
  const made = Object.assign(document.createElement("button"), { type: "button", textContent: act === "remove" ? "×" : "⋯", title: `${word} ${study}` });
  made.setAttribute("aria-label", `${word} ${study}`);
  Object.assign(made.dataset, { study, act });
  return made;
}
