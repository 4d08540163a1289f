"use strict";

const byID = (id) => document.getElementById(id);

// Characters that are not seen, or that change the order of others, in text of other parties.
const UNSEEN = /[\u0000-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/g;

const visible = (text) =>
  String(text).replace(UNSEEN, (character) => "\\u" + character.charCodeAt(0).toString(16).padStart(4, "0"));

/** Makes an element. Text is never taken for markup, and nothing here sets a handler by an attribute. */
function element(name, attributes, ...children) {
  return fill(document.createElement(name), attributes, children);
}

function drawn(name, attributes, ...children) {
  return fill(document.createElementNS("http://www.w3.org/2000/svg", name), attributes, children);
}

function fill(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes || {})) {
    if (value !== undefined && value !== null) node.setAttribute(name, visible(value));
  }
  for (const child of children.flat()) {
    if (child === undefined || child === null) continue;
    node.append(child instanceof Node ? child : visible(child));
  }
  return node;
}

/** Sets the text of an element, if it is another one: what did not change is not drawn and not read out again. */
function say(node, text, className) {
  const seen = visible(text);
  if (node.textContent !== seen) node.textContent = seen;
  if (className !== undefined && node.className !== className) node.className = className;
}

/** A table whose cells have the names of their columns, which a narrow screen shows beside them. */
function table(caption, columns, rows) {
  const head = columns.map((column) => {
    const title = column.title ?? column;
    return element("th", { scope: "col", role: "columnheader", "aria-sort": column.sorted }, column.button ?? title);
  });
  const body = rows.map((cells) => element("tr", { role: "row" }, cells.map((cell, index) => {
    const title = columns[index].title ?? columns[index];
    return element("td", { role: "cell", "data-label": title, class: cell?.className }, cell?.content ?? cell);
  })));
  return element("table", { role: "table" },
    element("caption", { class: "unseen" }, caption),
    element("thead", { role: "rowgroup" }, element("tr", { role: "row" }, head)),
    element("tbody", { role: "rowgroup" }, body));
}

// The service's clock decides what has expired, since its tokens do. In milliseconds.
let clockDifference = 0;
const setClock = (seconds) => { clockDifference = seconds * 1000 - Date.now(); };
const now = () => (Date.now() + clockDifference) / 1000;

/** A time in UTC, as the names of key files have it. */
function moment(seconds) {
  const date = new Date(seconds * 1000);
  return Number.isNaN(date.getTime()) ? `second ${seconds}` : `${date.toISOString().slice(0, 16).replace("T", " ")} UTC`;
}

function span(seconds) {
  const units = [["d", 86400], ["h", 3600], ["min", 60], ["s", 1]];
  let rest = Math.max(0, Math.round(Math.abs(seconds)));
  if (rest >= 86400 * 730) return `${Math.round(rest / (86400 * 365.25))} years`;
  const first = units.findIndex(([, size]) => rest >= size);
  if (first < 0) return "0 s";
  const parts = [];
  for (const [name, size] of units.slice(first, first + (rest >= 86400 * 10 ? 1 : 2))) {
    const count = Math.floor(rest / size);
    rest -= count * size;
    if (count > 0) parts.push(`${count} ${name}`);
  }
  return parts.join(" ");
}

const relative = (seconds) => seconds > now() ? `in ${span(seconds - now())}` : `${span(now() - seconds)} ago`;

const number = (value) => Math.round(value).toLocaleString("en");
const rate = (value) => value === 0 ? "0" : value < 10 ? value.toFixed(1) : number(value);
const short = (id) => id.length > 16 ? `${id.slice(0, 12)}…` : id;
