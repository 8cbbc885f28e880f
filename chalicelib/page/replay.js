"use strict";
// A replay is planned, shown, and carried out once that is confirmed.

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
      refreshAfterAction();
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
