"use strict";
// What needs a person: one line a cause, over every lane, each with its next step.

const STEPS = {
  failed: "They are routed again by repair; mend what the reason names.",
  job_failed: "Look at the run's error, then replay.",
  rejected: "Mend the file and upload it again, or the job's columns, then replay.",
  not_configured: "Add a job for them, then replay.",
};

class Attention {
  constructor() {
    this.list = h("ul", { class: "attention" });
    this.node = h("section", { class: "panel", "aria-labelledby": "attention" }, h("h2", { id: "attention" }, "Needs attention"), this.list);
  }

  async refresh(summary) {
    const stuck = Object.keys(STEPS).filter((status) => summary.landing[status]);
    const [jobs, quarantine, ...pages] = await Promise.all([
      get("jobs", { limit: 1 }), get("quarantine", { limit: 100 }),
      ...stuck.map((status) => get("files", { date: view.date, status, limit: 100 })),
    ]);
    const causes = [...configCauses(jobs), ...stuck.flatMap((status, index) => fileCauses(status, pages[index])),
      ...grouped("quarantined", quarantine, "Mend and upload again, or release.", "#quarantine"), ...deadLetters(summary)];
    reconcile(this.list, causes, (cause) => cause.id, causeNode);
    this.node.hidden = causes.length === 0;
  }
}

function configCauses(jobs) {
  if (jobs.valid) return [];
  return [{ id: "config", status: "failed", text: `Job config invalid: ${counted(jobs.faults.length, "fault")}`, step: "Mend config/config.json: nothing is routed until then.", to: "#jobs" }];
}

function fileCauses(status, page) {
  return grouped(status, page, STEPS[status], `#files?${new URLSearchParams({ date: view.date, status })}`);
}

// Files with one reason are one line; what differs only by its numbers, names and quoted text is one reason.
function grouped(status, page, step, to) {
  const counts = new Map();
  for (const row of page.items) {
    const reason = String(row.run_error || row.reason || "").split("\n")[0].replace(/, near .*/, "").replaceAll(/\d+/g, "…").slice(0, 120);
    counts.set(reason, (counts.get(reason) || 0) + 1);
  }
  return [...counts].map(([reason, count]) => ({
    id: `${status} ${reason}`, status, step, to,
    text: `${counted(count, "file")}${page.next_cursor ? " or more" : ""}${reason ? `: ${reason}` : ""}`,
  }));
}

function deadLetters(summary) {
  return summary.backlog.filter((queue) => queue.dead_letters && queue.waiting > 0 && !isSettled(queue)).map((queue) => ({
    id: queue.queue, status: "failed", to: "#overview",
    text: `${counted(queue.waiting, "dead letter")} of ${queue.queue.replace("-dlq", "")}`, step: "Redrive them below once their cause is mended.",
  }));
}

function causeNode(cause) {
  return h("li", { "data-status": cause.status }, badge(cause.status),
    h("a", { href: cause.to, "data-focus": "cause" }, cause.text), h("span", { class: "muted small" }, cause.step));
}
