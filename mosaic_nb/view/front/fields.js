// A field for every space: what a person sets, as the plain value that Python makes a member of the space.
//
// A field is {element, value, nudge}: value() throws a RangeError that says in words what is wrong; nudge(key), where
// there is one, returns what a key does to it, or undefined.

import { buildBox } from "./box.js";
import { label, make, write } from "./elements.js";
import { json, nested } from "./plain.js";
import { buildText } from "./textbox.js";

const FEW = 6; // options that are shown side by side; more are a list to open

const FIELDS = {
  Discrete: buildDiscrete,
  MultiDiscrete: buildMultiDiscrete,
  MultiBinary: buildMultiBinary,
  Box: buildBox,
  Text: buildText,
  Dict: buildDict,
  Tuple: buildTuple,
  OneOf: buildOneOf,
};

export function buildField(space, context) {
  return (FIELDS[space.type] ?? json)(space, context);
}

function buildDiscrete(space, { name, touched }) {
  return options(Array.from({ length: space.n }, (_, at) => space.start + at), name || "choice", touched);
}

// One of some numbers: buttons side by side where they are few, else a list.
function options(values, name, touched) {
  if (values.length > FEW) {
    const select = make("select", { class: "mnb-field", "aria-label": name });
    select.append(...values.map((value) => make("option", { value }, String(value))));
    select.addEventListener("change", touched);
    return { element: select, value: () => Number(select.value) };
  }
  const group = `mnb-${Math.random().toString(36).slice(2)}`;
  const element = make("div", { class: "mnb-radios", role: "radiogroup", "aria-label": name });
  const boxes = values.map((value, at) => {
    const box = make("input", { type: "radio", name: group, value });
    box.checked = at === 0;
    box.addEventListener("change", touched);
    element.append(make("label", { class: "mnb-radio" }, box, make("span", {}, String(value))));
    return box;
  });
  return { element, value: () => Number(boxes.find((box) => box.checked).value) };
}

function buildMultiDiscrete(space, { name, touched }) {
  const count = space.shape.reduce((product, size) => product * size, 1);
  const each = (numbers, at) => (Array.isArray(numbers) ? numbers[at] : numbers);
  const parts = Array.from({ length: count }, (_, at) => {
    const from = each(space.start, at);
    const values = Array.from({ length: each(space.nvec, at) }, (_, step) => from + step);
    return options(values, `${name} component ${place(at, space.shape)}`.trim(), touched);
  });
  const rows = parts.map((part, at) => row(place(at, space.shape), part.element));
  const element = make("div", { class: "mnb-rows" }, ...rows);
  return { element, value: () => nested(parts.map((part) => part.value()), space.shape) };
}

function buildMultiBinary(space, { name, touched }) {
  const shape = [space.n].flat();
  const count = shape.reduce((product, size) => product * size, 1);
  const element = make("div", { class: "mnb-switches", role: "group", "aria-label": name || "switches" });
  element.style.setProperty("--columns", shape.length > 1 ? shape.at(-1) : 0);
  const boxes = Array.from({ length: count }, (_, at) => {
    const box = make("input", { type: "checkbox", role: "switch" });
    box.addEventListener("change", touched);
    element.append(make("label", { class: "mnb-radio" }, box, make("span", {}, place(at, shape))));
    return box;
  });
  return { element, value: () => nested(boxes.map((box) => Number(box.checked)), shape) };
}

function buildDict(space, context) {
  const parts = space.spaces.map(([key, part]) => [key, buildField(part, { ...context, name: String(key) })]);
  const element = make("div", { class: "mnb-parts" }, ...parts.map(([key, part]) => fieldset(key, part.element)));
  return { element, value: () => Object.fromEntries(parts.map(([key, part]) => [key, part.value()])) };
}

function buildTuple(space, context) {
  const parts = space.spaces.map((part, at) => buildField(part, { ...context, name: `part ${at}` }));
  const element = make("div", { class: "mnb-parts" }, ...parts.map((part, at) => fieldset(`part ${at}`, part.element)));
  return { element, value: () => parts.map((part) => part.value()) };
}

function buildOneOf(space, context) {
  const parts = space.spaces.map((part, at) => buildField(part, { ...context, name: `choice ${at}` }));
  const which = options(parts.map((_, at) => at), "which of the spaces", () => show());
  const frames = parts.map((part, at) => fieldset(`${at}: ${space.spaces[at].type}`, part.element));
  const element = make("div", { class: "mnb-parts" }, which.element, ...frames);
  const show = () => frames.forEach((frame, at) => (frame.hidden = at !== which.value()));
  show();
  return { element, value: () => [which.value(), parts[which.value()].value()] };
}

function fieldset(name, element) {
  const legend = make("legend", { dir: "auto" });
  write(legend, name);
  return make("fieldset", { class: "mnb-fieldset" }, legend, element);
}

function row(name, element) {
  const caption = make("span", { class: "mnb-mute mnb-number" });
  write(caption, name);
  label(element, element.getAttribute("aria-label") ?? name);
  return make("div", { class: "mnb-field-row" }, caption, element);
}

// The place of a flat index in an array of this shape: "3", or "1, 2".
function place(at, shape) {
  const digits = [];
  for (const size of [...shape].reverse()) {
    digits.unshift(at % size);
    at = Math.floor(at / size);
  }
  return digits.join(", ");
}
