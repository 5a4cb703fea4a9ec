// The pages can be read without this. It sorts tables, filters the class, opens
// the check that a link leads to, and opens everything for printing.
"use strict";
(() => {
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];

  const valueOf = (row, column) => {
    const cell = row.cells[column];
    return cell ? cell.dataset.sort ?? cell.textContent.trim() : "";
  };
  const compare = (a, b) => {
    const x = Number(a), y = Number(b);
    if (a !== "" && b !== "" && !Number.isNaN(x) && !Number.isNaN(y)) return x - y;
    return a.localeCompare(b, undefined, { numeric: true, sensitivity: "base" });
  };
  const sort = (table, header) => {
    const column = header.cellIndex, body = table.tBodies[0];
    const down = header.getAttribute("aria-sort") === (header.dataset.first === "down" ? "none" : "ascending");
    for (const h of all("th[aria-sort]", table)) h.setAttribute("aria-sort", "none");
    header.setAttribute("aria-sort", down ? "descending" : "ascending");
    const rows = all("tr", body).filter(row => !row.classList.contains("step"));
    rows.sort((a, b) => {
      const x = valueOf(a, column), y = valueOf(b, column);
      if (x === "" || y === "") return (x === "") - (y === ""); // what has no value stays below
      return down ? compare(y, x) : compare(x, y);
    });
    for (const row of all("tr.step", body)) row.hidden = true; // steps mean something in the lab's order only
    body.append(...rows);
  };
  for (const table of all("table[data-sortable]")) {
    for (const header of all("thead th[data-key]", table)) {
      const button = document.createElement("button");
      button.type = "button";
      button.append(...header.childNodes);
      header.append(button);
      header.setAttribute("aria-sort", "none");
      button.addEventListener("click", () => sort(table, header));
    }
  }

  const tools = document.getElementById("class-tools");
  if (tools) {
    tools.hidden = false;
    const word = tools.querySelector("input"), look = tools.querySelector("select"), told = tools.querySelector("output");
    const rows = all("#class tbody tr");
    const filter = () => {
      const wanted = word.value.trim().toLocaleLowerCase();
      let shown = 0;
      for (const row of rows) {
        const tags = row.dataset.tags.split("|");
        row.hidden = !(row.dataset.name.toLocaleLowerCase().includes(wanted) && (look.value === "" || tags.includes(look.value)));
        if (!row.hidden) shown++;
      }
      told.textContent = shown + " of " + rows.length + " shown";
    };
    word.addEventListener("input", filter);
    look.addEventListener("change", filter);
    filter();
  }

  const checks = all("details.check, details.stop");
  for (const button of all("button[data-open]")) {
    button.hidden = false;
    button.addEventListener("click", () => {
      for (const d of checks) d.open = button.dataset.open === "all";
    });
  }
  const reveal = () => {
    const target = location.hash && document.getElementById(location.hash.slice(1));
    const details = target && target.closest("details");
    if (details) {
      details.open = true;
      target.scrollIntoView();
    }
  };
  addEventListener("hashchange", reveal);
  reveal();

  let closed = [];
  addEventListener("beforeprint", () => {
    closed = all("details:not([open])");
    for (const d of closed) d.open = true;
  });
  addEventListener("afterprint", () => {
    for (const d of closed) d.open = false;
  });
})();
