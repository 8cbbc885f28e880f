"use strict";
// NDJSON batches and manifests, quarantine, and discovery.

class Batches {
  constructor() {
    this.meters = h("div", { class: "meters" });
    this.none = h("p", { class: "state" }, "Loading…");
    this.manifests = new PagedList({
      path: "manifests", label: "Batch manifests of the day", columns: ["Manifest", "State", "Planned", "Files", "Size"],
      query: () => ({ date: view.date }), idOf: (row) => row.manifest_key,
      row: (row) => [h("bdi", { class: "key" }, row.manifest_key), badge(row.status), time(row.created_at), number(row.files), bytes(row.total_bytes)],
      empty: "No manifest on this day yet: files wait until their batch is full, or old enough.",
    });
    this.files = new PagedList({
      path: "batches", label: "Files that wait for a batch", columns: ["Key", "Waiting since", "Size"],
      query: () => ({ date: view.date }), idOf: (row) => row.date_prefix + row.file_name,
      row: (row) => [keyButton(objectKey(row.file_path)), time(row.pending_since), bytes(row.size_bytes)],
      empty: "No file of this day waits.",
    });
    this.failed = h("ul", { class: "faults" });
    this.failures = h("section", { class: "panel", hidden: true }, h("h2", {}, "Files that failed"), this.failed);
    this.node = h("div", { class: "view" }, h("h1", {}, "Batches"), this.failures,
      h("section", { class: "panel" }, h("h2", {}, "Filling"), this.meters, this.none),
      h("section", { class: "panel flush" }, h("h2", {}, "Manifests"), this.manifests.node),
      h("section", { class: "panel flush" }, h("h2", {}, "Waiting files"), this.files.node));
  }

  async refresh() {
    const [page] = await Promise.all([this.files.refresh(), this.manifests.refresh()]);
    if (!page) return;
    reconcile(this.meters, page.waiting, (each) => each.date, meterNode);
    setText(this.none, "Nothing waits: every accepted file is in a manifest.");
    this.none.hidden = page.waiting.length > 0;
    this.failures.hidden = page.failed.length === 0;
    reconcile(this.failed, page.failed, (row) => row.date_prefix + row.file_name, (row) => h("li", {}, keyButton(row.key),
      ` ${row.reason} (${counted(row.attempts, "attempt")}) `, row.retry_at ? ["is tried again ", time(row.retry_at)] : "waits for a replay"));
  }
}

function meterNode(each) {
  const share = Math.min(1, each.bytes / Math.max(1, each.threshold_bytes));
  const fill = h("span", { class: "fill" });
  fill.style.width = `${Math.max(1, share * 100)}%`;
  return h("div", { class: "meter" },
    h("div", { class: "line" }, h("strong", {}, each.date), h("span", {}, `${bytes(each.bytes)} of ${bytes(each.threshold_bytes)}`)),
    h("div", { class: "track", role: "meter", "aria-label": `Batch of ${each.date}`, "aria-valuemin": 0, "aria-valuemax": 100, "aria-valuenow": Math.round(share * 100) }, fill),
    h("div", { class: "muted small" }, `${counted(each.files, "file")}, the oldest arrived `, time(each.oldest_pending_since)));
}

function objectKey(path) {
  return String(path).replace(/^s3:\/\/[^/]*\//, "");
}

class Quarantine {
  constructor() {
    this.list = new PagedList({
      path: "quarantine", label: "Quarantined files, newest first", columns: ["Key", "Why", "When", "Size", "Action"],
      query: () => ({}), idOf: (row) => row.date_prefix + row.file_name,
      row: (row) => [keyButton(row.key), h("span", { class: "reason" }, row.reason), time(row.quarantined_at), bytes(row.size_bytes),
        actButton("Release…", "release", () => confirmRelease(row.key, row.reason, row.etag))],
      empty: "Quarantine is empty.",
    });
    this.node = h("div", { class: "view" }, h("h1", {}, "Quarantine"),
      h("p", { class: "muted" }, "Files that failed validation, of every day. A released file goes back and is accepted as it is, once."),
      h("section", { class: "panel flush" }, this.list.node));
  }

  refresh() { return this.list.refresh(); }
}

// Say why the file is in quarantine, and what a release does, before one is made.
function confirmRelease(key, reason, etag) {
  const dialog = $("confirm");
  const act = () => {
    dialog.close();
    releaseKey(key, etag);
  };
  fill($("confirm-plan"),
    h("h2", { id: "confirm-title" }, "Release from quarantine"), keyText(key),
    h("p", { class: "reason" }, reason),
    h("p", { class: "muted" }, "It goes back to where it came from and is accepted as it is, once. Or mend the file and upload it again."),
    h("div", { class: "row end" },
      h("button", { type: "button", class: "ghost", onclick: () => dialog.close() }, "Cancel"),
      h("button", { type: "button", class: "primary", id: "confirm-act", onclick: act }, "Release it")));
  dialog.showModal();
}

async function releaseKey(key, etag) {
  try {
    await post("quarantine/release", { key, etag });
    toast("Released: it is back where it came from.");
    refreshAfterAction();
    if ($("detail").open) await refreshDetail();
  } catch (error) {
    toast(error.message, "error");
  }
}

class Discovery {
  constructor() {
    this.facts = h("div", { class: "cards" });
    this.list = new PagedList({
      path: "discovery", label: "Files that discovery knows", columns: ["Key", "Status", "Queued", "Size", "Folder"],
      query: () => ({}), idOf: (row) => row.key,
      row: (row) => [keyButton(row.key), badge(row.status), time(row.queued_at), bytes(row.size), row.folder],
      empty: "Discovery has not queued a file yet.",
    });
    this.node = h("div", { class: "view" }, h("h1", {}, "Discovery"), h("section", { class: "panel" }, h("h2", {}, "Last scan"), this.facts),
      h("section", { class: "panel flush" }, h("h2", {}, "Known files"), this.list.node));
  }

  async refresh() {
    const page = await this.list.refresh();
    if (!page) return;
    const scan = page.last_scan || {};
    const cards = [["Queued", number(scan.queued)], ["Unchanged", number(scan.skipped)], ["Errors", number(scan.errors)],
      ["Outcome", scan.outcome || "no scan yet", scan.started_at]].map(([name, value, at]) => ({ name, value, at, hint: "", to: "discovery", alarm: name === "Errors" && scan.errors > 0 }));
    if (scan.overdue) cards.push({ name: "Overdue", value: "no scan since", at: scan.started_at, hint: "", to: "discovery", alarm: true });
    if (page.fault || scan.error) cards.push({ name: "Fault", value: page.fault || scan.error, hint: "", to: "discovery", alarm: true });
    reconcile(this.facts, cards, (card) => card.name, laneCard);
  }
}
