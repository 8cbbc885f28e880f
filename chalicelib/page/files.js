"use strict";
// The files of every lane: of a day or of two weeks, by outcome, hour, prefix and fragment; several may be replayed.

const TRACKED = ["pending", "manifested", "quarantined", "released", "failed", "vanished"];
const REPLAYABLE = ["failed", "job_failed", "inactive", "not_configured", "rejected"];
const FILTERS = ["lane", "status", "days", "hour", "prefix", "contains", "sort"];
const WEEKS = 14;
const SEARCH_MS = 15000;
const COUNTS_MS = 15000;
const MOST_KEYS = 100; // of one replay

// The address of the files behind a number: what is not named is not filtered.
function filesAddress(filters, date = view.date) {
  return `#files?${new URLSearchParams({ date, ...filters })}`;
}

class Files {
  constructor() {
    this.countsAt = 0;
    this.list = new PagedList({
      path: "files", label: "Files", columns: ["", "Key", "Status", "Landed", "Size", "Outcome"],
      queries: () => this.queries(), shape: shapeFile, idOf: (row) => row.id, row: (row) => this.cells(row),
      orders: { Key: (row) => row.key, Status: (row) => row.status, Landed: (row) => row.at, Size: (row) => row.size },
      every: () => (this.isCostly() ? SEARCH_MS : 0), empty: "No file of this kind.",
    });
    this.list.drawn = () => this.drawCount();
    this.count = h("p", { class: "muted", id: "count", role: "status" });
    this.replayMarked = actButton("Replay selected…", "replay-marked", () => this.replay({ keys: this.markedKeys() }, "Replay the selected files"), "ghost");
    this.replayAll = actButton("Replay these…", "replay-all", () => this.replay({ status: view.status, date: view.date }, `Replay ${view.status.replaceAll("_", " ")} files of ${view.date}`), "ghost");
    this.inputs = {
      lane: choice("lane-filter", "Lane", [["", "Every lane"], ["landing", "Landing"], ["ndjson", "NDJSON"]]),
      status: choice("status-filter", "Status", [["", "Every status"]]),
      days: choice("days-filter", "Days", [["", "This day"], [String(WEEKS), "Two weeks up to it"]]),
      prefix: field("prefix", "Begins with", "Begins with…"),
      contains: field("fragment", "Has in its key", "Part of a key"),
    };
    for (const [name, input] of Object.entries(this.inputs)) input.addEventListener(input.tagName === "SELECT" ? "change" : "input", () => this.choose(name));
    this.hour = h("button", { type: "button", class: "chip", hidden: true, onclick: () => { view.hour = ""; refresh(); } });
    this.node = h("div", { class: "view" },
      h("div", { class: "heading" }, h("h1", {}, "Files"), h("div", { class: "row" }, this.replayMarked, this.replayAll)),
      h("div", { class: "row filters", role: "search", "aria-label": "Which files" }, Object.values(this.inputs), this.hour),
      this.count, h("section", { class: "panel flush" }, this.list.node));
  }

  lanes() {
    return ["landing", "ndjson"].filter((lane) => (!view.lane || view.lane === lane)
      && (!view.status || (lane === "landing" ? STATUSES : TRACKED).includes(view.status)) && !(view.hour && lane === "ndjson"));
  }

  queries() {
    const { date, status, days, hour, prefix, contains } = view;
    return this.lanes().map((lane) => ({ lane, date, status, days, hour: lane === "landing" ? hour : "", prefix, contains }));
  }

  isCostly() { return Boolean(view.prefix || view.contains || view.days); }

  cells(row) {
    const mark = () => {
      this.list.marked[this.list.marked.has(row.id) ? "delete" : "add"](row.id);
      this.list.draw();
    };
    return [h("input", { type: "checkbox", class: "mark", "data-focus": "mark", "aria-label": `Select ${row.key}`, checked: row.marked, onchange: mark }),
      keyButton(row.key), badge(row.status), time(row.at), bytes(row.size), outcomeOf(row.told)];
  }

  markedKeys() {
    return [...new Set(this.list.items.filter((row) => this.list.marked.has(row.id)).map((row) => row.key))];
  }

  // What is typed is asked for once the typing pauses.
  choose(name) {
    clearTimeout(this.typing);
    this.typing = setTimeout(() => {
      view[name] = this.inputs[name].value;
      if (name === "days" && view.days) view.hour = "";
      refresh();
    }, this.inputs[name].tagName === "SELECT" ? 0 : 300);
  }

