/* The indicator picker: the registry as a list with a search, each with a form of its ranged parameters. */
import { remember, recall } from "../page.js";

export class Picker {
  /** `onPick(text, replaced)`: the text form of what was chosen, and of what it takes the place of (or null). */
  constructor(dialog, catalogue, onPick) {
    [this.dialog, this.catalogue, this.onPick] = [dialog, catalogue, onPick];
    this.list = dialog.querySelector("[data-picker-list]");
    this.form = dialog.querySelector("[data-picker-form]");
    this.search = dialog.querySelector("[data-picker-search]");
    this.search.addEventListener("input", () => this.#fill());
    this.search.addEventListener("keydown", (event) => { if (event.key === "Enter") { event.preventDefault(); this.list.querySelector("button")?.click(); } });
    this.form.addEventListener("submit", (event) => { event.preventDefault(); this.#take(); });
    this.form.addEventListener("click", (event) => { if (event.target.closest("[data-back]")) this.open(); });
  }

  open() {
    this.form.hidden = true;
    this.list.parentElement.hidden = false;
    this.search.value = "";
    this.#fill();
    if (!this.dialog.open) this.dialog.showModal();
    this.search.focus();
  }

  /** Change the parameters of one that is on the chart. */
  edit(text) {
    const [, name, args] = /^([a-z0-9_]+)\((.*)\)$/.exec(text);
    this.#ask(this.catalogue.find((spec) => spec.name === name), args ? args.split(",").map(Number) : [], text);
    if (!this.dialog.open) this.dialog.showModal();
  }

  #fill() {
    const words = this.search.value.trim().toLowerCase();
    const found = this.catalogue.filter((spec) => `${spec.name} ${spec.title}`.toLowerCase().includes(words));
    this.list.replaceChildren(...found.map((spec) => {
      const made = Object.assign(document.createElement("button"), { type: "button" });
      const name = Object.assign(document.createElement("strong"), { textContent: spec.title });
      const where = Object.assign(document.createElement("span"), { className: "faint small-text push", textContent: spec.overlay ? "over the price" : "own pane" });
      made.append(name, where);
      made.addEventListener("click", () => this.#ask(spec, recall(`params.${spec.name}`, []), null));
      const item = document.createElement("li");
      item.append(made);
      return item;
    }));
    if (!found.length) this.list.append(Object.assign(document.createElement("li"), { className: "pad soft", textContent: `No indicator is called “${this.search.value}”.` }));
  }

  #ask(spec, values, replaced) {
    [this.spec, this.replaced] = [spec, replaced];
    this.list.parentElement.hidden = true;
    this.form.hidden = false;
    this.form.querySelector("[data-picker-title]").textContent = spec.title;
    this.form.querySelector("[data-picker-source]").textContent = spec.source;
    this.form.querySelector("[type=submit]").textContent = replaced ? "Change" : "Add to chart";
    const box = this.form.querySelector("[data-picker-fields]");
    box.replaceChildren(...spec.params.map((param, at) => field(param, values[at] ?? param.default)));
    (box.querySelector("input") ?? this.form.querySelector("[type=submit]")).focus();
  }

  #take() {
    if (!this.form.reportValidity()) return;
    const values = [...this.form.querySelectorAll("input")].map((input) => Number(input.value));
    if (values.length) remember(`params.${this.spec.name}`, values);
    this.onPick(`${this.spec.name}(${values.join(",")})`, this.replaced);
    this.dialog.close();
  }
}

function field(param, value) {
  const id = `param-${param.name}`;
  const box = Object.assign(document.createElement("div"), { className: "field" });
  const label = Object.assign(document.createElement("label"), { htmlFor: id });
  label.append(Object.assign(document.createElement("span"), { textContent: param.name.replaceAll("_", " ") }),
    Object.assign(document.createElement("span"), { className: "range", textContent: `${param.low} to ${param.high}, usually ${param.default}` }));
  const input = Object.assign(document.createElement("input"), { id, type: "number", min: param.low, max: param.high, step: param.step, value, required: true });
  input.setAttribute("aria-describedby", `${id}-help`);
  box.append(label, input, Object.assign(document.createElement("p"), { className: "help", id: `${id}-help`, textContent: param.help }));
  return box;
}
