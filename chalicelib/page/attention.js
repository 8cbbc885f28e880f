"use strict";
// What needs a person: one line a cause, over every lane and the last days, each with its next step.
// And which alerts were sent, or are still due.

const ATTENTION_MS = 20000;
const STEPS = {
  failed: "They are routed again by repair; mend what the reason names.",
  job_failed: "Look at the run's error, then replay.",
  rejected: "Mend the file and upload it again, or the job's columns, then replay.",
  not_configured: "Add a job for them, then replay.",
};

class Attention {
  constructor() {
    this.asked = 0;
    this.causes = [];
    this.list = h("ul", { class: "attention" });
    this.node = h("section", { class: "panel", hidden: true, "aria-labelledby": "attention" }, h("h2", { id: "attention" }, "Needs attention"), this.list);
  }

  // Dead letters come with every refresh, the rest is asked for less often.
  async refresh(summary, days) {
    if (Date.now() - this.asked > ATTENTION_MS) {
      this.causes = await causesOf(days);
      this.asked = Date.now();
    }
    const causes = [...configCauses(summary.config), ...this.causes, ...deadLetters(summary)];
    reconcile(this.list, causes, (cause) => cause.id, causeNode);
    this.node.hidden = causes.length === 0;
  }
}

async function causesOf(days) {
  const stuck = Object.keys(STEPS).filter((status) => days.some((day) => day.landing[status]));
  const [jobs, quarantine, batches, ...pages] = await Promise.all([
    get("jobs", { limit: 100 }), get("quarantine", { limit: 100 }), get("batches", { limit: 1 }),
    ...stuck.map((status) => get("files", { days: WEEKS, status, limit: 100 })),
  ]);
  return [...lateCauses(jobs),
    ...stuck.flatMap((status, index) => grouped(status, pages[index], STEPS[status], filesAddress({ lane: "landing", status, days: WEEKS }, today()))),
    ...grouped("quarantined", quarantine, "Mend and upload again, or release.", "#quarantine"),
    ...grouped("failed", { items: batches.failed }, "They are tried again by repair; mend what the reason names.", "#batches")];
}

function configCauses(config) {
  if (!config.faults.length) return [];
  const step = config.in_force === "last_good" ? "The last good version routes meanwhile." : "Nothing is routed until then.";
  return [{ id: "config", status: "failed", text: `Job config invalid: ${counted(config.faults.length, "fault")}`, step: `Mend it. ${step}`, to: "#jobs" }];
}

function lateCauses(jobs) {
  return jobs.items.filter((job) => job.expectation?.state === "late").map((job) => ({
    id: `late ${job.index}`, status: "late", to: "#jobs",
    text: `${job.source_file_name} of job ${job.job_id} is expected since ${stamp(job.expectation.due_at)}`, step: "Ask its sender.",
  }));
}

// Files with one reason are one line; what differs only by its numbers is one reason.
function grouped(status, page, step, to) {
  const counts = new Map();
  for (const row of page.items) {
    const reason = String(row.run_error || row.reason || "").split("\n")[0].replace(/, near .*/, "").replaceAll(/\b\d+\b/g, "…").slice(0, 120);
    counts.set(reason, (counts.get(reason) || 0) + 1);
  }
  return [...counts].map(([reason, count]) => ({
    id: `${status} ${reason} ${to}`, status, step, to,
    text: `${counted(count, "file")}${page.next_cursor ? " or more" : ""}${reason ? `: ${reason}` : ""}`,
  }));
}

function deadLetters(summary) {
  return summary.backlog.filter((queue) => queue.dead_letters && queue.waiting > 0 && !isSettled(queue)).map((queue) => ({
    id: queue.queue, status: "failed", to: "#overview",
    text: `${counted(queue.waiting, "dead letter")} of ${queue.queue.replace("-dlq", "")}`, step: "Mend their cause, then redrive them below.",
  }));
}

function causeNode(cause) {
  return h("li", { "data-status": cause.status }, badge(cause.status),
    h("a", { href: cause.to, "data-focus": "cause", title: cause.text }, cause.text), h("span", { class: "muted small" }, cause.step));
}

// The alerts of the day: asked for while they are unfolded, and not before.
class Alerts extends PagedList {
  constructor() {
    super({
      path: "alerts", label: "Alerts of the day, newest first", columns: ["About", "Alert", "When", "State"],
      query: () => ({ date: view.date }), every: () => ATTENTION_MS, row: alertCells,
      idOf: (row) => JSON.stringify([row.subject, row.at, row.timestamp, row.key, row.manifest_key, row.job_id]),
      empty: "No alert about this day is known.",
    });
    this.rest = h("p", { class: "muted small", hidden: true }, "The day has more manifests than were looked at.");
    this.box = h("details", { class: "panel flush alerts", ontoggle: () => this.unfold() }, h("summary", {}, h("h2", {}, "Alerts of the day")));
  }

  unfold() {
    this.box.append(this.node, this.rest);
    this.refresh().catch((error) => toast(error.message, "error"));
  }

  async refresh() {
    const page = this.box.open ? await super.refresh() : null;
    if (page) this.rest.hidden = page.complete;
  }
}

function alertCells(row) {
  return [aboutOf(row), h("div", {}, row.subject, row.also ? h("div", { class: "muted small" }, `then: ${row.also}`) : null), time(row.at), badge(row.state)];
}

function aboutOf(row) {
  if (row.about === "file") return keyButton(row.key);
  const [to, text] = {
    manifest: [`#batches?${new URLSearchParams({ date: view.date })}`, row.manifest_key],
    job: ["#jobs", `job ${row.job_id}`], config: ["#jobs", row.key], batches: ["#batches", "batches that are due"],
  }[row.about];
  return h("a", { href: to, class: "link", "data-focus": "about" }, keyText(text));
}
