"use strict";
// The last days as bars, stacked by outcome: a bar chooses its day, a part of it the files behind it.

const TREND_MS = 60000;
const BAR_HEIGHT = 84;
const PART_LEAST = 4; // one failed file among thousands is still seen
// Every outcome has its own texture, drawn over its tone: colours alone would tell nothing to many.
const MARKS = {
  triggered: "M0 3H6", job_failed: "M-1 1 1 -1M0 6 6 0M5 7 7 5", rejected: "M-1 5 1 7M0 0 6 6M5 -1 7 1", failed: "M0 0 6 6M0 6 6 0",
  not_configured: "M1.5 3H4.5M3 1.5V4.5", inactive: "M3 0V6",
};

function svg(tag, props = {}, ...children) {
  const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(props)) node.setAttribute(name, String(value));
  node.append(...children);
  return node;
}

function textures() {
  const tiles = Object.entries(MARKS).map(([status, d]) => svg("pattern",
    { id: `texture-${status}`, width: 6, height: 6, patternUnits: "userSpaceOnUse" }, svg("path", { d, class: "texture" })));
  return svg("svg", { class: "hidden", "aria-hidden": "true" }, svg("defs", {}, ...tiles));
}

// One part of a bar or of the legend.
function textured(status, box) {
  const part = svg("g", { "data-status": status, class: "part" }, svg("rect", { ...box, class: "tone" }));
  if (MARKS[status]) part.append(svg("rect", { ...box, fill: `url(#texture-${status})` }));
  return part;
}

class Trend {
  constructor() {
    this.asked = 0;
    this.items = [];
    this.days = h("ol", { class: "days" });
    this.legend = h("ul", { class: "legend" });
    this.times = h("p", { class: "muted small" });
    this.table = h("div", { class: "hidden" });
    this.node = h("section", { class: "panel", "aria-labelledby": "trend" }, textures(),
      h("h2", { id: "trend" }, "Files by day"), this.days, this.legend, this.times, this.table);
  }

  async refresh(summary) {
    if (Date.now() - this.asked > TREND_MS) {
      this.items = (await get("trend", { days: 14 })).items;
      this.asked = Date.now();
    }
    const items = this.items = this.items.map((item) => (item.date === summary.date ? refreshed(item, summary) : item));
    const most = Math.max(1, ...items.map(filesOf));
    reconcile(this.days, items.map((item) => ({ ...item, most, chosen: item.date === view.date })), (item) => item.date, dayNode);
    const seen = STATUSES.filter((status) => items.some((item) => item.landing[status]));
    reconcile(this.legend, seen, (status) => status, legendNode);
    setText(this.times, timesOf(items.find((item) => item.date === view.date)));
    if (this.told !== JSON.stringify(items)) fill(this.table, tableOf(items, seen));
    this.told = JSON.stringify(items);
  }
}

// The chosen day's counts are those of the tiles, which are read more often.
function refreshed(item, summary) {
  const landing = {};
  for (const [status, files] of Object.entries(summary.landing)) if (files) landing[status] = { ...item.landing[status], files };
  return { ...item, landing };
}

function filesOf(item) {
  return Object.values(item.landing).reduce((sum, one) => sum + one.files, 0);
}

function spoken(item) {
  const parts = STATUSES.filter((status) => item.landing[status]).map((status) => `${number(item.landing[status].files)} ${status.replaceAll("_", " ")}`);
  return `${item.date}: ${counted(filesOf(item), "file")}${parts.length ? ` (${parts.join(", ")})` : ""}`;
}

function dayNode(item) {
  const [, month, day] = item.date.split("-");
  const choose = (event) => {
    chooseDay(item.date);
    const status = event.target.closest("[data-status]")?.dataset.status;
    if (!status) return refresh();
    view.status = status;
    location.hash = "files";
  };
  return h("li", {}, h("button", { type: "button", class: "day", "data-focus": "day", "aria-pressed": String(item.chosen), title: spoken(item), onclick: choose },
    h("span", { class: "hidden" }, spoken(item)), h("span", { class: "day-count", "aria-hidden": "true" }, filesOf(item) ? short(filesOf(item)) : ""), barOf(item), h("span", { class: "day-name", "aria-hidden": "true" }, `${month}-${day}`)));
}

function barOf(item) {
  const shown = STATUSES.filter((status) => item.landing[status]);
  const room = BAR_HEIGHT - PART_LEAST * STATUSES.length;
  const bar = svg("svg", { class: "bar-of-day", width: "100%", height: BAR_HEIGHT, "aria-hidden": "true" });
  let y = BAR_HEIGHT;
  for (const status of shown) {
    const height = PART_LEAST + (item.landing[status].files / item.most) * room;
    y -= height;
    bar.append(textured(status, { x: 0, y, width: "100%", height: height - 1 }));
  }
  return bar;
}

function legendNode(status) {
  return h("li", {}, svg("svg", { width: 14, height: 14, "aria-hidden": "true" }, textured(status, { x: 0.5, y: 0.5, width: 13, height: 13 })), status.replaceAll("_", " "));
}

function short(count) {
  return count < 10000 ? number(count) : `${Math.round(count / 1000)}k`;
}

function timesOf(item) {
  const ended = item?.landing.succeeded?.seconds_to_end;
  if (!ended) return "";
  return `From upload to a job's success on ${item.date}: half within ${lasting(ended.median)}, the longest ${lasting(ended.longest)}.`;
}

function lasting(seconds) {
  if (seconds < 90) return `${seconds} s`;
  return seconds < 5400 ? `${Math.round(seconds / 60)} min` : `${(seconds / 3600).toFixed(1)} h`;
}

function tableOf(items, seen) {
  const cells = (item) => seen.map((status) => h("td", {}, number(item.landing[status]?.files || 0)));
  return h("table", {}, h("caption", {}, "Files by day and outcome"),
    h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "Day"), seen.map((status) => h("th", { scope: "col" }, status.replaceAll("_", " "))))),
    h("tbody", {}, items.map((item) => h("tr", {}, h("th", { scope: "row" }, item.date), cells(item)))));
}
