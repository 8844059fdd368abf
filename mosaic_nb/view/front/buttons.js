// A button per action.

import { buildChooser, why } from "./discrete.js";
import { button, enable, label, make, reveal, write } from "./elements.js";
import { holdable } from "./hold.js";
import { sign } from "./keymap.js";

const DOUBLE_CLICK = 250; // ms within which a second click on the same button is the same move

export function buildButtons(lane, seat, tell) {
  const chooser = buildChooser(lane, seat, tell, () => refresh());
  let clicked = { at: null, when: 0 };
  const click = (at, event) => {
    const again = clicked.at === at && event.timeStamp - clicked.when < DOUBLE_CLICK;
    clicked = { at, when: event.timeStamp };
    if (event.detail > 0) tell.focus();
    const held = chooser.question.clocked() && event.detail > 0; // its pointer has said it all
    if (!held && !(again && event.detail > 1)) chooser.choose(chooser.now()[at]);
  };
  const buttons = seat.choices.map((choice, at) => {
    const one = buildOne(choice, (event) => click(at, event));
    holdable(one.element, {
      holds: chooser.question.clocked,
      take: (by) => chooser.take(by, chooser.now()[at]),
      leave: chooser.leave,
    });
    return one;
  });
  const element = make("div", { class: "mnb-picks", role: "group" }, ...buttons.map((one) => one.element));
  label(element, chooser.name);
  const refresh = () => {
    const now = { usable: chooser.question.open(), held: chooser.held.now(), keys: chooser.keys() };
    element.classList.toggle("mnb-clocked", chooser.question.clocked());
    buttons.forEach((one, at) => one.update(chooser.now()[at], now.keys[at] ?? "", now.usable, now.held));
  };
  return { element, update: chooser.update, press: chooser.press, release: chooser.release, answer: chooser.answer, open: chooser.question.open };
}

function buildOne(choice, click) {
  const { element, words } = button("choose", choice.label, click);
  const kbd = make("kbd", { "aria-hidden": "true" });
  words.dir = "auto";
  element.classList.add("mnb-pick");
  element.dataset.label = choice.label;
  element.append(kbd);
  const update = (now, key, usable, held) => {
    enable(element, usable && now.legal);
    element.classList.toggle("mnb-illegal", !now.legal);
    element.classList.toggle("mnb-held", held === now.action);
    element.title = why(now);
    reveal(kbd, key !== "");
    write(kbd, sign(key));
    if (key) element.setAttribute("aria-keyshortcuts", key === " " ? "Space" : key);
    else element.removeAttribute("aria-keyshortcuts");
  };
  return { element, update };
}
