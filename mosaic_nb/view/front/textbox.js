// A text to write: checked against its space, with what was written before at the arrow keys.

import { label, make, write } from "./elements.js";

const SHOWN = 40; // characters of a charset that a hint spells out

export function buildText(space, { name, submit }) {
  const box = make("textarea", { class: "mnb-field mnb-writing", rows: 1, maxlength: space.max_length });
  const hint = make("p", { class: "mnb-hint mnb-mute" });
  const written = [];
  let at = 0;
  label(box, name || "text");
  const allowed = new Set(space.charset);
  const few = space.charset.length <= SHOWN ? ` of ${space.charset}` : "";
  write(hint, `${space.min_length} to ${space.max_length} characters${few}; Enter sends, Shift+Enter is a new line.`);
  const recall = (by) => {
    at = Math.max(0, Math.min(written.length, at + by));
    box.value = written[at] ?? "";
  };
  box.addEventListener("keydown", (event) => {
    event.stopPropagation(); // what is typed here is no command to anybody else
    if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      submit();
    } else if (event.key === "ArrowUp" && box.selectionStart === 0) recall(-1);
    else if (event.key === "ArrowDown" && box.selectionEnd === box.value.length) recall(1);
  });
  const value = () => {
    const text = box.value;
    const strange = [...text].find((letter) => !allowed.has(letter));
    if (strange !== undefined) throw new RangeError(`The character ${JSON.stringify(strange)} is not allowed here.`);
    if (text.length < space.min_length) throw new RangeError(`At least ${space.min_length} characters are needed.`);
    if (text && written.at(-1) !== text) written.push(text);
    at = written.length;
    box.value = "";
    return text;
  };
  return { element: make("div", { class: "mnb-rows" }, box, hint), value };
}
