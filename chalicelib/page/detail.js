"use strict";
// The story of one key: what happened, what would happen now, and the data behind both.
// The drawer's frame stands in the document for good: a refresh moves neither focus nor scroll.

const STORY = { key: "", told: null, problem: "" };

async function openDetail(key) {
  if (STORY.key !== key) Object.assign(STORY, { key, told: null, problem: "" });
  drawDetail();
  const dialog = $("detail");
  if (!dialog.open) {
    dialog.scrollTop = 0;
    dialog.showModal();
  }
  writeAddress();
  await refreshDetail();
}

async function refreshDetail() {
  const key = STORY.key;
  try {
    const told = await get("explain", { key });
    if (STORY.key !== key) return;
    Object.assign(STORY, { told, problem: "" });
  } catch (error) {
    if (STORY.key !== key) return;
    STORY.problem = error.message;
  }
  drawDetail();
}

function drawDetail() {
  const { key, told, problem } = STORY;
  reconcile($("detail-title"), [key], (each) => each, keyText);
  setText($("detail-state"), problem || (told ? "" : "Loading…"));
  $("detail-state").hidden = Boolean(told && !problem);
  $("detail-state").classList.toggle("error", Boolean(problem));
  $("detail-told").hidden = !told;
  if (!told) return;
  reconcile($("head"), [headOf(told)], () => "head", headNode);
  reconcile($("story"), told.story.map((line, index) => ({ ...line, index })).reverse(), (line) => line.index, storyLine);
  $("story-none").hidden = told.story.length > 0;
  reconcile($("now"), [{ now: told.now }], () => "now", nowNode);
  drawFacts("versions", told.uploads, (row) => row.timestamp, (row) => [time(row.timestamp), badge(row.status), bytes(row.file_size)]);
  drawFacts("tracking", told.tracking, (row) => row.date_prefix + row.file_name,
    (row) => [time(row.created_at), badge(row.status), `batch of ${row.date_prefix}`]);
  drawFacts("records", told.manifests, (row) => row.manifest_key, (row) => [badge(row.status), h("bdi", { class: "key" }, row.manifest_key)]);
}

function storyLine(line) {
  return h("li", { "data-lane": line.lane },
    h("div", { class: "muted small" }, line.at ? time(line.at) : "", ` · ${line.lane}`), h("p", {}, line.text));
}

// What the file is now, before what it was and what it would be.
function headOf(told) {
  const upload = told.uploads[0];
  const row = upload || [...told.tracking].sort((one, other) => String(other.created_at).localeCompare(one.created_at))[0];
  const place = row && (row.moved_to || (upload ? `s3://${row.bucket_name}/${row.file_key}` : row.file_path));
  return { key: told.key, row, place, size: row?.file_size ?? row?.size_bytes, at: row?.timestamp ?? row?.created_at, actions: actionsOf(told) };
}

function headNode({ key, row, place, size, at, actions }) {
  if (!row) return h("p", { class: "muted" }, "Nothing of this key has been recorded yet.");
  const end = row.run_status ? `Its run ended as ${row.run_status}${row.run_error ? `: ${row.run_error}` : ""}.` : "";
  return h("div", { class: "stack-small" },
    h("div", { class: "row" }, badge(row.status), h("span", {}, bytes(size)), time(at)),
    row.reason ? h("p", { class: "reason" }, row.reason) : null,
    end ? h("p", {}, end) : null,
    h("p", { class: "muted small" }, "Lies at ", keyText(place)),
    h("div", { class: "row" },
      actions.map((name) => actButton(ACTIONS[name].label, name, ACTIONS[name].act, name === "replay" ? "primary" : "ghost")),
      copyButton("Copy key", key), copyButton("Copy place", place)));
}

// A broken config is told where it decides what happens, and nowhere else.
function nowNode({ now }) {
  const misses = (now.near_misses || []).map((miss) => h("li", {},
    h("strong", {}, miss.source_file_name), ` (job ${miss.job_id}, ${Math.round(miss.similarity * 100)}\u00a0% alike): ${miss.differs}`));
  const faults = (now.outcome === "failed" && now.config?.faults || []).map((fault) => h("li", {}, fault));
  return h("div", { class: "now" },
    h("h3", {}, "If it landed now"),
    h("p", {}, h("strong", {}, String(now.outcome).replaceAll("_", " ")), ". ", now.why),
    now.next_step ? h("p", { class: "next" }, now.next_step) : null,
    misses.length ? [h("h4", {}, "Near misses"), h("ul", {}, misses)] : null,
    faults.length ? [h("h4", {}, "Faults of the job config"), h("ul", { class: "faults" }, faults)] : null);
}

const ACTIONS = {
  replay: { label: "Replay…", act: () => confirmReplay({ keys: [STORY.key], etags: seenEtags() }, "Replay this file").catch((error) => toast(error.message, "error")) },
  force: { label: "Start as it is…", act: () => confirmReplay({ keys: [STORY.key], etags: seenEtags(), force: true }, "Start this file whatever its header says").catch((error) => toast(error.message, "error")) },
  release: { label: "Release…", act: () => {
    const row = quarantinedOf(STORY.told);
    confirmRelease(STORY.key, row?.reason || "", row?.etag);
  } },
};

// What was looked at is what is replayed: the API refuses another version.
function seenEtags() {
  const seen = STORY.told.uploads.find((row) => row.status !== "vanished");
  return seen?.etag ? { [STORY.key]: seen.etag } : {};
}

function quarantinedOf(told) {
  return told.tracking.filter((row) => row.status === "quarantined").sort((a, b) => (a.created_at < b.created_at ? 1 : -1))[0];
}

function actionsOf(told) {
  const latest = told.uploads[0];
  const quarantined = quarantinedOf(told);
  const failed = told.tracking.some((row) => row.status === "failed");
  return [...(failed || (latest && latest.status !== "received") ? ["replay"] : []), ...(latest?.status === "rejected" ? ["force"] : []), ...(quarantined ? ["release"] : [])];
}

function drawFacts(id, rows, idOf, summary) {
  reconcile($(id), rows, idOf, (row) => h("details", {},
    h("summary", { "data-focus": "fact" }, h("span", { class: "row" }, summary(row))),
    row.content_preview ? h("pre", { class: "preview" }, row.content_preview) : null, factTable(row)));
  $(`${id}-facts`).hidden = rows.length === 0;
}

function factTable(row) {
  const cells = Object.entries(row).filter(([name]) => name !== "content_preview").map(([name, value]) => [
    h("dt", {}, name), h("dd", {}, h("bdi", {}, typeof value === "object" ? JSON.stringify(value) : String(value))),
  ]);
  return h("dl", {}, cells);
}

function installDetail() {
  const dialog = $("detail");
  $("detail-close").addEventListener("click", () => dialog.close());
  dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); });
  dialog.addEventListener("close", () => {
    writeAddress();
    keepFocus(STORY.key);
  });
}

// A dialog gives the focus back to what opened it. If a refresh replaced that, the same key's row gets it.
function keepFocus(key) {
  if (document.activeElement && document.activeElement !== document.body) return;
  const same = [...$("main").querySelectorAll('[data-focus="key"]')].find((node) => node.textContent === key);
  (same || $("main")).focus();
}
