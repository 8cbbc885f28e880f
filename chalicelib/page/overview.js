"use strict";
// Overview: the day in tiles, what is stuck, and the latest files as a timeline.

const STATUSES = ["triggered", "succeeded", "job_failed", "rejected", "received", "not_configured", "inactive", "failed", "vanished"];
const TILES = [
  ["triggered", "Triggered", "Their job is at work"],
  ["succeeded", "Succeeded", "Their job has done its work"],
  ["job_failed", "Job failed", "Their job ended in error"],
  ["rejected", "Rejected", "Not what their job expects"],
  ["received", "Received", "Recorded only"],
  ["not_configured", "Not configured", "Parked, no job"],
  ["inactive", "Inactive", "Job is switched off"],
  ["failed", "Failed", "No outcome yet"],
];

class Overview {
  constructor() {
    this.attention = new Attention();
    this.alerts = new Alerts();
    this.trend = new Trend();
    this.hours = new Hours();
    this.tiles = h("div", { class: "tiles" });
    this.lane = h("div", { class: "cards" });
    this.backlog = h("ul", { class: "backlog" });
    this.timeline = h("ol", { class: "timeline" });
    this.quiet = h("p", { class: "state" }, "Loading…");
    this.node = h("div", { class: "view" },
      h("section", { "aria-labelledby": "today" }, h("h1", { id: "today" }, "Overview"), this.attention.node, this.tiles, h("div", { class: "charts" }, this.trend.node, this.hours.node)),
      this.alerts.box,
      h("div", { class: "columns" },
        h("section", { class: "panel", "aria-labelledby": "latest" }, h("h2", { id: "latest" }, "Latest files"), this.timeline, this.quiet),
        h("div", { class: "stack" },
          h("section", { class: "panel", "aria-labelledby": "lanes" }, h("h2", { id: "lanes" }, "NDJSON and discovery"), this.lane),
          h("section", { class: "panel", "aria-labelledby": "queues" }, h("h2", { id: "queues" }, "Queues"), this.backlog))));
  }

  async refresh() {
    const [summary, files] = await Promise.all([
      get("summary", { date: view.date }), get("files", { date: view.date, limit: 12 }),
    ]);
    await this.trend.refresh(summary);
    await this.hours.refresh(this.trend.items);
    await this.attention.refresh(summary, this.trend.items);
    await this.alerts.refresh();
    this.drawTiles(summary);
    this.drawLanes(summary);
    reconcile(this.backlog, summary.backlog, (queue) => queue.queue, queueRow);
    reconcile(this.timeline, files.items, (row) => row.file_key + row.timestamp, timelineRow);
    setText(this.quiet, "Nothing landed on this day yet. Drop a file anywhere on this page to upload it.");
    this.quiet.hidden = files.items.length > 0;
  }

  drawTiles(summary) {
    const tiles = TILES.filter(([status]) => status in summary.landing).map(([status, name, hint]) => ({
      status, name, hint, date: view.date, count: summary.landing[status] || 0, more: summary.at_least.includes(`landing.${status}`),
    }));
    reconcile(this.tiles, tiles, (tile) => tile.status, tileNode);
  }

  drawLanes(summary) {
    const scan = summary.last_scan;
    const pending = summary.pending.reduce((sum, each) => sum + each.bytes, 0);
    const waiting = summary.pending.reduce((sum, each) => sum + each.files, 0);
    const cards = [
      { name: "Waiting for a batch", value: bytes(pending), hint: `${counted(waiting, "file")} of any day`, to: "batches" },
      { name: "In manifests", value: number(summary.ndjson.manifested), hint: "files of this day", to: "batches" },
      { name: "Quarantined", value: number(summary.ndjson.quarantined), hint: "files of this day", to: "quarantine", alarm: summary.ndjson.quarantined > 0 },
      { name: "Last discovery", value: scanned(scan), at: scan?.started_at, hint: scan ? (scan.overdue ? "none since" : "") : "no scan yet", to: "discovery", alarm: Boolean(scan?.error || scan?.errors || scan?.overdue) },
    ];
    reconcile(this.lane, cards, (card) => card.name, laneCard);
  }
}

function scanned(scan) {
  if (!scan) return "–";
  return scan.error ? scan.outcome : `${number(scan.queued || 0)} queued`;
}

function tileNode(tile) {
  return h("a", { class: "tile", "data-status": tile.status, "data-focus": "tile", href: filesAddress({ lane: "landing", status: tile.status }, tile.date) },
    h("span", { class: "tile-name" }, tile.name),
    h("span", { class: "tile-count" }, number(tile.count), tile.more ? "+" : ""),
    h("span", { class: "tile-hint" }, tile.hint));
}

function laneCard(card) {
  return h("a", { class: `card${card.alarm ? " alarm" : ""}`, href: `#${card.to}` },
    h("span", { class: "muted" }, card.name), h("strong", {}, card.value),
    h("span", { class: "muted small" }, card.at ? time(card.at) : card.hint));
}

function queueRow(queue) {
  const dead = queue.dead_letters && queue.waiting > 0;
  const stuck = dead && !isSettled(queue);
  const name = queue.queue.replace("-dlq", "");
  const again = actButton("Redrive", "redrive", () => redrive(name));
  const count = queue.exists ? `${number(queue.waiting)} waiting${queue.in_work ? `, ${queue.in_work} in work` : ""}` : "not there";
  return h("li", { class: stuck ? "alarm" : "" },
    h("span", {}, name, queue.dead_letters ? h("span", { class: "muted" }, " dead letters") : ""),
    h("span", { class: "count" }, count, dead && !stuck ? ": their files were routed since" : ""), dead ? again : null);
}

// Where all letters were looked at and are of files that were routed since, nobody has to act.
function isSettled(queue) {
  return queue.settled === queue.looked_at && queue.looked_at >= queue.waiting;
}

function timelineRow(row) {
  return h("li", { "data-status": row.status },
    h("div", { class: "line" }, keyButton(row.file_key), badge(row.status)),
    h("div", { class: "muted small" }, time(row.timestamp), ` · ${bytes(row.file_size)} · `, outcomeOf(row)));
}

function outcomeOf(row) {
  const told = {
    rejected: row.reason,
    triggered: `job ${row.job_id} started`,
    succeeded: `job ${row.job_id} has done its work`,
    job_failed: row.reason,
    not_configured: `parked as ${row.moved_to}`,
    inactive: `job ${row.job_id} is inactive`,
    failed: row.reason || "no outcome yet",
    received: "recorded",
    vanished: "gone before it was read",
  };
  return h("span", { class: "outcome", title: told[row.status] || row.reason }, told[row.status] || row.reason || row.status);
}

async function redrive(queue) {
  try {
    const done = await post("redrive", { queue });
    toast(`${counted(done.moved, "dead letter")} of ${queue} sent back${done.failed ? `, ${done.failed} failed again` : ""}.`);
    refreshAfterAction();
  } catch (error) {
    toast(error.message, "error");
  }
}
