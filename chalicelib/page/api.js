"use strict";
// Calls of the API that serves this page; the token stays in this tab.

const BASE = location.pathname.replace(/\/?$/, "/");

class ApiError extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

const ONLY_OPERATORS = "only operators may do this: sign in with an operator's token";

const session = {
  stage: "",
  role: "",
  get token() { return sessionStorage.getItem("sluice-token") || ""; },
  set token(value) {
    if (value) sessionStorage.setItem("sluice-token", value);
    else sessionStorage.removeItem("sluice-token");
  },
};

async function call(method, path, { query = {}, body = undefined, token = session.token } = {}) {
  if (!token && path !== "health") throw new ApiError(401, "You are signed out.");
  const given = Object.entries(query).filter(([, value]) => value !== "" && value !== null && value !== undefined);
  const parameters = new URLSearchParams(given).toString();
  const headers = token ? { Authorization: `Bearer ${token}` } : {};
  if (body !== undefined) headers["Content-Type"] = "application/json";
  let reply;
  try {
    reply = await fetch(BASE + path + (parameters ? `?${parameters}` : ""), {
      method,
      headers,
      body: body === undefined ? undefined : JSON.stringify(body),
      cache: "no-store",
    });
  } catch {
    throw new ApiError(0, "Sluice does not answer. Is it running? Trying again.");
  }
  const answer = await reply.json().catch(() => ({}));
  if (!reply.ok) {
    if (reply.status === 401 && session.token) signOut("This token is not known any more: it may have been rotated.");
    const denied = reply.status === 403 ? "A reader's token may look only: sign in as an operator to act." : "";
    throw new ApiError(reply.status, denied || answer.Message || answer.message || `HTTP ${reply.status}`);
  }
  return answer;
}

async function learnRole() {
  if (!session.token || session.role) return;
  session.role = (await get("summary")).role;
  showAccount();
}

const get = (path, query) => call("GET", path, { query });
const post = (path, body) => call("POST", path, { body });

function askToken(problem = "") {
  const dialog = $("token");
  $("token-hint").hidden = session.stage !== "local";
  setText($("token-error"), problem);
  $("token-error").hidden = !problem;
  if (!$("token-value").value) $("token-value").value = session.stage === "local" ? "local-operator" : "";
  if (dialog.open) return;
  dialog.showModal();
  $("token-value").focus();
}

function signOut(problem = "") {
  session.token = session.role = "";
  showAccount();
  for (const dialog of document.querySelectorAll("dialog[open]")) dialog.close();
  forget();
  askToken(problem);
}

async function signIn(event) {
  event.preventDefault();
  const token = $("token-value").value.trim();
  $("token-submit").disabled = true;
  try {
    session.token = "";
    session.role = (await call("GET", "summary", { token })).role;
    session.token = token;
    $("token-value").value = "";
    $("token").close();
    showAccount();
    refresh();
  } catch (error) {
    const unknown = error.status === 401 || error.status === 403;
    setText($("token-error"), unknown ? "This token is not known. Check for a missing character." : error.message);
    $("token-error").hidden = false;
  } finally {
    $("token-submit").disabled = false;
  }
}

function showAccount() {
  $("upload").disabled = session.role === "reader";
  $("upload").title = session.role === "reader" ? ONLY_OPERATORS : "";
  setText($("account"), session.token ? "Sign out" : "Sign in");
}

function account() {
  if (session.token) signOut();
  else askToken();
}
