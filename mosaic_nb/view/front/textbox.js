// A text to write: checked against its space, with what was written before at the arrow keys.

import { label, make } from "./elements.js";
import { refuse } from "./plain.js";

const SPELLED = 24; // characters of a charset that a hint spells out
const RANGES = [["a", "z"], ["A", "Z"], ["0", "9"]];
const NAMES = { " ": "space", "\n": "new line", "\t": "tab" };

export function buildText(space, { name, alone, submit, touched }) {
  const allowed = new Set(space.charset);
  const lines = allowed.has("\n");
  const box = make("textarea", { class: "mnb-field mnb-writing", rows: 1, dir: "auto", autocomplete: "off" });
  const length = space.min_length === space.max_length ? space.min_length : `${space.min_length} to ${space.max_length}`;
  const keys = lines ? " Enter does it, Shift+Enter is a new line." : "";
  const hint = make("p", { class: "mnb-hint mnb-mute" }, `${length} characters of ${describe(allowed)}.${keys}`);
  label(box, name || "text");
  const past = buildPast(box);
  box.addEventListener("input", () => fit(box));
  box.addEventListener("change", touched);
  box.addEventListener("keydown", (event) => {
    if (event.key === "Tab" || event.key === "Escape" || event.isComposing) return;
    event.stopPropagation(); // what is typed here is no command to anybody else
    if (event.key === "Enter" && !(event.shiftKey && lines)) {
      event.preventDefault();
      if (!event.repeat) submit();
    } else if (past.key(event.key)) event.preventDefault();
  });
  const value = () => {
    const letters = [...box.value];
    const strange = letters.find((letter) => !allowed.has(letter));
    if (strange !== undefined) refuse(box, `${NAMES[strange] ?? strange} is not allowed here, only ${describe(allowed)}.`);
    if (letters.length < space.min_length) refuse(box, `At least ${space.min_length} characters are needed.`);
    if (letters.length > space.max_length) refuse(box, `${space.max_length} characters at most, not ${letters.length}.`);
    return box.value;
  };
  const element = make("div", { class: "mnb-rows" }, box, hint);
  return alone ? { element, value, sent: past.keep } : { element, value };
}

// What was sent before, at the arrow keys of the first and the last line.
function buildPast(box) {
  const written = [];
  let at = 0;
  let draft = "";
  const show = (to) => {
    if (to < 0 || to > written.length || to === at) return false;
    if (at === written.length) draft = box.value;
    at = to;
    box.value = written[at] ?? draft;
    fit(box);
    return true;
  };
  const key = (name) => {
    if (name === "ArrowUp" && !box.value.slice(0, box.selectionStart).includes("\n")) return show(at - 1);
    return name === "ArrowDown" && !box.value.slice(box.selectionEnd).includes("\n") && show(at + 1);
  };
  const keep = () => {
    if (box.value && written.at(-1) !== box.value) written.push(box.value);
    at = written.length;
    box.value = draft = "";
    fit(box);
  };
  return { key, keep };
}

// As high as its lines, up to six.
function fit(box) {
  box.rows = Math.min(6, box.value.split("\n").length);
}

function describe(allowed) {
  const code = (letter) => letter.codePointAt(0);
  const whole = RANGES.filter(([from, to]) => {
    return Array.from({ length: code(to) - code(from) + 1 }, (_, at) => String.fromCodePoint(code(from) + at)).every((each) => allowed.has(each));
  });
  const rest = [...allowed].filter((letter) => !whole.some(([from, to]) => letter >= from && letter <= to)).sort();
  const spelled = rest.slice(0, SPELLED).map((letter) => NAMES[letter] ?? letter).join(" ");
  const others = rest.length > SPELLED ? `${spelled} and ${rest.length - SPELLED} others` : spelled;
  return [...whole.map(([from, to]) => `${from}-${to}`), others].filter(Boolean).join(", ");
}
