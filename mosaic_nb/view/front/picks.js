// What a person can do: a button per action.

import { button, enable, label, make } from "./elements.js";

const CHOICE_PATIENCE = 2000; // ms after which a move that nothing came of may be made again
const DOUBLE_CLICK = 250; // ms within which a second click on the same button is the same move
const KEY_SIGNS = { ArrowLeft: "←", ArrowRight: "→", ArrowUp: "↑", ArrowDown: "↓", " ": "␣", Enter: "⏎" };

// A move names the question it answers. Until the arena has taken it no second one is made for that question.
export function buildPicks(lane, seat, tell) {
  let now = seat;
  let tick = 0;
  let ready = false;
  let pending = null;
  let clicked = { action: null, at: 0 };
  const choose = (choice, say) => {
    if (!choice.legal) return void (say && tell.say(`${choice.label} is not legal now.`));
    if (!ready || pending) return;
    pending = { turn: now.turn, tick, forget: setTimeout(settle, CHOICE_PATIENCE) };
    tell.control({ type: "choose", lane, agent: seat.agent, action: choice.action, turn: now.turn });
    refresh();
  };
  const settle = () => {
    clearTimeout(pending?.forget);
    pending = null;
    refresh();
  };
  const click = (choice, event) => {
    const again = clicked.action === choice.action && event.timeStamp - clicked.at < DOUBLE_CLICK;
    clicked = { action: choice.action, at: event.timeStamp };
    if (event.detail > 0) tell.focus();
    if (!(again && event.detail > 1)) choose(choice, false);
  };
  const picks = seat.choices.map((_, at) => buildPick(seat.choices[at], (event) => click(now.choices[at], event)));
  const element = make("div", { class: "mnb-picks", role: "group" }, ...picks.map((pick) => pick.element));
  label(element, `Actions of ${lane}${seat.agent === "agent" ? "" : `, ${seat.agent}`}`);
  const refresh = () => picks.forEach((pick, at) => pick.update(now.choices[at], ready && !pending, now.action));
  const update = (newest, laneNow, snapshot) => {
    now = newest;
    tick = snapshot.tick;
    ready = now.turn !== null || (snapshot.phase === "idle" && laneNow.status === "running");
    const asked = now.turn !== null && now.turn !== pending?.turn;
    if (pending && (asked || tick !== pending.tick)) settle();
    else refresh();
  };
  const press = (key) => {
    const choice = now.choices.find((each) => each.key && each.key.toLowerCase() === key.toLowerCase());
    return choice && { asked: now.turn !== null, ready: ready && !pending, act: () => choose(choice, true) };
  };
  return { element, update, press };
}

function buildPick(choice, click) {
  const { element, words } = button("choose", choice.label, click);
  words.dir = "auto";
  element.classList.add("mnb-pick");
  element.dataset.label = choice.label;
  if (choice.key) {
    element.append(make("kbd", { "aria-hidden": "true" }, KEY_SIGNS[choice.key] ?? choice.key.toUpperCase()));
    element.setAttribute("aria-keyshortcuts", choice.key === " " ? "Space" : choice.key);
  }
  const update = (now, ready, action) => {
    enable(element, ready && now.legal);
    element.classList.toggle("mnb-illegal", !now.legal);
    element.title = now.legal ? choice.label : `${choice.label}: not legal now`;
    element.classList.toggle("mnb-last", now.label === action);
  };
  return { element, update };
}
