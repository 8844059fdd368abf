// What a person can do: a button per action.

import { button, enable, enabled, label, make, reveal, write } from "./elements.js";
import { keyOf, sign } from "./keymap.js";
import { buildQuestion } from "./question.js";

const DOUBLE_CLICK = 250; // ms within which a second click on the same button is the same move
const MANY = 18; // actions; of more a person looks for one by its name

export function buildPicks(lane, seat, tell) {
  let now = seat;
  let clocked = false;
  let clicked = { action: null, at: 0 };
  const question = buildQuestion(lane, seat.agent, tell, () => refresh());
  const held = buildHold(lane, seat.agent, tell);
  const choose = (choice, say) => {
    if (choice.legal) question.answer(choice.action);
    else if (say) tell.say(`${choice.label} is not legal now.`);
  };
  const click = (at, event) => {
    const choice = now.choices[at];
    const again = clicked.action === choice.action && event.timeStamp - clicked.at < DOUBLE_CLICK;
    clicked = { action: choice.action, at: event.timeStamp };
    if (event.detail > 0) tell.focus();
    if (!clocked && !(again && event.detail > 1)) choose(choice, false);
  };
  const grip = (at, event, down) => {
    if (!clocked) return;
    if (down) held.take(`pointer ${event.pointerId}`, now.choices[at].action);
    else held.leave(`pointer ${event.pointerId}`);
    refresh();
  };
  const picks = seat.choices.map((choice, at) => buildPick(choice, (event) => click(at, event), (event, down) => grip(at, event, down)));
  const finder = buildFinder(picks, lane);
  const list = make("div", { class: "mnb-picks", role: "group" }, ...picks.map((pick) => pick.element));
  const element = make("div", { class: "mnb-picking" }, finder.element, list);
  reveal(finder.element, picks.length > MANY);
  list.dataset.many = picks.length > MANY;
  label(list, `Actions of ${lane}${seat.agent === "agent" ? "" : `, ${seat.agent}`}`);
  const refresh = () => {
    const usable = clocked || question.open();
    picks.forEach((pick, at) => pick.update(now.choices[at], keyOf(now.choices, at, tell.keys()), usable, held.now()));
  };
  const update = (newest, laneNow, snapshot) => {
    now = newest;
    clocked = snapshot.clocked && laneNow.status === "running" && snapshot.phase !== "past";
    if (!clocked) held.drop();
    question.update(newest, laneNow, snapshot);
  };
  const find = (key) => now.choices.findIndex((_, at) => keyOf(now.choices, at, tell.keys()).toLowerCase() === key.toLowerCase());
  const press = (key) => {
    const choice = now.choices[find(key)];
    if (!choice) return undefined;
    const hold = () => {
      held.take(key, choice.action);
      refresh();
    };
    return { asked: question.asked(), ready: clocked || question.open(), act: clocked ? hold : () => choose(choice, true) };
  };
  const release = (key) => {
    if (key === null) held.drop();
    else held.leave(key.toLowerCase());
    refresh();
  };
  return { element, update, press, release };
}

// What a person holds down, by key or pointer: the last of several counts.
function buildHold(lane, agent, tell) {
  const down = new Map();
  let told = null;
  const now = () => [...down.values()].at(-1) ?? null;
  const say = () => {
    if (now() === told) return;
    told = now();
    tell.control({ type: "hold", lane, agent, action: told });
  };
  const take = (by, action) => {
    down.delete(by.toLowerCase());
    down.set(by.toLowerCase(), action);
    say();
  };
  const leave = (by) => {
    if (down.delete(by)) say();
  };
  const drop = () => {
    down.clear();
    say();
  };
  return { now, take, leave, drop };
}

function buildPick(choice, click, grip) {
  const { element, words } = button("choose", choice.label, click);
  const kbd = make("kbd", { "aria-hidden": "true" });
  words.dir = "auto";
  element.classList.add("mnb-pick");
  element.dataset.label = choice.label;
  element.append(kbd);
  element.addEventListener("pointerdown", (event) => {
    if (!enabled(element)) return;
    if (event.isPrimary) element.setPointerCapture(event.pointerId);
    grip(event, true);
  });
  for (const end of ["pointerup", "pointercancel"]) element.addEventListener(end, (event) => grip(event, false));
  const update = (now, key, usable, held) => {
    enable(element, usable && now.legal);
    element.classList.toggle("mnb-illegal", !now.legal);
    element.classList.toggle("mnb-held", held === now.action);
    element.title = now.legal ? choice.label : `${choice.label}: not legal now`;
    reveal(kbd, key !== "");
    write(kbd, sign(key));
    if (key) element.setAttribute("aria-keyshortcuts", key === " " ? "Space" : key);
    else element.removeAttribute("aria-keyshortcuts");
  };
  return { element, update };
}

// Hundreds of actions: what is typed narrows them down, Enter takes the first that is left.
function buildFinder(picks, lane) {
  const element = make("input", { type: "search", class: "mnb-field mnb-finder", placeholder: "find an action", "aria-label": `Find an action of ${lane}` });
  const left = () => picks.filter((pick) => !pick.element.hidden);
  element.addEventListener("input", () => {
    const wanted = element.value.trim().toLowerCase();
    for (const pick of picks) reveal(pick.element, pick.element.dataset.label.toLowerCase().includes(wanted));
  });
  element.addEventListener("keydown", (event) => {
    event.stopPropagation();
    if (event.key !== "Enter" || event.repeat) return;
    event.preventDefault();
    left().find((pick) => enabled(pick.element))?.element.click();
  });
  return { element };
}
