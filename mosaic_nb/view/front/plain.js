// Plain values: nested lists from flat ones, and a field for what no other field can draw.

import { label, make } from "./elements.js";

// Returns flat numbers as nested lists of this shape.
export function nested(flat, shape) {
  if (!shape.length) return flat[0];
  let lists = flat;
  for (const size of [...shape.slice(1)].reverse()) {
    lists = Array.from({ length: lists.length / size }, (_, at) => lists.slice(at * size, (at + 1) * size));
  }
  return lists;
}

// A field for JSON, with the space said in words.
export function json(space, { name, touched }) {
  const box = make("textarea", { class: "mnb-field mnb-json", rows: 3, spellcheck: "false" });
  label(box, `${name || "action"} as JSON`);
  box.addEventListener("change", touched);
  const shape = space.shape ? ` of shape ${space.shape.join(" x ")}` : "";
  const hint = make("p", { class: "mnb-hint mnb-mute" }, `A member of ${space.type}${shape}, as JSON.`);
  const value = () => {
    try {
      return JSON.parse(box.value);
    } catch {
      throw new RangeError(box.value.trim() ? "This is no JSON." : "Write the action as JSON.");
    }
  };
  return { element: make("div", { class: "mnb-rows" }, box, hint), value };
}
