// Texts by name, as they are: to scroll, to select and to copy.

import { button, label, make, reveal, write } from "./elements.js";

// tail: the end of a text is what matters; it stays in sight unless somebody scrolled away from it.
export function buildTexts(tell, { none, title = String, tail = false }) {
  const nothing = make("p", { class: "mnb-mute mnb-nothing-said" }, none);
  const element = make("div", { class: "mnb-texts" }, nothing);
  const parts = new Map();
  const update = (texts) => {
    const entries = Object.entries(texts ?? {}).filter(([, text]) => text !== "");
    const names = new Set(entries.map(([name]) => name));
    for (const [name, part] of parts) if (!names.has(name)) parts.delete(name) && part.element.remove();
    for (const [name, text] of entries) {
      if (!parts.has(name)) parts.set(name, buildText(title(name), tell, tail));
      const part = parts.get(name);
      if (!part.element.isConnected) element.append(part.element);
      part.update(text);
    }
    reveal(nothing, entries.length === 0);
    write(nothing, texts ? none : "Asking…");
  };
  return { element, update };
}

function buildText(name, tell, tail) {
  const title = make("h4", { class: "mnb-text-name", dir: "auto" }, name);
  const text = make("pre", { class: "mnb-words", role: "group", tabindex: 0, dir: "auto" });
  const copy = button("copy", "Copy", () => copyText(text, tell));
  copy.element.classList.add("mnb-small");
  label(copy.element, `Copy ${name}`);
  const element = make("div", { class: "mnb-text-part" }, title, copy.element, text);
  label(text, name);
  const update = (words) => {
    if (text.textContent === words || isBeingSelected(text)) return;
    const following = tail && text.scrollTop + text.clientHeight >= text.scrollHeight - 4;
    text.textContent = words;
    if (following) text.scrollTop = text.scrollHeight;
  };
  return { element, update };
}

// New words would take the selection away from whoever is about to copy it.
function isBeingSelected(text) {
  const selection = document.getSelection();
  return !selection.isCollapsed && selection.containsNode(text, true);
}

function copyText(text, tell) {
  const select = () => {
    document.getSelection().selectAllChildren(text);
    tell.say("Selected: press Ctrl+C to copy.");
  };
  if (!navigator.clipboard) return select();
  return navigator.clipboard.writeText(text.textContent).then(() => tell.say("Copied."), select);
}
