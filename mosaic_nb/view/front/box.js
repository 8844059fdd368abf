// Continuous numbers: a slider with a number field for each, a pad for two, and keys that nudge.

import { button, label, make, reveal, write } from "./elements.js";
import { buildPad } from "./pad.js";
import { buildJson, nested, place, refuse, size } from "./plain.js";

const MOST = 24; // components that are drawn; more are written as JSON
const HUGE = 1e6; // a bound that far away is no end of a slider
const FAR = 1; // how far a slider without an end reaches at first
const NUDGE = 0.05; // of a slider's length
const ACROSS = { ArrowLeft: -1, ArrowRight: 1 };
const UP = { ArrowDown: -1, ArrowUp: 1 };
const TURN = { "[": -1, "]": 1 };

export function buildBox(space, context) {
  const count = size(space.shape);
  if (count > MOST || count === 0 || space.shape.length > 2) return buildJson(space, context);
  const whole = !space.dtype.includes("f");
  const parts = Array.from({ length: count }, (_, at) => buildComponent(space, at, whole, context));
  const pad = count === 2 && space.shape.length === 1 ? buildPad(parts, context.name) : null;
  const zero = button("zero", "Zero", () => move(() => parts.forEach((part) => part.set(part.rest))));
  zero.element.classList.add("mnb-small");
  zero.element.title = "Every number as near to 0 as it may be";
  const rows = make("div", { class: "mnb-rows" }, ...parts.map((part) => part.element), zero.element);
  const element = make("div", { class: "mnb-box-field" }, ...(pad ? [pad.element] : []), rows);
  element.dataset.pad = pad !== null;
  const move = (act) => {
    act();
    pad?.paint();
    context.touched();
  };
  parts.forEach((part) => part.listen(move));
  pad?.listen(move);
  pad?.paint();
  if (!context.keys.nudge) context.keys.nudge = buildNudge(element, parts, move);
  return { element, value: () => nested(parts.map((part) => part.read()), space.shape) };
}

// Left and right nudge one component, up and down the next; [ and ] choose which.
function buildNudge(element, parts, move) {
  let chosen = 0;
  const next = () => (chosen + 1) % parts.length;
  const hint = () => parts.forEach((part, at) => part.hint(at === chosen ? "← →" : at === next() ? "↓ ↑" : ""));
  const turn = (by) => {
    chosen = (chosen + by + parts.length) % parts.length;
    hint();
  };
  hint();
  return (key) => {
    if (!element.checkVisibility()) return undefined;
    if (key in ACROSS) return () => move(() => parts[chosen].nudge(ACROSS[key]));
    if (key in UP && parts.length > 1) return () => move(() => parts[next()].nudge(UP[key]));
    return key in TURN && parts.length > 2 ? () => turn(TURN[key]) : undefined;
  };
}

function bounds(space, at) {
  const one = (bound) => Number(String(Array.isArray(bound) ? bound[at] : bound).replace("inf", "Infinity"));
  return [one(space.low), one(space.high)];
}

// Where a slider begins and ends: at the bounds, or about zero where they are far away.
function reach(low, high) {
  const near = (bound) => Math.abs(bound) < HUGE;
  const from = near(low) ? low : near(high) ? Math.min(-FAR, high - FAR) : -FAR;
  return [from, near(high) ? high : Math.max(FAR, from + FAR)];
}

function buildComponent(space, at, whole, context) {
  const title = space.shape.length ? `${context.name} ${place(at, space.shape)}`.trim() : context.name || "value";
  const [low, high] = bounds(space, at);
  const [from, to] = reach(low, high);
  const kbd = make("kbd", { "aria-hidden": "true", hidden: "" });
  const slider = make("input", { type: "range", class: "mnb-slider", min: from, max: to, step: whole ? 1 : "any" });
  const field = make("input", { type: "number", class: "mnb-field mnb-figure mnb-number", step: whole ? 1 : "any", inputmode: "decimal" });
  label(slider, title);
  label(field, `${title}, exactly`);
  let now = 0;
  let shown = "";
  let moved = () => {};
  const set = (value) => {
    now = Math.max(low, Math.min(high, whole ? Math.round(value) : value));
    slider.min = Math.min(slider.min, now);
    slider.max = Math.max(slider.max, now);
    slider.value = now;
    field.value = shown = String(whole ? now : Number(now.toPrecision(4)));
    field.removeAttribute("aria-invalid");
    slider.setAttribute("aria-valuetext", shown);
  };
  const read = () => (field.value === shown ? now : exact());
  const exact = () => {
    const value = Number(field.value.trim() || NaN);
    if (Number.isNaN(value)) refuse(field, `${title} is no number.`);
    if (whole && !Number.isInteger(value)) refuse(field, `${title} must be a whole number.`);
    if (value < low || value > high) refuse(field, `${title} must be ${range(low, high)}.`);
    return value;
  };
  slider.addEventListener("input", () => moved(() => set(Number(slider.value))));
  field.addEventListener("change", () => {
    const value = Number(field.value.trim() || NaN);
    const good = value >= low && value <= high && (!whole || Number.isInteger(value));
    moved(() => good && set(value));
  });
  const rest = Math.max(low, Math.min(high, 0));
  set(rest);
  const step = whole ? 1 : NUDGE * (to - from);
  const caption = make("span", { class: "mnb-mute mnb-number", "aria-hidden": "true" }, space.shape.length ? place(at, space.shape) : "");
  const hint = (keys) => {
    write(kbd, keys);
    reveal(kbd, keys !== "");
  };
  return {
    element: make("div", { class: "mnb-component" }, caption, slider, field, kbd),
    set,
    read,
    rest,
    hint,
    span: [from, to],
    get: () => now,
    nudge: (by) => set(Number((now + by * step).toPrecision(12))),
    listen: (hear) => (moved = hear),
  };
}

function range(low, high) {
  if (Number.isFinite(low) && Number.isFinite(high)) return `from ${low} to ${high}`;
  return Number.isFinite(low) ? `${low} or more` : `${high} or less`;
}