  async refresh() {
    const filters = JSON.stringify([view.date, ...FILTERS.filter((name) => name !== "sort").map((name) => view[name])]);
    this.orderAsAsked();
    if (this.filters !== filters) {
      this.filters = filters;
      this.drawFilters();
      this.list.reset();
    }
    if (Date.now() - this.countsAt > COUNTS_MS || this.counts?.date !== view.date) {
      this.counts = await get("summary", { date: view.date });
      this.countsAt = Date.now();
    }
    await this.list.refresh();
  }

  drawFilters() {
    const statuses = [...new Set([...(view.lane === "ndjson" ? [] : STATUSES), ...(view.lane === "landing" ? [] : TRACKED)])];
    if (view.status && !statuses.includes(view.status)) view.status = "";
    fill(this.inputs.status, h("option", { value: "" }, "Every status"), statuses.map((status) => h("option", { value: status }, status.replaceAll("_", " "))));
    for (const [name, input] of Object.entries(this.inputs)) if (input !== document.activeElement || input.tagName === "SELECT") input.value = view[name];
    this.hour.hidden = !view.hour;
    setText(this.hour, `${view.hour}:00–${view.hour}:59 ✕`);
    this.hour.setAttribute("aria-label", `Only from ${view.hour}:00 to ${view.hour}:59: show the whole day`);
  }

  orderAsAsked() {
    const [by, way] = (view.sort || "Landed-down").split("-");
    const { order, orders } = this.list;
    if (by in orders && (order.by !== by || order.down !== (way === "down"))) this.list.orderBy(by, way === "down");
  }

  drawCount() {
    const { order, items, marked } = this.list;
    view.sort = order.by && !(order.by === "Landed" && order.down) ? `${order.by}-${order.down ? "down" : "up"}` : "";
    const found = `${counted(items.length, "file")}${this.list.hasMore ? " so far" : ""}`;
    const narrowed = this.isCostly() || view.hour;
    const looked = this.list.lookedAt > items.length ? `, among the newest ${number(this.list.lookedAt)}` : "";
    const total = narrowed ? found + looked : this.total();
    const sorted = this.list.hasMore && view.sort ? "; sorted are those that are loaded" : "";
    setText(this.count, this.list.loaded ? `${total}${narrowed || !this.list.hasMore ? "" : `, ${number(items.length)} loaded`}${sorted}.` : "");
    const asked = this.markedKeys().length;
    this.replayMarked.hidden = marked.size === 0;
    setText(this.replayMarked, `Replay ${number(asked)} selected…`);
    this.replayMarked.disabled = session.role === "reader" || asked > MOST_KEYS;
    if (asked > MOST_KEYS) this.replayMarked.title = `A replay takes ${MOST_KEYS} files at once.`;
    this.replayAll.hidden = Boolean(!REPLAYABLE.includes(view.status) || narrowed || view.lane === "ndjson");
  }

  total() {
    const { landing = {}, ndjson = {}, at_least: bounded = [] } = this.counts || {};
    const lanes = this.lanes();
    const parts = [...(lanes.includes("landing") ? [landing] : []), ...(lanes.includes("ndjson") ? [ndjson] : [])];
    const total = parts.flatMap((counts) => Object.entries(counts)).reduce((sum, [status, count]) => sum + (!view.status || view.status === status ? count : 0), 0);
    return `${bounded.length ? "At least " : ""}${counted(Math.max(total, this.list.hasMore ? 0 : this.list.items.length), "file")}`;
  }

  async replay(body, title) {
    try {
      await confirmReplay(body, title);
    } catch (error) {
      toast(error.message, "error");
    }
  }
}

// Rows of both lanes in one form.
function shapeFile(row, { lane }) {
  if (lane === "landing") return { id: `${row.file_key}\n${row.timestamp}`, lane, key: row.file_key, status: row.status, at: row.timestamp, size: row.file_size, told: row };
  const told = { pending: "waits for its batch", manifested: `in ${row.manifest_key}`, released: "goes back to its place" }[row.status];
  return { id: `${row.date_prefix}\n${row.file_name}`, lane, key: row.key, status: row.status, at: row.created_at, size: row.size_bytes, told: { status: row.status, reason: told || row.reason } };
}

function choice(id, label, options) {
  return h("select", { id, "aria-label": label }, options.map(([value, text]) => h("option", { value }, text)));
}

function field(id, label, placeholder) {
  return h("input", { id, type: "search", placeholder, "aria-label": label, spellcheck: "false", autocomplete: "off", maxlength: 900 });
}
