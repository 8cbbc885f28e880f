"use strict";
// Building blocks of the page. Whatever comes from S3 becomes a text node, never markup.

function h(tag, props = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else node.setAttribute(name, value === true ? "" : String(value));
  }
  for (const child of children.flat(3)) {
    if (child === null || child === undefined || child === false) continue;
    node.append(child instanceof Node ? child : document.createTextNode(String(child)));
  }
  return node;
}

const $ = (id) => document.getElementById(id);

// Where there is no room a key is cut in the middle: its end, the file's name, stays.
const KEY_END = 24;

function keyText(key) {
  const characters = [...String(key)];
  const end = characters.length > 2 * KEY_END ? characters.splice(-KEY_END).join("") : "";
  return h("bdi", { class: "key", title: key }, h("span", { class: "key-start" }, characters.join("")), end ? h("span", { class: "key-end" }, end) : null);
}

// Children without the holes that a condition leaves: `replaceChildren` would write "null".
function fill(parent, ...children) {
  parent.replaceChildren(...children.flat(3).filter((child) => child !== null && child !== undefined && child !== false));
}

function badge(status) {
  return h("span", { class: "badge", "data-status": status }, String(status).replaceAll("_", " "));
}

function bytes(count) {
  if (typeof count !== "number") return "–";
  const units = ["B", "kB", "MB", "GB", "TB"];
  let value = count;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) { value /= 1024; unit += 1; }
  return `${unit === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)}\u00a0${units[unit]}`;
}

function number(count) {
  return typeof count === "number" ? count.toLocaleString("en-US") : "–";
}

function counted(count, noun) {
  return `${number(count)} ${noun}${count === 1 ? "" : "s"}`;
}

function moment(text) {
  return new Date(String(text || "").split("#")[0]);
}

function ago(text) {
  const seconds = Math.round((Date.now() - moment(text)) / 1000);
  if (Number.isNaN(seconds)) return "";
  if (Math.abs(seconds) < 5) return "just now";
  return seconds < 0 ? `in ${span(-seconds)}` : `${span(seconds)} ago`;
}

function span(seconds) {
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 86400) return `${Math.floor(seconds / 3600)} h`;
  return `${Math.floor(seconds / 86400)} d`;
}

function time(text) {
  if (!text || Number.isNaN(moment(text).getTime())) return h("span", { class: "muted" }, "–");
  return h("time", { datetime: moment(text).toISOString(), title: stamp(text), "data-ago": text }, ago(text));
}

function stamp(text) {
  return `${moment(text).toISOString().replace("T", " ").slice(0, 16)} UTC`;
}

setInterval(() => {
  for (const node of document.querySelectorAll("time[data-ago]")) {
    const now = ago(node.dataset.ago);
    if (node.textContent !== now) node.textContent = now;
  }
}, 5000);

// Rows that did not change keep their nodes, so nothing flickers and focus and selection stay.
const drawn = new WeakMap();

function reconcile(parent, items, idOf, render) {
  const nodes = new Map([...parent.children].map((node) => [drawn.get(node)?.id, node]));
  removeAbsent(parent, new Set(items.map(idOf)));
  items.forEach((item, index) => {
    const id = idOf(item);
    const content = JSON.stringify(item);
    let node = nodes.get(id);
    if (!node || drawn.get(node).content !== content) {
      const fresh = render(item);
      drawn.set(fresh, { id, content });
      if (node) replaceNode(node, fresh);
      node = fresh;
    }
    if (parent.children[index] !== node) parent.insertBefore(node, parent.children[index] || null);
  });
}

function replaceNode(node, fresh) {
  const focused = node.contains(document.activeElement) ? document.activeElement.dataset.focus : "";
  if (node.open) fresh.open = true;
  node.replaceWith(fresh);
  if (focused) focusIn(fresh, focused)?.focus();
}

// A row that goes while it has the focus, because it was released or replayed, hands it to its neighbour.
function removeAbsent(parent, ids) {
  for (const node of [...parent.children]) {
    if (ids.has(drawn.get(node)?.id)) continue;
    const focused = node.contains(document.activeElement) ? document.activeElement.dataset.focus : "";
    const neighbour = node.nextElementSibling || node.previousElementSibling;
    node.remove();
    if (focused) ((neighbour && focusIn(neighbour, focused)) || $("main")).focus();
  }
}

function focusIn(node, name) {
  return node.matches(`[data-focus="${name}"]`) ? node : node.querySelector(`[data-focus="${name}"]`);
}

// A button of operators: readers see it, and why they may not press it.
function actButton(label, name, act, kind = "small-button") {
  const may = session.role !== "reader";
  return h("button", { type: "button", class: kind, "data-focus": name, disabled: !may, onclick: act,
    title: may ? null : ONLY_OPERATORS, "aria-label": may ? null : `${label} (${ONLY_OPERATORS})` }, label);
}

function copyButton(label, text) {
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text);
      toast(`Copied: ${text}`);
    } catch {
      toast("This browser lets no page copy: mark the text instead.", "error");
    }
  };
  return h("button", { type: "button", class: "small-button", "data-focus": label, onclick: copy }, label);
}

function setText(node, text) {
  if (node.textContent !== String(text)) node.textContent = text;
}

function toast(text, kind = "info") {
  const node = h("div", { class: "toast", "data-kind": kind }, text);
  topLayer().append($("toasts"));
  $("toasts").append(node);
  setTimeout(() => node.remove(), kind === "error" ? 9000 : 5000);
}

// Whatever is behind an open dialog is neither seen nor read out, so messages go into the dialog.
function topLayer() {
  return [...document.querySelectorAll("dialog[open]")].at(-1) || document.body;
}

function installToasts() {
  for (const dialog of document.querySelectorAll("dialog")) dialog.addEventListener("close", () => topLayer().append($("toasts")));
}
