/* Tables: arrow keys walk the rows, Enter opens the row's own link, headers sort, a table can be saved as CSV. */
export function startTables() {
  document.addEventListener("keydown", walk);
  document.addEventListener("click", (event) => {
    const header = event.target.closest("table[data-sortable] th button");
    if (header) sort(header.closest("th"));
    const save = event.target.closest("[data-csv]");
    if (save) csv(document.getElementById(save.dataset.csv), save.dataset.name ?? "table");
  });
  prepare(document);
  document.addEventListener("htmx:afterSettle", (event) => prepare(event.target));
}

function prepare(scope) {
  for (const row of scope.querySelectorAll("table[data-rows] tbody tr:not([tabindex])")) row.tabIndex = -1;
  for (const body of scope.querySelectorAll("table[data-rows] tbody")) {
    if (!body.querySelector('tr[tabindex="0"]') && body.rows[0]) body.rows[0].tabIndex = 0;
  }
}

function walk(event) {
  const row = event.target.closest?.("table[data-rows] tbody tr");
  if (!row || event.target !== row) return;
  const to = { ArrowDown: row.nextElementSibling, ArrowUp: row.previousElementSibling, Home: row.parentNode.firstElementChild, End: row.parentNode.lastElementChild }[event.key];
  if (to) {
    event.preventDefault();
    row.tabIndex = -1;
    to.tabIndex = 0;
    to.focus();
  } else if (event.key === "Enter") {
    row.querySelector("a[href]")?.click();
  }
}

function sort(header) {
  const table = header.closest("table");
  const column = header.cellIndex;
  const descending = header.getAttribute("aria-sort") !== "descending";
  for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
  header.setAttribute("aria-sort", descending ? "descending" : "ascending");
  const value = (row) => {
    const cell = row.cells[column];
    const text = cell?.dataset.value ?? cell?.textContent.trim() ?? "";
    const exact = Number(text.replace("−", "-").replace(/[^0-9.eE-]/g, ""));
    return cell?.classList.contains("num") && text !== "–" && !Number.isNaN(exact) ? exact : text.toLowerCase();
  };
  const rows = [...table.tBodies[0].rows].sort((a, b) => {
    const [x, y] = [value(a), value(b)];
    const order = typeof x === typeof y ? (x < y ? -1 : x > y ? 1 : 0) : typeof x === "number" ? -1 : 1;
    return descending ? -order : order;
  });
  table.tBodies[0].append(...rows);
}

function csv(table, name) {
  const quote = (text) => `"${text.trim().replace(/\s+/g, " ").replace("−", "-").replaceAll('"', '""').replace(/^([=+@])/, "'$1")}"`;
  const lines = [...table.querySelectorAll("thead tr, tbody tr")].map((row) =>
    [...row.cells].filter((cell) => !cell.classList.contains("actions")).map((cell) => quote(cell.dataset.csv ?? cell.textContent)).join(","));
  const link = Object.assign(document.createElement("a"), { href: URL.createObjectURL(new Blob([lines.join("\r\n")], { type: "text/csv" })), download: `${name}.csv` });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}
