// Whole numbers to choose: radio buttons where they are few, a list to open, or a number to type; and switches.

import { label, make, unique } from "./elements.js";
import { buildJson, nested, place, refuse, size } from "./plain.js";

const FEW = 6; // numbers that are shown side by side
const MOST_LISTED = 200; // numbers in a list to open; of more one is typed
const MOST_PARTS = 64; // components that are drawn; more are written as JSON

export function buildDiscrete(space, { name, touched }) {
  return buildNumber(space.start, space.n, name || "choice", touched);
}

// One of `count` whole numbers from `first` on; words: what to call them instead.
export function buildNumber(first, count, name, touched, words = String) {
  const values = count <= MOST_LISTED ? Array.from({ length: count }, (_, at) => first + at) : [];
  if (count > MOST_LISTED) return typed(first, first + count - 1, name, touched);
  return count > FEW ? listed(values, name, touched, words) : radios(values, name, touched, words);
}

function radios(values, name, touched, words) {
  const group = unique("mnb-radios");
  const element = make("div", { class: "mnb-radios", role: "radiogroup" });
  label(element, name);
  const boxes = values.map((value, at) => {
    const box = make("input", { type: "radio", name: group, value });
    box.checked = at === 0;
    box.addEventListener("change", touched);
    element.append(make("label", { class: "mnb-radio" }, box, make("span", {}, words(value))));
    return box;
  });
  return { element, value: () => Number(boxes.find((box) => box.checked).value) };
}

function listed(values, name, touched, words) {
  const element = make("select", { class: "mnb-field" });
  label(element, name);
  element.append(...values.map((value) => make("option", { value }, words(value))));
  element.addEventListener("change", touched);
  return { element, value: () => Number(element.value) };
}

function typed(first, last, name, touched) {
  const element = make("input", { type: "number", class: "mnb-field", min: first, max: last, step: 1, value: first });
  label(element, `${name}, from ${first} to ${last}`);
  element.title = `from ${first} to ${last}`;
  element.addEventListener("change", touched);
  const value = () => {
    const number = Number(element.value || NaN);
    const good = Number.isInteger(number) && number >= first && number <= last;
    return good ? number : refuse(element, `${name} must be a whole number from ${first} to ${last}.`);
  };
  return { element, value };
}

export function buildMultiDiscrete(space, context) {
  if (size(space.shape) > MOST_PARTS) return buildJson(space, context);
  const part = (numbers, at) => (Array.isArray(numbers) ? numbers[at] : numbers);
  const parts = Array.from({ length: size(space.shape) }, (_, at) => {
    const name = `${context.name} component ${place(at, space.shape)}`.trim();
    return buildNumber(part(space.start, at), part(space.nvec, at), name, context.touched);
  });
  const cells = parts.map(({ element }, at) => make("div", { class: "mnb-cell" }, caption(place(at, space.shape)), element));
  return { element: arrange(cells, space.shape), value: () => nested(parts.map((each) => each.value()), space.shape) };
}

export function buildMultiBinary(space, context) {
  const shape = [space.n].flat();
  if (size(shape) > MOST_PARTS) return buildJson({ ...space, shape }, context);
  const boxes = Array.from({ length: size(shape) }, (_, at) => {
    const box = make("input", { type: "checkbox", role: "switch" });
    label(box, `${context.name} switch ${place(at, shape)}`.trim());
    box.addEventListener("change", context.touched);
    return box;
  });
  const cells = boxes.map((box, at) => make("label", { class: "mnb-radio" }, box, make("span", { "aria-hidden": "true" }, place(at, shape))));
  const element = arrange(cells, shape);
  element.classList.add("mnb-switches");
  return { element, value: () => nested(boxes.map((box) => Number(box.checked)), shape) };
}

function caption(text) {
  return make("span", { class: "mnb-mute mnb-number", "aria-hidden": "true" }, text);
}

// Components of an array of several dimensions stand in its rows and columns.
function arrange(cells, shape) {
  const element = make("div", { class: shape.length > 1 ? "mnb-table" : "mnb-cells" });
  if (shape.length > 1) element.style.setProperty("--columns", shape.at(-1));
  element.append(...cells);
  return element;
}
