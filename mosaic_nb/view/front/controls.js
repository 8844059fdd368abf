// Controls that the platform has no element for: a switch, and a menu behind a button.

import { button, enable, icon, make, reveal, write } from "./elements.js";

export function buildSwitch(name, text, turn) {
  const { element, words } = button(name, text, () => turn(element.getAttribute("aria-checked") !== "true"));
  element.classList.add("mnb-switch");
  element.setAttribute("role", "switch");
  words.before(make("i", { class: "mnb-knob-track", "aria-hidden": "true" }));
  const update = (on, usable) => {
    element.setAttribute("aria-checked", String(on));
    enable(element, usable);
  };
  return { element, update };
}

// entries: [value, words]; choose is told both.
export function buildMenu(text, entries, choose) {
  const { element: opener, words } = button(text.toLowerCase(), text, () => open(list.hidden));
  words.after(icon("more"));
  opener.setAttribute("aria-haspopup", "menu");
  const items = entries.map(([value, each]) => {
    const item = make("button", { type: "button", role: "menuitem", tabindex: -1, class: "mnb-item", "data-value": value });
    write(item, each);
    item.addEventListener("click", () => {
      close();
      choose(value, each);
    });
    return item;
  });
  const list = make("div", { class: "mnb-menu", role: "menu", "aria-label": text, hidden: "" }, ...items);
  const element = make("div", { class: "mnb-menu-anchor" }, opener, list);
  const open = (on) => {
    reveal(list, on);
    opener.setAttribute("aria-expanded", String(on));
    if (on) items[0].focus();
  };
  const close = () => {
    open(false);
    opener.focus();
  };
  opener.setAttribute("aria-expanded", "false");
  element.addEventListener("keydown", (event) => {
    const at = items.indexOf(event.target);
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: items.length - 1 }[event.key];
    if (event.key === "Escape" && !list.hidden) close();
    else if (to !== undefined && !list.hidden) items[(to + items.length) % items.length].focus();
    else return;
    event.preventDefault();
    event.stopPropagation();
  });
  element.addEventListener("focusout", (event) => !element.contains(event.relatedTarget) && open(false));
  return { element };
}
