"use strict";
// Views, navigation and the live refresh.

const REFRESH_MS = 3000;
const VIEWS = { overview: Overview, files: Files, batches: Batches, quarantine: Quarantine, jobs: Jobs, discovery: Discovery };
const view = { date: new Date().toISOString().slice(0, 10), status: "", name: "", current: null };
const made = {};
let timer = 0;
let running = false;
let again = false;

function show() {
  const asked = location.hash.slice(1);
  const name = Object.hasOwn(VIEWS, asked) ? asked : "overview";
  if (view.name !== name) {
    view.name = name;
    made[name] ??= new VIEWS[name]();
    view.current = made[name];
    $("main").replaceChildren(session.token ? view.current.node : signedOut());
    document.title = `${name[0].toUpperCase()}${name.slice(1)} · Sluice`;
    for (const link of $("tabs").querySelectorAll("a")) {
      if (link.hash === `#${name}`) link.setAttribute("aria-current", "page");
      else link.removeAttribute("aria-current");
    }
  }
  refresh();
}

async function refresh() {
  clearTimeout(timer);
  if (!session.token) return;
  if (!view.current.node.isConnected) $("main").replaceChildren(view.current.node);
  if (running) {
    again = true;
    return;
  }
  if (!document.hidden) {
    running = true;
    try {
      await view.current.refresh();
      if ($("detail").open) await refreshDetail();
      told("");
    } catch (error) {
      told(error.message);
    } finally {
      running = false;
    }
  }
  timer = setTimeout(refresh, again ? 0 : REFRESH_MS);
  again = false;
}

// The one place that says the page cannot be refreshed; what it showed before stays.
function told(problem) {
  if (!session.token) return;
  live(problem ? "off" : "on", problem ? "Offline" : "Live");
  setText($("problem"), problem);
  $("problem").hidden = !problem;
  $("main").classList.toggle("broken", Boolean(problem));
}

function forget() {
  for (const name of Object.keys(made)) delete made[name];
  view.name = "";
  $("problem").hidden = true;
  show();
}

function signedOut() {
  live("idle", "Signed out");
  return h("section", { class: "panel welcome" },
    h("h1", {}, "What happened to my file, and why?"),
    h("p", { class: "muted" }, "Sign in with a reader's token to look, or with an operator's to upload, replay and release."),
    h("button", { type: "button", class: "primary", "data-focus": "sign-in", onclick: () => askToken() }, "Sign in"));
}

function live(state, text) {
  $("live").dataset.state = state;
  setText($("live-text"), text);
}

function installTabs() {
  const links = Object.keys(VIEWS).map((name) => h("a", { href: `#${name}` }, name[0].toUpperCase() + name.slice(1)));
  const date = h("input", { type: "date", id: "date", value: view.date, "aria-label": "Day (UTC)", max: "9999-12-31" });
  date.addEventListener("change", () => {
    if (!date.value) date.value = new Date().toISOString().slice(0, 10);
    view.date = date.value;
    for (const each of Object.values(made)) for (const part of Object.values(each)) if (part instanceof PagedList) part.reset();
    refresh();
  });
  const upload = h("button", { type: "button", class: "primary", id: "upload", onclick: () => $("file-picker").click() }, "Upload…");
  $("tabs").append(h("div", { class: "links" }, links), h("div", { class: "row" }, date, upload));
}

function installTheme() {
  const apply = (theme) => { document.documentElement.dataset.theme = theme; };
  const kept = localStorage.getItem("sluice-theme");
  if (kept) apply(kept);
  $("theme").addEventListener("click", () => {
    const dark = document.documentElement.dataset.theme
      ? document.documentElement.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
    apply(dark ? "light" : "dark");
    localStorage.setItem("sluice-theme", dark ? "light" : "dark");
  });
}

async function start() {
  installTheme();
  installTabs();
  installDrop();
  $("token-form").addEventListener("submit", signIn);
  $("account").addEventListener("click", account);
  $("search").addEventListener("submit", (event) => {
    event.preventDefault();
    if ($("key").value) openDetail($("key").value);
  });
  installDetail();
  installToasts();
  addEventListener("hashchange", show);
  document.addEventListener("visibilitychange", () => { if (!document.hidden) refresh(); });
  try {
    session.stage = (await call("GET", "health", { token: "" })).stage;
    setText($("stage"), session.stage);
    $("stage").hidden = false;
  } catch (error) {
    live("off", "Offline");
    toast(error.message, "error");
  }
  showAccount();
  show();
  if (!session.token) askToken();
}

start();
