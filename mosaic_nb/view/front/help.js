// Help over the page: every key, how to choose others, and how the arena goes.

import { button, label, make, write } from "./elements.js";
import { keysOf, LEFT_ALONE, plainKey, sign, whose } from "./keymap.js";
import { ARENA_KEYS } from "./keys.js";

const MOST = 40; // actions of a seat whose keys are listed
const FORM_KEYS = [
  ["← →", "nudge one number"],
  ["↓ ↑", "nudge the next"],
  ["[ ]", "choose which two"],
  ["⏎", "do it"],
];
const WORDS = [
  "Keys count while the arena has the focus: click it, or come by Tab. A game's own keys come before the arena's.",
  "Step asks everybody whose turn it is, then all lanes move together. A move of yours while nobody is asked does the same.",
  "On a board the arrow keys move over the cells, Enter clicks, and Esc lets a chosen piece go.",
  "In real time a tick comes by the clock: what you hold down is done, and the idle action while you hold nothing. The clock waits for the slowest lane.",
  "Take over seats you in an operator's place from its next decision on; Hand back seats it again. The table says who decided what.",
  "Drag the timeline to look back. Continue from here replays every lane to that tick and goes on from there.",
];

export function buildHelp(tell) {
  const tables = make("div", { class: "mnb-keys" });
  const said = make("p", { class: "mnb-help-said", role: "status" });
  const shut = button("close-help", "Close", () => element.close());
  const title = make("h3", { class: "mnb-heading" }, "Keys and help");
  const words = make("ul", { class: "mnb-words" }, ...WORDS.map((each) => make("li", {}, each)));
  const head = make("div", { class: "mnb-help-head" }, title, shut.element);
  const element = make("dialog", { class: "mnb-help", "aria-modal": "true" }, head, said, tables, words);
  label(element, "Keys and help");
  let asked = null;

  const draw = () => {
    const people = tell.now().lanes.flatMap((lane) => lane.seats.map((seat) => ({ lane: lane.name, seat })));
    const seats = people.filter(({ seat }) => seat.choices.length || seat.space !== null);
    const arena = table("The arena", ARENA_KEYS.map(([key, does]) => [make("span", {}, does), make("kbd", {}, sign(key))]));
    tables.replaceChildren(...seats.map((each) => (each.seat.choices.length ? choices(each) : form(each))), arena);
  };
  const choices = ({ lane, seat }) => {
    const keys = keysOf(seat.choices, tell.keys(lane, seat.agent));
    const rows = seat.choices.slice(0, MOST).map((choice, at) => [name(choice.label), edit(lane, seat, choice, keys[at])]);
    const back = button("default-keys", "Back to the defaults", () => {
      tell.ownKeys().forget(lane, seat.agent);
      changed(`The keys of ${whose(lane, seat.agent)} are as they came.`);
    });
    back.element.classList.add("mnb-small");
    const section = table(whose(lane, seat.agent), rows);
    if (seat.choices.length > MOST) section.append(make("p", { class: "mnb-mute" }, `and ${seat.choices.length - MOST} more actions`));
    section.append(back.element);
    return section;
  };
  const edit = (lane, seat, choice, key) => {
    const { element: one, words: shown } = button("edit-key", key ? sign(key) : "none", () => {
      draw(); // another one that waited waits no more
      asked = { lane, seat, choice };
      const again = find(asked);
      write(again.firstChild, "press");
      again.classList.add("mnb-asking");
      again.focus();
      write(said, `Press the key for ${choice.label}. Esc leaves it as it is.`);
    });
    shown.className = "mnb-number";
    label(one, `Key of ${choice.label} in ${whose(lane, seat.agent)}: ${key === " " ? "Space" : key || "none"}. Change it`);
    one.classList.add("mnb-small", "mnb-key");
    one.dataset.whose = JSON.stringify([lane, seat.agent, choice.action]);
    one.title = "Change this key";
    return one;
  };
  const find = ({ lane, seat, choice }) => {
    const wanted = JSON.stringify([lane, seat.agent, choice.action]);
    return [...tables.querySelectorAll(".mnb-key")].find((one) => one.dataset.whose === wanted);
  };
  const take = (key) => {
    const { lane, seat, choice } = asked;
    const words = key === "Escape" ? "" : assign(lane, seat, choice, plainKey(key));
    const was = asked;
    asked = null;
    changed(words);
    find(was)?.focus();
  };
  const assign = (lane, seat, choice, key) => {
    const at = keysOf(seat.choices, tell.keys(lane, seat.agent)).indexOf(key);
    const loser = at >= 0 && seat.choices[at].action !== choice.action ? ` It was the key of ${seat.choices[at].label}.` : "";
    const own = ARENA_KEYS.find(([each]) => each === key);
    tell.ownKeys().set(lane, seat.agent, choice.label, key);
    return `${sign(key)} is ${choice.label} now.${loser}${own ? ` ${own[1]} has no key for now.` : ""}`;
  };
  const changed = (words) => {
    write(said, words);
    draw();
    tell.refresh();
  };
  const open = () => {
    if (element.open || !tell.now()) return;
    asked = null;
    write(said, "");
    draw();
    element.showModal();
    shut.element.focus();
  };
  element.addEventListener("keydown", (event) => {
    event.stopPropagation();
    if (asked === null || (LEFT_ALONE.has(event.key) && event.key !== "Escape")) return;
    event.preventDefault();
    if (!event.repeat) take(event.key);
  });
  element.addEventListener("click", (event) => event.target === element && element.close()); // beside it
  return { element, open };
}

function form({ lane, seat }) {
  return table(whose(lane, seat.agent), FORM_KEYS.map(([key, does]) => [make("span", {}, does), make("kbd", {}, key)]));
}

function name(text) {
  return make("span", { dir: "auto" }, text);
}

function table(title, rows) {
  const items = rows.map(([words, key]) => make("li", {}, words, key));
  return make("section", {}, make("h4", { dir: "auto" }, title), make("ul", {}, ...items));
}
