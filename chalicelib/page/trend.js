"use strict";
// Days and hours as bars, stacked by outcome: each leads to the files behind it.

const TREND_MS = 60000;
const HOURS_MS = 60000;
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
    this.days = h("ol", { class: "bars days" });
    this.legend = h("ul", { class: "legend" });
    this.table = h("div", { class: "hidden" });
    this.node = h("section", { class: "panel", "aria-labelledby": "trend" }, textures(),
      h("h2", { id: "trend" }, "Files by day"), this.days, this.legend, this.table);
  }

  async refresh(summary) {
    if (Date.now() - this.asked > TREND_MS) {
      this.items = (await get("trend", { days: 14 })).items;
      this.asked = Date.now();
    }
    this.items = this.items.map((item) => (item.date === summary.date ? refreshed(item, summary) : item));
    const bars = this.items.map(({ date, landing }, index) => ({ id: date, name: index && !date.endsWith("-01") ? date.slice(8) : date.slice(5), told: date, landing, chosen: date === view.date, to: { date } }));
    drawBars(this, this.days, bars, "Day");
  }
}

// The chosen day by hour, and how long its files took.
class Hours {
  constructor() {
    this.asked = 0;
    this.date = "";
    this.title = h("h2", { id: "hours" }, "By hour");
    this.hours = h("ol", { class: "bars hours" });
    this.table = h("div", { class: "hidden" });
    this.times = h("div", { class: "times" });
    this.node = h("section", { class: "panel", "aria-labelledby": "hours" }, this.title, this.hours, this.times, this.table);
  }

  async refresh(days) {
    const date = view.date;
    if (date !== this.date || Date.now() - this.asked > HOURS_MS) {
      const told = await get("trend", { date });
      if (date !== view.date) return;
      Object.assign(this, { date, asked: Date.now() });
      setText(this.title, `By hour on ${date} (UTC)${told.complete ? "" : ", at least"}`);
      const bars = told.items.map(({ hour, landing }) => ({ id: hour, name: hour % 3 ? "" : hour, told: `${hour}:00`, landing, to: { date, hour } }));
      drawBars(this, this.hours, bars, "Hour");
    }
    const day = days.find((item) => item.date === date);
    reconcile(this.times, day ? [{ date, landing: day.landing }] : [], (item) => item.date, timesNode);
  }
}

function drawBars(chart, list, bars, what) {
  const most = Math.max(1, ...bars.map(filesOf));
  reconcile(list, bars.map((bar) => ({ ...bar, most })), (bar) => bar.id, barNode);
  const seen = STATUSES.filter((status) => bars.some((bar) => bar.landing[status]));
  if (chart.legend) reconcile(chart.legend, seen, (status) => status, legendNode);
  const told = JSON.stringify(bars);
  if (chart.told !== told) fill(chart.table, tableOf(bars, seen, what));
  chart.told = told;
}

// The chosen day's counts are those of the tiles, which are read more often.
function refreshed(item, summary) {
  const landing = {};
  for (const [status, files] of Object.entries(summary.landing)) if (files) landing[status] = { ...item.landing[status], files };
  return { ...item, landing };
}

function filesOf(bar) {
  return Object.values(bar.landing).reduce((sum, one) => sum + one.files, 0);
}

function spoken(bar) {
  const parts = STATUSES.filter((status) => bar.landing[status]).map((status) => `${number(bar.landing[status].files)} ${status.replaceAll("_", " ")}`);
  return `${bar.told}: ${counted(filesOf(bar), "file")}${parts.length ? ` (${parts.join(", ")})` : ""}`;
}

// A day's bar chooses the day, an hour's shows its files; a part of either shows the files of that outcome.
function barNode(bar) {
  const { date, hour } = bar.to;
  const choose = (event) => {
    const status = event.target.closest("[data-status]")?.dataset.status;
    if (status || hour) location.hash = filesAddress({ lane: "landing", ...(hour ? { hour } : {}), ...(status ? { status } : {}) }, date);
    else {
      chooseDay(date);
      refresh();
    }
  };
  return h("li", {}, h("button", { type: "button", class: "bar-button", "data-focus": "bar", "aria-pressed": hour ? null : String(bar.chosen), title: spoken(bar), onclick: choose },
    h("span", { class: "hidden" }, spoken(bar)), h("span", { class: "bar-count", "aria-hidden": "true" }, filesOf(bar) && !hour ? short(filesOf(bar)) : ""),
    drawnBar(bar), h("span", { class: "bar-name", "aria-hidden": "true" }, bar.name)));
}

function drawnBar(bar) {
  const shown = STATUSES.filter((status) => bar.landing[status]);
  const room = BAR_HEIGHT - PART_LEAST * STATUSES.length;
  const drawing = svg("svg", { class: "drawn-bar", width: "100%", height: BAR_HEIGHT, "aria-hidden": "true" });
  let y = BAR_HEIGHT;
  for (const status of shown) {
    const height = PART_LEAST + (bar.landing[status].files / bar.most) * room;
    y -= height;
    drawing.append(textured(status, { x: 0, y, width: "100%", height: height - 1 }));
  }
  return drawing;
}

function legendNode(status) {
  return h("li", {}, svg("svg", { width: 14, height: 14, "aria-hidden": "true" }, textured(status, { x: 0.5, y: 0.5, width: 13, height: 13 })), status.replaceAll("_", " "));
}

function short(count) {
  return count < 10000 ? number(count) : `${Math.round(count / 1000)}k`;
}

// How long files took from their upload to their outcome, and to the end of their job's run.
function timesNode({ landing }) {
  const timed = STATUSES.filter((status) => landing[status]?.seconds_to_outcome);
  if (!timed.length) return h("p", { class: "muted small" }, "No file of this day has an outcome yet.");
  return h("div", { class: "small" }, h("h3", {}, "From the upload on"), h("ul", {}, timed.map((status) => {
    const { seconds_to_outcome: outcome, seconds_to_end: end } = landing[status];
    return h("li", { class: "time-line" }, badge(status), h("span", {}, `outcome ${within(outcome)}`, end ? `; end of run ${within(end)}` : ""));
  })));
}

function within(spread) {
  return `half within ${lasting(spread.median)}, all within ${lasting(spread.longest)}`;
}

function lasting(seconds) {
  if (seconds < 90) return `${seconds} s`;
  return seconds < 5400 ? `${Math.round(seconds / 60)} min` : `${(seconds / 3600).toFixed(1)} h`;
}

function tableOf(bars, seen, what) {
  const cells = (bar) => seen.map((status) => h("td", {}, number(bar.landing[status]?.files || 0)));
  return h("table", {}, h("caption", {}, `Files by ${what.toLowerCase()} and outcome`),
    h("thead", {}, h("tr", {}, h("th", { scope: "col" }, what), seen.map((status) => h("th", { scope: "col" }, status.replaceAll("_", " "))))),
    h("tbody", {}, bars.map((bar) => h("tr", {}, h("th", { scope: "row" }, bar.told), cells(bar)))));
}
