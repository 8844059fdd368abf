// What a person can do where an action is more than one choice: a form, and a button that does it.

import { button, enable, label, make, write } from "./elements.js";
import { buildField } from "./fields.js";
import { buildQuestion } from "./question.js";

export function buildForm(lane, seat, tell) {
  const question = buildQuestion(lane, seat.agent, tell, () => refresh());
  const go = button("choose", "Do it", () => act());
  const said = make("p", { class: "mnb-hint mnb-wrong", role: "alert" });
  let held = false;
  let clocked = false;
  const act = () => {
    const value = read();
    if (value !== undefined) question.answer(value);
  };
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
  // By the clock whatever the form says is done, from the first touch on.
  const touched = () => {
    const value = clocked ? read() : undefined;
    if (value === undefined) return;
    held = true;
    tell.control({ type: "hold", lane, agent: seat.agent, action: value });
  };
  const field = buildField(seat.space, { name: "", submit: act, touched });
  go.element.classList.add("mnb-primary", "mnb-do");
  const element = make("div", { class: "mnb-form", role: "group" }, field.element, said, go.element);
  label(element, `Action of ${lane}${seat.agent === "agent" ? "" : `, ${seat.agent}`}`);
  element.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.repeat || event.defaultPrevented || event.target.closest("button, textarea")) return;
    event.preventDefault();
    act();
  });
  const refresh = () => {
    enable(go.element, question.open());
    write(go.words, clocked ? (held ? "held" : "by the clock") : "Do it");
  };
  const update = (now, laneNow, snapshot) => {
    clocked = snapshot.clocked;
    if (!clocked) held = false;
    question.update(now, laneNow, snapshot);
  };
  const press = (key) => {
    const act = field.nudge?.(key);
    return act && { asked: question.asked(), ready: question.open() || clocked, act };
  };
  return { element, update, press };
}
