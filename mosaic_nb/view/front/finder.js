// Many actions, hundreds of them: what is typed narrows the list down, Enter does the one that is marked.

import { buildChooser, why } from "./discrete.js";
import { label, make, reveal, unique, write } from "./elements.js";
import { sign } from "./keymap.js";

const MOST = 60; // actions that are listed at a time

export function buildFinder(lane, seat, tell) {
  const chooser = buildChooser(lane, seat, tell, () => refresh());
  const id = unique("mnb-list");
  const box = make("input", { type: "search", class: "mnb-field mnb-finder", role: "combobox", "aria-expanded": "true" });
  const list = make("ul", { class: "mnb-list", role: "listbox", id });
  const count = make("p", { class: "mnb-hint mnb-mute mnb-number" });
  const element = make("div", { class: "mnb-finding" }, box, list, count);
  box.setAttribute("aria-controls", id);
  box.placeholder = "type to find an action";
  label(box, chooser.name);
  label(list, chooser.name);
  const items = Array.from({ length: MOST }, (_, at) => buildItem(`${id}-${at}`, () => pick(at)));
  list.append(...items.map((item) => item.element));
  let found = [];
  let marked = 0;

  const pick = (at) => {
    mark(at);
    if (found[at]) chooser.choose(found[at].choice);
  };
  const mark = (at) => {
    marked = Math.max(0, Math.min(at, found.length - 1, MOST - 1));
    items.forEach((item, each) => item.mark(each === marked));
    box.setAttribute("aria-activedescendant", found.length ? items[marked].element.id : "");
    follow(list, items[marked].element);
  };
  const find = () => {
    const wanted = box.value.trim().toLowerCase();
    const keys = chooser.keys();
    const all = chooser.now().map((choice, at) => ({ choice, key: keys[at] ?? "", name: choice.label.toLowerCase() }));
    found = all.filter(({ name }) => name.includes(wanted));
    found.sort((one, other) => other.choice.legal - one.choice.legal || (other.name === wanted) - (one.name === wanted));
    const legal = found.filter(({ choice }) => choice.legal).length;
    const shown = found.length > MOST ? `, ${MOST} shown` : "";
    write(count, `${found.length} of ${all.length} actions${shown}; ${legal} legal now`);
  };
  const refresh = () => {
    find();
    const usable = chooser.question.open();
    const held = chooser.held.now();
    items.forEach((item, at) => item.update(found[at], usable, held));
    marked = Math.min(marked, Math.max(0, found.length - 1));
  };
  box.addEventListener("input", () => {
    refresh();
    mark(0);
  });
  box.addEventListener("keydown", (event) => {
    if (event.isComposing) return;
    const to = { ArrowDown: marked + 1, ArrowUp: marked - 1, PageDown: marked + 8, PageUp: marked - 8 }[event.key];
    if (to !== undefined) mark(to);
    else if (event.key !== "Enter") return void (event.key === "Escape" || event.key === "Tab" || event.stopPropagation());
    else if (!event.repeat) pick(marked);
    event.preventDefault();
    event.stopPropagation();
  });
  const update = (now, laneNow, snapshot) => {
    chooser.update(now, laneNow, snapshot);
    if (!box.hasAttribute("aria-activedescendant")) mark(0);
  };
  return { element, update, press: chooser.press, release: chooser.release, answer: chooser.answer, open: chooser.question.open };
}

function buildItem(id, act) {
  const name = make("span", { dir: "auto" });
  const kbd = make("kbd", { "aria-hidden": "true" });
  const element = make("li", { class: "mnb-option", role: "option", id, onclick: act }, name, kbd);
  const update = (entry, usable, held) => {
    reveal(element, entry !== undefined);
    if (entry === undefined) return;
    const { choice, key } = entry;
    write(name, choice.label);
    write(kbd, sign(key));
    reveal(kbd, key !== "");
    element.title = why(choice);
    element.dataset.label = choice.label;
    element.setAttribute("aria-disabled", String(!(usable && choice.legal)));
    element.classList.toggle("mnb-illegal", !choice.legal);
    element.classList.toggle("mnb-held", held === choice.action);
  };
  const mark = (on) => element.setAttribute("aria-selected", String(on));
  return { element, update, mark };
}

// Scrolls the list alone, and only as far as needed.
function follow(list, item) {
  const below = item.offsetTop + item.offsetHeight - list.clientHeight;
  list.scrollTop = Math.max(below, Math.min(list.scrollTop, item.offsetTop));
}
