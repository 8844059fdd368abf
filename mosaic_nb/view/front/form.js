// What a person can do where an action is more than one choice: a form, and a button that does it.

import { button, enable, label, make, write } from "./elements.js";
import { buildField } from "./fields.js";
import { buildHold, seldom } from "./hold.js";
import { whose } from "./keymap.js";
import { buildQuestion } from "./question.js";

const FIRST = 250; // ms that a key is down before its nudge is repeated
const NEXT = 50; // ms between two nudges

export function buildForm(lane, seat, tell) {
  const question = buildQuestion(lane, seat.agent, tell, () => refresh());
  const held = buildHold(lane, seat.agent, tell);
  const said = make("p", { class: "mnb-hint mnb-wrong", role: "alert" });
  const go = button("do", "Do it", () => (held.now() === null ? act() : release()));
  // What is wrong is said at the place; undefined then.
  const read = () => {
    try {
      write(said, "");
      return field.value();
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      write(said, error.message);
      return undefined;
    }
  };
  const act = () => {
    const value = question.open() ? read() : undefined;
    if (value === undefined) return;
    if (question.clocked() && !field.sent) hold(value);
    else if (question.answer(value)) field.sent?.();
  };
  const hold = (value) => {
    held.take("form", value);
    refresh();
  };
  // By the clock whatever the form says is done, from the first touch until it is let go.
  const follow = seldom(() => {
    const value = question.clocked() ? read() : undefined;
    if (value !== undefined) hold(value);
  });
  const touched = () => !field.sent && question.clocked() && follow();
  const release = () => {
    held.drop();
    refresh();
  };
  const keys = {};
  const field = buildField(seat.space, { name: "", alone: true, submit: act, touched, keys });
  const element = make("div", { class: "mnb-form", role: "group" }, field.element, said, go.element);
  go.element.classList.add("mnb-primary", "mnb-do");
  go.element.append(make("kbd", { "aria-hidden": "true" }, "⏎"));
  label(element, `Action of ${whose(lane, seat.agent)}`);
  element.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.defaultPrevented) return;
    if (event.target.closest("button, textarea") && !event.repeat) return;
    event.preventDefault();
    event.stopPropagation();
    if (!event.repeat) act();
  });
  const refresh = () => {
    enable(go.element, question.open());
    const clocked = question.clocked() && !field.sent;
    write(go.words, clocked ? (held.now() === null ? "Hold it" : "Let go") : "Do it");
    element.classList.toggle("mnb-holding", held.now() !== null);
  };
  const update = (now, laneNow, snapshot) => {
    question.update(now, laneNow, snapshot);
    if (!question.clocked() && held.now() !== null) release();
  };
  const press = (key) => {
    const move = { asked: question.asked(), ready: question.open() };
    if (key === "Enter") return { ...move, act };
    const step = keys.nudge?.(key);
    return step && { ...move, ...repeatedly(step) };
  };
  return { element, update, press, release };
}

// A step when the key goes down, and on and on as long as it is.
function repeatedly(step) {
  let timer = null;
  const again = () => {
    step();
    timer = setTimeout(again, NEXT);
  };
  const act = () => {
    step();
    timer = setTimeout(again, FIRST);
  };
  return { act, lift: () => clearTimeout(timer) };
}
