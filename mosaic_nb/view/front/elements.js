// What every part is built of. Text reaches the page through textContent alone: names may be hostile.

const KIND_WORDS = { rl: "RL", llm: "LLM", vlm: "VLM", icrl: "ICRL" };
const ICONS = {
  reset: "M3.2 8a4.8 4.8 0 1 0 1.6-3.6M3 2.2v2.9h2.9",
  step: "M4.5 3.2 10 8l-5.5 4.8zM12.2 3.2v9.6",
  play: "M4.8 2.8 12.6 8l-7.8 5.2z",
  pause: "M5 3v10M11 3v10",
  stop: "M4 4h8v8H4z",
  look: "M7 2.8a4.2 4.2 0 1 1 0 8.4 4.2 4.2 0 0 1 0-8.4M10.2 10.2l3.4 3.4",
  more: "M4.5 6.2 8 9.8l3.5-3.6",
  dice: "M2.8 2.8h10.4v10.4H2.8zM5.6 5.6h.01M10.4 10.4h.01M10.4 5.6h.01M5.6 10.4h.01M8 8h.01",
};

export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value !== undefined) element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
}

// A name for an element that nothing else on the page has: other widgets are there, too.
export function unique(prefix) {
  return `${prefix}-${Math.random().toString(36).slice(2)}`;
}

export function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  svg.setAttribute("viewBox", "0 0 16 16");
  svg.setAttribute("aria-hidden", "true");
  path.setAttribute("d", ICONS[name]);
  svg.append(path);
  return svg;
}

// A text node that stays costs the page far less than one put in its place.
export function write(element, text) {
  const words = String(text);
  const node = element.firstChild;
  if (node?.nodeType !== Node.TEXT_NODE || node.nextSibling) element.textContent = words;
  else if (node.data !== words) node.data = words;
}

export function label(element, text) {
  if (element.getAttribute("aria-label") !== text) element.setAttribute("aria-label", text);
}

export function reveal(element, shown) {
  if (element.hidden === shown) element.hidden = !shown;
}

// A disabled button loses the focus, and with it the keys go to the notebook: so aria-disabled, checked on use.
export function enable(button, on) {
  button.setAttribute("aria-disabled", String(!on));
}

function enabled(button) {
  return button.getAttribute("aria-disabled") !== "true";
}

export function button(name, text, act, ...children) {
  const press = (event) => enabled(element) && act(event);
  const element = make("button", { type: "button", class: "mnb-button", "data-action": name, onclick: press });
  const words = make("span", {}, text);
  element.append(...children, words);
  return { element, words };
}

export function number(value, digits = 2) {
  if (typeof value !== "number") return String(value);
  return Math.abs(value) >= 1e5 ? value.toPrecision(4) : value.toFixed(digits);
}

export function duration(milliseconds) {
  if (milliseconds >= 1000) return `${number(milliseconds / 1000)} s`;
  return `${number(milliseconds, milliseconds < 10 ? 1 : 0)} ms`;
}

export function buildChip() {
  const element = make("span", { class: "mnb-chip", dir: "auto" });
  const update = (kind) => {
    if (element.dataset.kind !== kind) element.dataset.kind = kind;
    write(element, KIND_WORDS[kind] ?? kind);
  };
  return { element, update };
}
