"use strict";
// Files of a day, by status, with replay of what is listed.

class Files {
  constructor() {
    this.status = h("select", { id: "status-filter", onchange: () => this.choose() },
      h("option", { value: "" }, "Every status"), STATUSES.map((status) => h("option", { value: status }, status.replaceAll("_", " "))));
    this.replayAll = h("button", { type: "button", class: "ghost", onclick: () => this.replay() }, "Replay these…");
    this.list = new PagedList({
      path: "files", label: "Files of the day, newest first", columns: ["Key", "Status", "Landed", "Size", "Outcome"],
      query: () => ({ date: view.date, status: view.status }),
      idOf: (row) => row.file_key + row.timestamp,
      row: (row) => [keyButton(row.file_key), badge(row.status), time(row.timestamp), bytes(row.file_size), outcomeOf(row)],
      empty: "No file of this kind on this day.",
    });
    this.fragment = h("input", { id: "fragment", type: "search", placeholder: "Part of a key", "aria-label": "Show only loaded rows with this in their key", spellcheck: "false",
      oninput: () => { this.list.fragment = this.fragment.value.toLowerCase(); this.list.draw(); } });
    this.node = h("div", { class: "view" },
      h("div", { class: "heading" }, h("h1", {}, "Files"),
        h("div", { class: "row" }, this.fragment, h("label", { for: "status-filter", class: "hidden" }, "Status"), this.status, this.replayAll)),
      h("section", { class: "panel flush" }, this.list.node));
  }

  choose() {
    view.status = this.synced = this.status.value;
    this.list.reset();
    refresh();
  }

  async refresh() {
    if (this.synced !== view.status) {
      this.status.value = view.status;
      this.synced = view.status;
      this.list.reset();
    }
    for (const option of this.status.options) option.hidden = Boolean(option.value) && !session.statuses.includes(option.value);
    this.replayAll.hidden = !["failed", "job_failed", "inactive", "not_configured", "rejected"].includes(view.status);
    this.replayAll.disabled = session.role === "reader";
    this.replayAll.title = session.role === "reader" ? ONLY_OPERATORS : "";
    await this.list.refresh();
  }

  async replay() {
    const body = { status: view.status, date: view.date };
    try {
      await confirmReplay(body, `Replay ${view.status.replaceAll("_", " ")} files of ${view.date}`);
    } catch (error) {
      toast(error.message, "error");
    }
  }
}

// Show what would happen; once that is confirmed, send the same request for real.
async function confirmReplay(body, title) {
  const plan = await post("replay", { ...body, dry_run: true });
  const acting = plan.items.filter((item) => item.action !== "none");
  const etags = Object.fromEntries(plan.items.filter((item) => item.etag).map((item) => [item.key, item.etag]));
  const dialog = $("confirm");
  const lines = plan.items.map((item) => h("li", {},
    h("span", { class: `action ${item.action === "none" ? "muted" : ""}` }, item.action.replaceAll("_", " ")),
    h("div", {}, keyText(item.key), h("p", { class: "muted small" }, item.why))));
  const act = async () => {
    dialog.close();
    try {
      const done = await post("replay", { ...body, etags });
      const ran = done.items.filter((item) => item.outcome);
      toast(ran.length ? `Replayed ${ran.length}: ${ran.map((item) => item.outcome.status).slice(0, 3).join(", ")}` : "Nothing had to be done.");
      refresh();
    } catch (error) {
      toast(error.message, "error");
    }
  };
  fill($("confirm-plan"),
    h("h2", { id: "confirm-title" }, title),
    h("p", { class: "muted" }, acting.length ? `${acting.length} of ${plan.items.length} would be acted on.` : "Nothing would be done."),
    h("ul", { class: "plan" }, lines),
    plan.next_cursor ? h("p", { class: "muted small" }, "More follow: replay again afterwards for the next ones.") : null,
    h("div", { class: "row end" },
      h("button", { type: "button", class: "ghost", onclick: () => dialog.close() }, "Cancel"),
      h("button", { type: "button", class: "primary", id: "confirm-act", disabled: !acting.length, onclick: act }, `Replay ${acting.length}`)));
  dialog.showModal();
}
