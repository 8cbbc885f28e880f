"use strict";
// Views, navigation and the live refresh.

const REFRESH_MS = 3000;
const VIEWS = { overview: Overview, files: Files, batches: Batches, quarantine: Quarantine, jobs: Jobs, discovery: Discovery };
const today = () => new Date().toISOString().slice(0, 10);
const view = { date: today(), name: "", current: null, lane: "", status: "", days: "", hour: "", prefix: "", contains: "", sort: "" };
const ACCEPTED = { lane: /^(landing|ndjson)$/, status: /^[a-z_]+$/, days: /^14$/, hour: /^([01]\d|2[0-3])$/, prefix: /./s, contains: /./s, sort: /^[A-Z][a-z]+-(up|down)$/ };
const made = {};
let timer = 0;
let running = false;
let again = false;

// The address holds the view, the day, the filters and the opened key: it can be shared, and a reload keeps them.
function readAddress() {
  const [asked, query] = location.hash.slice(1).split("?");
  const given = new URLSearchParams(query);
  if (given.has("date") && given.get("date") !== view.date && /^\d{4}-\d\d-\d\d$/.test(given.get("date"))) chooseDay(given.get("date"));
  if (asked === "files" && query !== undefined) for (const name of FILTERS) view[name] = ACCEPTED[name].test(given.get(name) || "") ? given.get(name) : "";
  if (given.get("key") && session.token && !$("detail").open) openDetail(given.get("key"));
  return Object.hasOwn(VIEWS, asked) ? asked : "overview";
}

function writeAddress() {
  const given = new URLSearchParams();
  if (view.date !== today()) given.set("date", view.date);
  if (view.name === "files") for (const name of FILTERS) if (view[name]) given.set(name, view[name]);
  if ($("detail").open) given.set("key", STORY.key);
  const hash = `#${view.name}${given.size ? `?${given}` : ""}`;
  if (view.name && location.hash !== hash) history.replaceState(null, "", hash);
}

// A whole key is explained; a part of one is looked for in every lane.
function search(text) {
  if (text.includes("/")) openDetail(text);
  else if (text) location.hash = filesAddress({ contains: text, days: WEEKS }, today());
}

function chooseDay(date) {
  view.date = $("date").value = date;
  for (const each of Object.values(made)) for (const part of Object.values(each)) if (part instanceof PagedList) part.reset();
}

// What is no date leaves the chosen day as it is.
function moveDay(from, days) {
  const to = new Date(`${from}T00:00:00Z`);
  const isDate = /^\d{4}-\d\d-\d\d$/.test(from) && !Number.isNaN(to.getTime()) && to.toISOString().startsWith(from);
  if (isDate) to.setUTCDate(to.getUTCDate() + days);
  chooseDay(isDate ? to.toISOString().slice(0, 10) : view.date);
  refresh();
}

function show() {
  const name = readAddress();
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
  if (session.token) writeAddress();
  if (!session.token) return;
  if (!view.current.node.isConnected) $("main").replaceChildren(view.current.node);
  if (running) {
    again = true;
    return;
  }
  if (!document.hidden) {
    running = true;
    try {
      await learnRole();
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

// After an action what needs attention is asked for at once.
function refreshAfterAction() {
  if (made.overview) made.overview.attention.asked = 0;
  refresh();
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
  const date = h("input", { id: "date", value: view.date, "aria-label": "Day (UTC), as 2026-01-31", inputmode: "numeric", maxlength: 10, autocomplete: "off", spellcheck: "false" });
  date.addEventListener("change", () => moveDay(date.value || today(), 0));
  const day = h("div", { class: "day-chooser", role: "group", "aria-label": "Day" },
    h("button", { type: "button", class: "plain", "aria-label": "The day before", onclick: () => moveDay(view.date, -1) }, "‹"), date,
    h("button", { type: "button", class: "plain", "aria-label": "The day after", onclick: () => moveDay(view.date, 1) }, "›"));
  const upload = h("button", { type: "button", class: "primary", id: "upload", onclick: () => $("file-picker").click() }, "Upload…");
  $("tabs").append(h("div", { class: "links" }, links), h("div", { class: "row" }, day, upload));
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

// An open dialog takes the page's scrollbar away: what stands behind keeps its place.
function measureScrollbar() {
  if (document.querySelector("dialog[open]")) return;
  document.documentElement.style.setProperty("--scrollbar", `${innerWidth - document.documentElement.clientWidth}px`);
}

async function start() {
  measureScrollbar();
  addEventListener("resize", measureScrollbar);
  installTheme();
  installTabs();
  installDrop();
  $("token-form").addEventListener("submit", signIn);
  $("account").addEventListener("click", account);
  $("search").addEventListener("submit", (event) => {
    event.preventDefault();
    search($("key").value);
  });
  installDetail();
  installToasts();
  addEventListener("hashchange", show);
  addEventListener("keydown", (event) => {
    if (event.key !== "/" || event.target.closest("input:not([type=checkbox]), select, textarea, dialog[open]")) return;
    event.preventDefault();
    $("key").focus();
  });
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
