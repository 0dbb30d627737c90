"use strict";
(() => {
  const PAGE = window.matchMedia("(max-width: 640px)").matches ? 25 : 50;
  const CARDS = 20;
  const table = document.querySelector(".elements");
  if (!table) return;
  const body = table.tBodies[0];
  const rows = [...body.rows];
  const original = rows.slice();
  const controls = [...document.querySelectorAll("[data-filter]")];
  const search = document.querySelector("#search");
  const status = document.querySelector("#shown");
  const more = document.querySelector("#more");
  const nothing = document.querySelector("#nothing");
  const collator = new Intl.Collator(document.documentElement.lang, { numeric: true });
  let limit = PAGE;

  const text = new Map(rows.map((row) => [row, row.dataset.search.toLowerCase()]));

  /** As in twin/texts.py: {n} is the number, {n|card|cards} the word for so many. */
  const filled = (template, values) =>
    template.replace(/\{(\w+)(?:\|([^{}|]*)\|([^{}|]*))?\}/g, (_, name, one, many) =>
      one === undefined ? values[name] : values[name] === 1 ? one : many,
    );

  function apply() {
    const words = search.value.trim().toLowerCase().split(/\s+/).filter(Boolean);
    const wanted = controls.filter((control) => control.value).map((control) => [control.dataset.filter, control.value]);
    let matching = 0;
    for (const row of body.rows) {
      const fits = wanted.every(([key, value]) => row.dataset[key] === value) && words.every((word) => text.get(row).includes(word));
      if (fits) matching += 1;
      row.hidden = !fits || matching > limit;
    }
    const shown = Math.min(matching, limit);
    status.textContent = filled(status.dataset.template, { shown, total: rows.length });
    nothing.hidden = matching > 0;
    more.hidden = matching <= limit;
    more.textContent = filled(more.dataset.template, { n: Math.min(PAGE, matching - limit) });
  }

  function sort(header, ascending) {
    const column = header.cellIndex;
    const numeric = header.dataset.numeric !== undefined;
    const key = (row) => {
      const cell = row.cells[column];
      const value = cell.dataset.value ?? cell.textContent.trim();
      return numeric ? Number.parseFloat(value) : value;
    };
    const compare = numeric ? (a, b) => a - b : collator.compare;
    const keyed = original.map((row, place) => [key(row), place, row]);
    const empty = (value) => (numeric ? Number.isNaN(value) : value === "");
    keyed.sort(([a, i], [b, j]) => {
      if (empty(a) !== empty(b)) return empty(a) ? 1 : -1;
      const order = empty(a) ? 0 : compare(a, b);
      return (ascending ? order : -order) || i - j;
    });
    body.append(...keyed.map(([, , row]) => row));
    for (const other of header.parentElement.cells) other.removeAttribute("aria-sort");
    header.setAttribute("aria-sort", ascending ? "ascending" : "descending");
    apply();
  }

  for (const header of table.tHead.rows[0].cells) {
    header.querySelector("button").addEventListener("click", () => {
      const first = header.dataset.numeric === undefined ? "ascending" : "descending";
      const current = header.getAttribute("aria-sort");
      sort(header, current ? current !== "ascending" : first === "ascending");
    });
  }
  const refilter = () => {
    limit = PAGE;
    apply();
  };
  search.addEventListener("input", refilter);
  for (const control of controls) control.addEventListener("change", refilter);
  more.addEventListener("click", () => {
    limit += PAGE;
    apply();
  });
  document.querySelector("#reset").addEventListener("click", () => {
    search.value = "";
    for (const control of controls) control.value = "";
    refilter();
    search.focus();
  });
  for (const tile of document.querySelectorAll("[data-show]")) {
    tile.addEventListener("click", () => {
      for (const control of controls) control.value = control.dataset.filter === "mark" ? tile.dataset.show : "";
      search.value = "";
      refilter();
      document.querySelector("#elements").scrollIntoView();
    });
  }
  const cards = [...document.querySelectorAll(".card")];
  const moreCards = document.querySelector("#more-cards");
  function showCards(count) {
    for (const [place, card] of cards.entries()) card.hidden = place >= count;
    moreCards.hidden = cards.length <= count;
    moreCards.textContent = filled(moreCards.dataset.template, { n: cards.length - count });
  }
  const linked = () => cards.findIndex((card) => `#${card.id}` === location.hash);
  function follow() {
    if (linked() < 0 || !cards[linked()].hidden) return;
    showCards(cards.length);
    cards[linked()].scrollIntoView();
  }
  showCards(CARDS);
  follow();
  window.addEventListener("hashchange", follow);
  moreCards.addEventListener("click", () => showCards(cards.length));
  window.addEventListener("beforeprint", () => {
    limit = Number.POSITIVE_INFINITY;
    apply();
    showCards(cards.length);
    for (const folded of document.querySelectorAll("details")) folded.open = true;
  });
  apply();
})();
