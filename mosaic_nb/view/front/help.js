// Help over the widget: every key, and how to choose others.

import { button, label, make, write } from "./elements.js";
import { keyOf, LEFT_ALONE, sign } from "./keymap.js";
import { ARENA_KEYS } from "./keys.js";

const WORDS = [
  "Step asks everybody whose turn it is and then moves all lanes together. A key or a button of yours, pressed while nobody is asked, does the same.",
  "In real time a tick comes by the clock: what you hold down is done, and the lane's idle action where you hold nothing. The clock waits for the slowest lane.",
  "Take over seats you in an operator's place from its next decision on; Hand back seats it again. The table says who decided what.",
  "Drag the timeline to look back. Continue from here replays every lane to that tick and goes on from there.",
];

export function buildHelp(tell) {
  const keys = make("div", { class: "mnb-keys" });
  const said = make("p", { class: "mnb-hint", role: "status" });
  const shut = button("close-help", "Close", () => close());
  const forget = button("default-keys", "Back to the defaults", () => {
    tell.ownKeys().forget();
    draw();
  });
  const title = make("h3", { class: "mnb-heading" }, "Keys and help");
  const head = make("div", { class: "mnb-row" }, title, make("span", { class: "mnb-group mnb-push" }, forget.element, shut.element));
  const arena = table("Arena", ARENA_KEYS.map(([key, words]) => [make("span", {}, words), make("kbd", {}, sign(key))]));
  const words = make("div", { class: "mnb-words" }, ...WORDS.map((each) => make("p", {}, each)));
  const element = make("div", { class: "mnb-help", role: "dialog", "aria-modal": "true", hidden: "" }, head, said, keys, arena, words);
  label(element, "Keys and help");
  let opener = null;
  let waits = null;

  const draw = () => {
    const people = tell.now().lanes.flatMap((lane) => lane.seats.filter((seat) => seat.choices.length).map((seat) => [lane, seat]));
    keys.replaceChildren(...people.map(([lane, seat]) => table(whose(lane, seat), rows(seat))));
    write(said, people.length ? "Press a key's button, then the key you want instead." : "Nobody plays by keys here.");
  };
  const rows = (seat) =>
    seat.choices.slice(0, MOST).map((choice, at) => {
      const key = keyOf(seat.choices, at, tell.keys());
      const { element: edit, words: shown } = button("edit-key", key ? sign(key) : "none", () => ask(choice.label, shown));
      label(edit, `Key of ${choice.label}: ${key || "none"}`);
      edit.classList.add("mnb-small", "mnb-key");
      const name = make("span", { dir: "auto" });
      write(name, choice.label);
      return [name, edit];
    });
  const ask = (name, shown) => {
    waits = name;
    write(shown, "…");
    write(said, `Press the key for ${name}; Esc leaves it as it is.`);
  };
  const take = (key) => {
    const name = waits;
    waits = null;
    if (key !== "Escape") tell.ownKeys().set(name, key);
    draw();
    keys.querySelector(`[aria-label^="${CSS.escape(`Key of ${name}:`)}"]`)?.focus();
  };
  const open = () => {
    opener = document.activeElement;
    draw();
    element.hidden = false;
    shut.element.focus();
  };
  const close = () => {
    waits = null;
    element.hidden = true;
    (opener?.isConnected ? opener : null)?.focus();
    tell.refresh();
  };
  element.addEventListener("keydown", (event) => {
    event.stopPropagation();
    if (waits !== null && (event.key === "Escape" || !LEFT_ALONE.has(event.key))) {
      event.preventDefault();
      take(event.key);
    } else if (event.key === "Escape") close();
    else if (event.key === "Tab") trap(event, element);
  });
  return { element, open, isOpen: () => !element.hidden };
}

const MOST = 40; // actions whose keys are listed

function whose(lane, seat) {
  return seat.agent === "agent" ? lane.name : `${lane.name}, ${seat.agent}`;
}

function table(name, rows) {
  const heading = make("h4", { class: "mnb-mute", dir: "auto" });
  write(heading, name);
  const items = rows.map(([words, key]) => make("li", {}, words, key));
  return make("section", {}, heading, make("ul", {}, ...items));
}

// The focus stays among what the dialog holds.
function trap(event, element) {
  const stops = [...element.querySelectorAll("button")];
  const at = stops.indexOf(document.activeElement);
  const to = at + (event.shiftKey ? -1 : 1);
  if (to >= 0 && to < stops.length) return;
  event.preventDefault();
  stops.at(to < 0 ? -1 : 0).focus();
}
