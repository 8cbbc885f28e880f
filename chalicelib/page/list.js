"use strict";
// A paged list of one query or several. It refreshes the first pages in place and keeps those loaded behind.

class PagedList {
  constructor({ path, query, queries, shape, idOf, row, columns, empty, label, orders, every }) {
    Object.assign(this, { path, idOf, row, columns, empty });
    this.queries = queries || (() => [query()]);
    this.shape = shape || ((item) => item);
    this.orders = orders || {};
    this.every = every || (() => 0);
    this.order = { by: "", down: true };
    this.marked = new Set();
    this.parts = [];
    this.asked = "";
    this.askedAt = 0;
    this.loaded = false;
    this.body = h("tbody");
    this.state = h("p", { class: "state", role: "status" }, "Loading…");
    this.more = h("button", { type: "button", class: "more", hidden: true, onclick: () => this.next() }, "Show more");
    this.heads = columns.map((name) => this.head(name));
    this.table = h("table", { hidden: true }, h("caption", { class: "hidden" }, label), h("thead", {}, h("tr", {}, this.heads)), this.body);
    this.node = h("div", { class: "list" }, this.table, this.state, this.more);
  }

  get items() {
    const items = this.parts.flatMap((part) => part.items);
    const { by, down } = this.order;
    const of = this.orders[by];
    return of ? items.sort((one, other) => compared(of(one), of(other)) * (down ? -1 : 1)) : items;
  }

  get hasMore() { return this.parts.some((part) => part.cursor); }

  get lookedAt() { return this.parts.reduce((sum, part) => sum + part.lookedAt, 0); }

  head(name) {
    if (!(name in this.orders)) return h("th", { scope: "col" }, name);
    return h("th", { scope: "col", "aria-sort": "none" }, h("button", { type: "button", class: "order", onclick: () => { this.orderBy(name); writeAddress(); } }, name));
  }

  orderBy(name, down = this.order.by === name ? !this.order.down : true) {
    this.order = { by: name, down };
    for (const head of this.heads.filter((node) => node.hasAttribute("aria-sort"))) {
      head.setAttribute("aria-sort", head.textContent !== name ? "none" : down ? "descending" : "ascending");
    }
    this.draw();
  }

  reset() {
    Object.assign(this, { parts: [], asked: "", loaded: false });
    this.marked.clear();
    this.draw();
  }

  // A costly list is not asked for again at every refresh; what was loaded stays.
  async refresh() {
    const queries = this.queries();
    const asked = JSON.stringify(queries);
    if (asked === this.asked && Date.now() - this.askedAt < this.every()) return null;
    const pages = await Promise.all(queries.map((query) => get(this.path, query)));
    if (asked !== JSON.stringify(this.queries())) return null;
    this.parts = pages.map((page, index) => this.merged(this.parts[index], page, queries[index]));
    Object.assign(this, { asked, askedAt: Date.now(), loaded: true });
    this.draw();
    return pages[0];
  }

  // A row that stood among the first page's rows and is not in the page now is gone; the rows behind it stay.
  merged(part, page, query) {
    const items = page.items.map((item) => this.shape(item, query));
    const fresh = new Set(items.map(this.idOf));
    const last = items.length ? this.idOf(items[items.length - 1]) : null;
    const cut = part ? part.items.findIndex((item) => this.idOf(item) === last) : -1;
    const keep = page.next_cursor && cut >= 0 ? part.items.slice(cut + 1).filter((item) => !fresh.has(this.idOf(item))) : [];
    return keep.length ? { ...part, items: [...items, ...keep] } : { items, cursor: page.next_cursor, lookedAt: page.looked_at || 0 };
  }

  async next() {
    this.more.disabled = true;
    try {
      await Promise.all(this.queries().map((query, index) => this.nextOf(this.parts[index], query)));
      this.draw();
    } catch (error) {
      toast(error.message, "error");
    } finally {
      this.more.disabled = false;
    }
  }

  async nextOf(part, query) {
    if (!part?.cursor) return;
    const page = await get(this.path, { ...query, cursor: part.cursor });
    const known = new Set(part.items.map(this.idOf));
    part.items.push(...page.items.map((item) => this.shape(item, query)).filter((item) => !known.has(this.idOf(item))));
    part.cursor = page.next_cursor;
    part.lookedAt += page.looked_at || 0;
  }

  draw() {
    const shown = this.items.map((item) => ({ ...item, marked: this.marked.has(this.idOf(item)) }));
    reconcile(this.body, shown, this.idOf, (item) => this.labelled(this.row(item)));
    this.table.hidden = shown.length === 0;
    this.more.hidden = !this.hasMore;
    const none = this.hasMore ? `None among the newest ${number(this.lookedAt)}: “Show more” looks further back.` : this.empty;
    setText(this.state, this.loaded ? none : "Loading…");
    this.state.hidden = shown.length > 0;
    this.drawn?.();
  }

  // On a narrow screen every cell carries its column's name.
  labelled(cells) {
    const name = this.columns.findIndex((column) => column);
    const nodes = cells.map((cell, index) => h(index === name ? "th" : "td", {
      "data-label": this.columns[index], scope: index === name ? "row" : null, class: this.columns[index] ? null : "mark-cell",
    }, cell));
    return h("tr", {}, nodes);
  }
}

function compared(one, other) {
  return typeof one === "number" && typeof other === "number" ? one - other : String(one ?? "").localeCompare(String(other ?? ""));
}

function keyButton(key) {
  return h("button", { type: "button", class: "link", "data-focus": "key", onclick: () => openDetail(key) }, keyText(key));
}
