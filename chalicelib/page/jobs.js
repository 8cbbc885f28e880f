"use strict";
// The jobs of the config: what came for each in two weeks, what is expected, and what is wrong with its entry.

const LEGEND = "A bar is a day's files: filled those that succeeded, hatched those whose job failed, empty the others.";
const MORE = " There are more files than are counted here, so bars and sums are the least that came.";
const SPARK = { height: 30, step: 9 };

class Jobs {
  constructor() {
    this.state = h("div", { class: "banner", hidden: true });
    this.list = new PagedList({
      path: "jobs", label: "Jobs of the config", columns: ["File name", "Job", "Two weeks", "Newest", "Expected", "State"],
      query: () => ({}), idOf: (row) => String(row.index), row: jobCells,
      empty: "No job is configured yet: upload a list of jobs as config/config.json.",
    });
    this.legend = h("p", { class: "muted small" }, LEGEND);
    this.node = h("div", { class: "view" }, h("h1", {}, "Jobs"), this.state, this.legend, h("section", { class: "panel flush" }, this.list.node));
  }

  async refresh() {
    const page = await this.list.refresh();
    if (!page) return;
    this.state.hidden = page.valid;
    setText(this.legend, page.history.complete ? LEGEND : LEGEND + MORE);
    reconcile(this.state, page.valid ? [] : [page.faults], () => "faults", (faults) => h("div", {},
      h("strong", {}, page.in_force === "last_good" ? "The job config cannot be used: files are routed by the last good version." : "The job config cannot be used, so nothing is routed."), h("ul", {}, faults.map((fault) => h("li", {}, fault)))));
  }
}

function jobCells(row) {
  const keys = Array.isArray(row.upsert_keys) ? row.upsert_keys.join(", ") : "–";
  return [
    h("bdi", { class: "key" }, row.source_file_name ?? "–"),
    h("div", {}, `${row.job_id ?? "–"} · ${row.job_name ?? "–"}`, h("div", { class: "muted small" }, `into ${row.target_table ?? "–"} by ${keys}`)),
    spark(row), newest(row), expectation(row.expectation),
    row.faults.length ? h("ul", { class: "faults" }, row.faults.map((fault) => h("li", {}, fault))) : badge(row.is_active ? "active" : "inactive"),
  ];
}

function newest(row) {
  const lasts = [["arrival", row.last_arrival], ["success", row.last_success], ["failure", row.last_failure]].filter(([, at]) => at);
  return lasts.length ? h("ul", { class: "small" }, lasts.map(([name, at]) => h("li", {}, `${name} `, time(at)))) : "–";
}

// A day's bar from the ground up: succeeded, job failed, the others. The same as a table for screen readers.
function spark({ days = [], today: now }) {
  const most = Math.max(1, ...days.map((day) => day.files));
  const drawing = svg("svg", { class: "spark", width: days.length * SPARK.step, height: SPARK.height + 1, "aria-hidden": "true" });
  days.forEach((day, index) => {
    let y = SPARK.height;
    for (const [status, count] of [["succeeded", day.succeeded], ["job_failed", day.job_failed], ["vanished", day.files - day.succeeded - day.job_failed]]) {
      if (!count) continue;
      const height = Math.max(3, (count / most) * (SPARK.height - 6));
      y -= height;
      drawing.append(textured(status, { x: index * SPARK.step + 0.5, y, width: SPARK.step - 2, height: height - 0.5 }));
    }
    drawing.append(svg("rect", { x: index * SPARK.step, y: SPARK.height, width: SPARK.step - 1, height: 1, class: "ground" }));
  });
  const seen = days.filter((day) => day.files);
  const cells = (day) => [day.files, day.succeeded, day.job_failed].map((count) => h("td", {}, number(count)));
  const table = h("table", { class: "hidden" }, h("caption", {}, "Files by day"),
    h("thead", {}, h("tr", {}, ["Day", "Files", "Succeeded", "Job failed"].map((name) => h("th", { scope: "col" }, name)))),
    h("tbody", {}, seen.map((day) => h("tr", {}, h("th", { scope: "row" }, day.date), cells(day)))));
  const total = (name) => days.reduce((sum, day) => sum + day[name], 0);
  const failed = total("job_failed");
  return h("div", { title: seen.map((day) => `${day.date}: ${counted(day.files, "file")}, ${day.succeeded} succeeded, ${day.job_failed} failed`).join("\n") }, drawing, table,
    h("div", { class: "muted small" }, `${number(now.files)} today, ${number(total("files"))} in all${failed ? `, ${number(failed)} failed` : ""}`));
}

// How an expected file stands: its due time, and whether it came.
function expectation(expected) {
  return expected ? h("span", {}, badge(expected.state), " ", time(expected.due_at)) : "–";
}
