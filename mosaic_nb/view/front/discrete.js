// What a button and a list of actions have in common: whose they are, what is legal, and which key is whose.

import { keysOf, whose } from "./keymap.js";
import { buildHold } from "./hold.js";
import { buildQuestion } from "./question.js";

// refresh: called when anything may look different.
export function buildChooser(lane, seat, tell, refresh) {
  const { agent } = seat;
  let choices = seat.choices;
  let keys = [];
  const question = buildQuestion(lane, agent, tell, () => refresh());
  const held = buildHold(lane, agent, tell);
  const choose = (choice) => {
    if (choice.legal) question.answer(choice.action);
    else tell.say(`${choice.label} is not legal now.`);
  };
  const answer = (action) => choose(choices.find((choice) => choice.action === action));
  const take = (by, choice) => {
    if (!choice.legal) return tell.say(`${choice.label} is not legal now.`);
    held.take(by, choice.action);
    refresh();
  };
  const leave = (by) => {
    held.leave(by);
    refresh();
  };
  const release = () => {
    held.drop();
    refresh();
  };
  const update = (now, laneNow, snapshot) => {
    choices = now.choices;
    keys = keysOf(choices, tell.keys(lane, agent));
    question.update(now, laneNow, snapshot);
    if (!question.clocked() && held.now() !== null) release();
  };
  const press = (key) => {
    const at = keys.indexOf(key);
    if (at < 0) return undefined;
    const move = { asked: question.asked(), ready: question.open(), act: () => choose(choices[at]) };
    const by = `key ${key}`;
    return question.clocked() ? { ...move, act: () => take(by, choices[at]), lift: () => leave(by) } : move;
  };
  const name = `Actions of ${whose(lane, agent)}`;
  return { name, question, held, choose, answer, take, leave, release, update, press, now: () => choices, keys: () => keys };
}

export function why({ label, legal }) {
  return legal ? label : `${label}: not legal now`;
}
