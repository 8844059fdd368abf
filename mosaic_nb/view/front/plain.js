// Plain values: nested lists from flat ones, and a field for what no other field can draw.

import { label, make } from "./elements.js";

const MOST_WORDS = 400; // characters of a space's description

export function size(shape) {
  return shape.reduce((product, length) => product * length, 1);
}

// Returns flat values as nested lists of this shape.
export function nested(flat, shape) {
  if (!shape.length) return flat[0];
  let lists = flat;
  for (const length of shape.slice(1).reverse()) {
    lists = Array.from({ length: lists.length / length }, (_, at) => lists.slice(at * length, (at + 1) * length));
  }
  return lists;
}

// The place of a flat index in an array of this shape: "3", or "1, 2".
export function place(at, shape) {
  const digits = [];
  for (const length of shape.toReversed()) {
    digits.unshift(at % length);
    at = Math.floor(at / length);
  }
  return digits.join(", ");
}

// Marks an input until it is changed, and throws what is wrong with it in words.
export function refuse(input, words) {
  input.setAttribute("aria-invalid", "true");
  input.addEventListener("input", () => input.removeAttribute("aria-invalid"), { once: true });
  throw new RangeError(words);
}

// A field for JSON, with the space said in words. Where it has a shape, one number stands for all.
export function buildJson(space, { name, touched }) {
  const box = make("textarea", { class: "mnb-field mnb-json", rows: 3, spellcheck: "false", autocapitalize: "off" });
  const hint = make("p", { class: "mnb-hint mnb-mute" }, describe(space));
  label(box, `${name || "action"} as JSON`);
  box.addEventListener("change", touched);
  const value = () => {
    const plain = parsed(box);
    if (!space.shape) return plain;
    if (typeof plain === "number") return nested(Array(size(space.shape)).fill(plain), space.shape);
    const reason = misfit(plain, space.shape, []);
    return reason ? refuse(box, reason) : plain;
  };
  return { element: make("div", { class: "mnb-rows" }, box, hint), value };
}

function parsed(box) {
  if (!box.value.trim()) refuse(box, "Write the action as JSON.");
  try {
    return JSON.parse(box.value);
  } catch (error) {
    return refuse(box, `This is no JSON: ${error.message}`);
  }
}

function describe(space) {
  if (!space.shape) return `JSON of a member of ${JSON.stringify(space)}`.slice(0, MOST_WORDS);
  const bounds = Array.isArray(space.low) || space.low === undefined ? "" : `, from ${space.low} to ${space.high}`;
  return `JSON: nested lists of shape ${space.shape.join(" × ")}${bounds}; one number stands for all of them.`;
}

// Says where lists are not of this shape, or returns "".
function misfit(plain, shape, at) {
  const where = at.length ? `At [${at.join(", ")}]` : "Here";
  if (!shape.length) return typeof plain === "number" ? "" : `${where} a number is needed.`;
  if (!Array.isArray(plain)) return `${where} a list of ${shape[0]} is needed.`;
  if (plain.length !== shape[0]) return `${where} a list of ${shape[0]} is needed, not of ${plain.length}.`;
  for (const [each, part] of plain.entries()) {
    const reason = misfit(part, shape.slice(1), [...at, each]);
    if (reason) return reason;
  }
  return "";
}
