// Continuous numbers: a slider with a number field for each, a pad for two, and keys that nudge.

import { button, make } from "./elements.js";
import { json, nested } from "./plain.js";

const MOST = 24; // components that are drawn; more are written as JSON
const FAR = 1; // how far an unbounded side's slider reaches at first
const NUDGE = 0.1; // of a component's range
const ARROWS = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowDown: [1, -1], ArrowUp: [1, 1] };

export function buildBox(space, context) {
  const count = space.shape.reduce((product, size) => product * size, 1);
  if (count > MOST || count === 0) return json(space, context);
  const whole = !space.dtype.includes("f");
  const parts = Array.from({ length: count }, (_, at) => buildComponent(limits(space, at), whole, name(context, at, count), count === 1 ? "" : String(at)));
  const zero = button("zero", "Zero", () => move(parts.map((part) => part.rest)));
  zero.element.classList.add("mnb-small");
  const pad = count === 2 && !whole ? buildPad(parts) : null;
  const rows = make("div", { class: "mnb-rows" }, ...parts.map((part) => part.element), zero.element);
  const element = make("div", { class: "mnb-box-field", "data-pad": pad !== null }, ...(pad ? [pad.element] : []), rows);
  const move = (values) => {
    values.forEach((value, at) => parts[at].set(value));
    changed();
  };
  const changed = () => {
    pad?.paint();
    context.touched();
  };
  for (const part of parts) part.listen(changed);
  pad?.listen(changed);
  const nudge = (key) => {
    const [at, by] = ARROWS[key] ?? [];
    if (at === undefined || at >= count) return undefined;
    return () => {
      parts[at].set(parts[at].get() + by * parts[at].nudge);
      changed();
    };
  };
  pad?.paint();
  return { element, value: () => nested(parts.map((part) => part.read()), space.shape), nudge };
}

function name({ name: given }, at, count) {
  return count === 1 ? given || "value" : `${given} ${at}`.trim();
}

function limits(space, at) {
  const one = (bound) => Number(String(Array.isArray(bound) ? bound[at] : bound).replace("inf", "Infinity"));
  return [one(space.low), one(space.high)];
}

function buildComponent([low, high], whole, title, shown) {
  const from = Number.isFinite(low) ? low : Math.min(-FAR, Number.isFinite(high) ? high - FAR : -FAR);
  const to = Number.isFinite(high) ? high : Math.max(FAR, from + FAR);
  const step = whole ? 1 : "any";
  const rest = Math.max(from, Math.min(to, 0));
  const slider = make("input", { type: "range", class: "mnb-slider", min: from, max: to, step, "aria-label": title });
  const field = make("input", { type: "number", class: "mnb-field mnb-figure", step, "aria-label": `${title}, exactly` });
  const caption = make("span", { class: "mnb-mute mnb-number" }, shown);
  let heard = () => {};
  let now = rest;
  const set = (value) => {
    now = Math.max(low, Math.min(high, whole ? Math.round(value) : value));
    slider.min = Math.min(slider.min, now);
    slider.max = Math.max(slider.max, now);
    slider.value = now;
    field.value = whole ? now : Number(now.toPrecision(4));
    slider.setAttribute("aria-valuetext", field.value);
  };
  slider.addEventListener("input", () => {
    set(Number(slider.value));
    heard();
  });
  field.addEventListener("change", () => {
    if (field.value.trim() !== "" && Number.isFinite(Number(field.value))) set(Number(field.value));
    heard();
  });
  const read = () => {
    if (field.value.trim() === "" || !Number.isFinite(Number(field.value))) throw new RangeError(`${title} is no number.`);
    const exact = Number(field.value);
    if (exact < low || exact > high) throw new RangeError(`${title} must be from ${low} to ${high}.`);
    return Number(exact.toPrecision(4)) === Number(now.toPrecision(4)) ? now : exact;
  };
  set(rest);
  const element = make("div", { class: "mnb-component" }, caption, slider, field);
  return { element, set, read, rest, get: () => now, range: [from, to], nudge: whole ? 1 : NUDGE * (to - from), listen: (hear) => (heard = hear) };
}

// Two components at once: across is the first, up is the second.
function buildPad(parts) {
  const knob = make("i", { class: "mnb-pad-knob" });
  const element = make("div", { class: "mnb-pad", "aria-hidden": "true" }, knob);
  let heard = () => {};
  const [across, up] = parts;
  const share = ({ get, range: [from, to] }) => (get() - from) / (to - from || 1);
  const at = ({ range: [from, to] }, part) => from + Math.max(0, Math.min(1, part)) * (to - from);
  const follow = (event) => {
    const { left, top, width, height } = element.getBoundingClientRect();
    across.set(at(across, (event.clientX - left) / width));
    up.set(at(up, 1 - (event.clientY - top) / height));
    heard();
  };
  element.addEventListener("pointerdown", (event) => {
    element.setPointerCapture(event.pointerId);
    follow(event);
  });
  element.addEventListener("pointermove", (event) => element.hasPointerCapture(event.pointerId) && follow(event));
  const paint = () => {
    knob.style.setProperty("--x", share(across));
    knob.style.setProperty("--y", 1 - share(up));
  };
  return { element, paint, listen: (hear) => (heard = hear) };
}
