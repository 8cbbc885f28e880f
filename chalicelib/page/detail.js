"use strict";
// The story of one key: what happened, what would happen now, and the data behind both.

async function openDetail(key) {
  const dialog = $("detail");
  dialog.dataset.key = key;
  if (!dialog.open) {
    dialog.replaceChildren(detailFrame(key, h("p", { class: "state" }, "Loading…")));
    dialog.showModal();
  }
  await refreshDetail();
}

async function refreshDetail() {
  const dialog = $("detail");
  const key = dialog.dataset.key;
  try {
    const told = await get("explain", { key });
    if (!dialog.open || dialog.dataset.key !== key) return;
    const content = JSON.stringify(told);
    if (dialog.dataset.content === content && dialog.querySelector(".story")) return;
    dialog.dataset.content = content;
    const top = dialog.scrollTop;
    const focused = document.activeElement?.dataset?.focus;
    dialog.replaceChildren(detailFrame(key, storyOf(told), nowOf(told), factsOf(told)));
    dialog.scrollTop = top;
    if (focused) dialog.querySelector(`[data-focus="${focused}"]`)?.focus();
  } catch (error) {
    dialog.replaceChildren(detailFrame(key, h("p", { class: "state error", role: "alert" }, error.message)));
  }
}

function detailFrame(key, ...sections) {
  return h("article", {},
    h("header", { class: "drawer-head" },
      h("h2", { id: "detail-title" }, keyText(key)),
      h("button", { type: "button", class: "plain", "aria-label": "Close", "data-focus": "close", onclick: () => $("detail").close() }, "✕")),
    sections);
}

function storyOf(told) {
  const rows = told.story.map((line) => h("li", { "data-lane": line.lane },
    h("div", { class: "muted small" }, line.at ? time(line.at) : "", ` · ${line.lane}`), h("p", {}, line.text)));
  return h("section", { class: "story" }, h("h3", {}, "What happened"),
    rows.length ? h("ol", { class: "timeline" }, rows) : h("p", { class: "state" }, "Nothing is recorded of this key."));
}

function nowOf(told) {
  const now = told.now;
  const misses = (now.near_misses || []).map((miss) => h("li", {},
    h("strong", {}, miss.source_file_name), ` (${miss.job_id}, ${Math.round(miss.similarity * 100)} % alike): ${miss.differs}`));
  const faults = (now.config?.faults || []).map((fault) => h("li", {}, fault));
  return h("section", { class: "now", "data-status": now.outcome },
    h("h3", {}, "If it landed now ", badge(now.outcome)),
    h("p", {}, now.why),
    now.next_step ? h("p", { class: "next" }, now.next_step) : null,
    misses.length ? [h("h4", {}, "Near misses"), h("ul", {}, misses)] : null,
    faults.length ? [h("h4", {}, "Faults of the job config"), h("ul", { class: "faults" }, faults)] : null,
    actionsOf(told));
}

function actionsOf(told) {
  const latest = told.uploads[0];
  const quarantined = told.tracking.some((row) => row.status === "quarantined");
  const act = (name, focus, run) => h("button", { type: "button", class: "primary", "data-focus": focus, onclick: run }, name);
  const replay = () => confirmReplay({ keys: [told.key] }, "Replay this file").catch((error) => toast(error.message, "error"));
  return h("div", { class: "row" },
    latest && latest.status !== "received" ? act("Replay…", "replay", replay) : null,
    quarantined ? act("Release from quarantine", "release", () => releaseKey(told.key)) : null);
}

function factsOf(told) {
  const uploads = told.uploads.map((row) => h("details", {},
    h("summary", {}, time(row.timestamp), " ", badge(row.status), ` ${bytes(row.file_size)}`),
    row.content_preview ? h("pre", { class: "preview" }, row.content_preview) : null, factTable(row)));
  const tracked = told.tracking.map((row) => h("details", {},
    h("summary", {}, time(row.created_at), " ", badge(row.status), ` batch of ${row.date_prefix}`), factTable(row)));
  const manifests = told.manifests.map((row) => h("details", {},
    h("summary", {}, badge(row.status), " ", row.manifest_key), factTable(row)));
  const parts = [["Versions", uploads], ["Tracking", tracked], ["Manifests", manifests]].filter(([, rows]) => rows.length);
  return h("section", { class: "facts" }, parts.map(([name, rows]) => [h("h3", {}, name), rows]));
}

function factTable(row) {
  const cells = Object.entries(row).filter(([name]) => name !== "content_preview").map(([name, value]) => [
    h("dt", {}, name), h("dd", {}, h("bdi", {}, typeof value === "object" ? JSON.stringify(value) : String(value))),
  ]);
  return h("dl", {}, cells);
}
