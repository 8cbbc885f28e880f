"use strict";
// A paged list that refreshes its first page in place and keeps the pages that were loaded behind it.

class PagedList {
  constructor({ path, query, idOf, row, columns, empty, label }) {
    Object.assign(this, { path, query, idOf, row, columns });
    this.items = [];
    this.cursor = null;
    this.loaded = false;
    this.fragment = "";
    this.body = h("tbody");
    this.state = h("p", { class: "state", role: "status" }, "Loading…");
    this.empty = empty;
    this.more = h("button", { type: "button", class: "more", hidden: true, onclick: () => this.next() }, "Show more");
    const head = h("thead", {}, h("tr", {}, columns.map((name) => h("th", { scope: "col" }, name))));
    this.table = h("table", { hidden: true }, h("caption", { class: "hidden" }, label), head, this.body);
    this.node = h("div", { class: "list" }, this.table, this.state, this.more);
  }

  reset() {
    Object.assign(this, { items: [], cursor: null, loaded: false });
    this.draw();
  }

  async refresh() {
    const query = JSON.stringify(this.query());
    const page = await get(this.path, this.query());
    if (query !== JSON.stringify(this.query())) return null;
    this.merge(page);
    this.loaded = true;
    this.draw();
    return page;
  }

  // A row that stood among the first page's rows and is not in the page now is gone; the rows behind it stay.
  merge(page) {
    const fresh = new Set(page.items.map(this.idOf));
    const last = page.items.length ? this.idOf(page.items[page.items.length - 1]) : null;
    const cut = this.items.findIndex((item) => this.idOf(item) === last);
    const keep = page.next_cursor && cut >= 0 ? this.items.slice(cut + 1).filter((item) => !fresh.has(this.idOf(item))) : [];
    this.items = [...page.items, ...keep];
    if (!keep.length) this.cursor = page.next_cursor;
  }

  async next() {
    this.more.disabled = true;
    try {
      const page = await get(this.path, { ...this.query(), cursor: this.cursor });
      const known = new Set(this.items.map(this.idOf));
      this.items.push(...page.items.filter((item) => !known.has(this.idOf(item))));
      this.cursor = page.next_cursor;
      this.draw();
    } catch (error) {
      toast(error.message, "error");
    } finally {
      this.more.disabled = false;
    }
  }

  draw() {
    const shown = this.items.filter((item) => this.idOf(item).toLowerCase().includes(this.fragment));
    reconcile(this.body, shown, this.idOf, (item) => this.labelled(this.row(item)));
    this.table.hidden = shown.length === 0;
    this.more.hidden = !this.cursor;
    const none = this.items.length ? `None of the ${counted(this.items.length, "row")} that are loaded has this in its key.` : this.empty;
    setText(this.state, this.loaded ? none : "Loading…");
    this.state.hidden = shown.length > 0;
  }

  // On a narrow screen every cell carries its column's name.
  labelled(cells) {
    const nodes = cells.map((cell, index) => h(index ? "td" : "th", {
      "data-label": this.columns[index], scope: index ? null : "row",
    }, cell));
    return h("tr", {}, nodes);
  }
}

function keyButton(key) {
  return h("button", { type: "button", class: "link", "data-focus": "key", onclick: () => openDetail(key) }, keyText(key));
}
