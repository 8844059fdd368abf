// A seat: what its operator thinks, or what a person can do.

import { buildHead } from "./head.js";
import { button, duration, make, number, reveal, write } from "./elements.js";
import { buildPicker } from "./picker.js";

const MOST_BARS = [8, 8, 5, 4]; // by how many seats the lane has; of more the likeliest, once they are unfolded
const MANY = 4; // agents in a lane: so many are a row each, to be unfolded

export function buildSeat(lane, seat, tell) {
  const count = lane.seats.length;
  const person = canMove(seat);
  const part = person ? buildPicker(lane.name, seat, tell) : buildThoughts(MOST_BARS[count] ?? 8, count === 1);
  const turnover = buildTurnover(lane.name, seat, tell);
  const compact = count >= MANY && !person;
  const who = make("p", { class: "mnb-mute mnb-more", dir: "auto" });
  const more = compact ? make("div", { class: "mnb-unfolded" }, who, part.element, turnover.element) : part.element;
  const head = buildHead(seat, compact ? { more } : { turnover: turnover.element });
  const element = make("div", { class: compact ? "mnb-seat mnb-compact" : "mnb-seat", "data-kind": seat.kind });
  if (count === 1) element.append(part.element, turnover.element);
  else element.append(head.element, more);
  const built = shape(seat);
  const update = (now, laneNow, snapshot) => {
    if (count > 1) head.update(now, laneNow, snapshot);
    part.update(now, laneNow, snapshot);
    write(who, now.operator);
    turnover.update(now, laneNow, snapshot);
  };
  return { element, update, fits: (now) => shape(now) === built, press: part.press, release: part.release, answer: part.answer, open: part.open };
}

function canMove(seat) {
  return seat.choices.length > 0 || seat.space !== null || seat.board !== null;
}

// What a seat is built for; the rest of it is only drawn.
function shape(seat) {
  const choices = seat.board ? seat.board.kind : seat.choices.map((choice) => [choice.action, choice.label, choice.key]);
  return JSON.stringify([seat.kind, seat.relieves, choices, seat.space]);
}

// A person takes an operator's place, and gives it back.
function buildTurnover(lane, seat, tell) {
  const send = (type) => tell.control({ type, lane, agent: seat.agent });
  const take = button("take-over", "Take over", () => send("take_over"));
  const back = button("hand-back", "Hand back", () => send("hand_back"));
  for (const each of [take, back]) each.element.classList.add("mnb-small");
  const whom = make("span", { class: "mnb-mute mnb-whom", dir: "auto" });
  const time = make("span", { class: "mnb-mute mnb-number mnb-push", title: "how long the last decision took" });
  const element = make("div", { class: "mnb-turnover" }, take.element, back.element, whom, time);
  const update = (now, laneNow, snapshot) => {
    const open = laneNow.status === "running" && !["closed", "past", "gone"].includes(snapshot.phase);
    const relieves = now.relieves !== "";
    reveal(take.element, open && now.kind !== "human");
    reveal(back.element, open && relieves);
    write(time, now.milliseconds === null ? "" : duration(now.milliseconds));
    write(whom, relieves ? `to ${now.relieves}` : "");
    take.element.title = `Play ${laneNow.name} yourself from the next decision on`;
  };
  return { element, update };
}

function buildThoughts(most, alone) {
  const bars = Array.from({ length: most }, buildThought);
  const more = make("p", { class: "mnb-mute mnb-more" });
  const none = make("p", { class: "mnb-mute mnb-more" }, "gives no probabilities");
  const value = make("p", { class: "mnb-mute mnb-value" }, "value ", make("b", { class: "mnb-number" }));
  const element = make("div", { class: "mnb-bars" }, ...bars.map((bar) => bar.element), more, value, none);
  for (const each of element.children) reveal(each, false);
  const update = (seat) => {
    const idle = seat.action === "" && seat.probabilities.length === 0 && seat.value === null;
    element.dataset.idle = idle;
    if (idle) return; // their room stays free: the page must not jump whenever an episode begins
    const shown = likeliest(seat, most);
    bars.forEach((bar, at) => bar.update(shown[at], seat.action));
    const left = seat.probabilities.length - shown.length;
    write(more, `and ${left} less likely`);
    reveal(more, alone && left > 0);
    reveal(value, seat.value !== null);
    reveal(none, alone && seat.kind !== "human" && seat.action !== "" && !shown.length && seat.value === null);
    if (seat.value !== null) write(value.lastChild, number(seat.value));
  };
  return { element, update };
}

// In their own order; what was done is among them, however unlikely.
function likeliest({ probabilities, action }, most) {
  if (probabilities.length <= most) return probabilities;
  const rank = (pair) => (pair[0] === action ? Infinity : pair[1]);
  const kept = new Set([...probabilities].sort((one, other) => rank(other) - rank(one)).slice(0, most));
  return probabilities.filter((pair) => kept.has(pair));
}

function buildThought() {
  const name = make("span", { class: "mnb-bar-name", dir: "auto" });
  const fill = make("i");
  const value = make("span", { class: "mnb-number" });
  const element = make("div", { class: "mnb-thought" }, name, make("span", { class: "mnb-track" }, fill), value);
  const update = (pair, action) => {
    reveal(element, pair !== undefined);
    if (pair === undefined) return;
    const [text, probability] = pair;
    element.classList.toggle("mnb-chosen", text === action);
    write(name, text);
    name.title = text;
    write(value, number(probability));
    fill.style.width = `${Math.max(0, Math.min(1, Number(probability) || 0)) * 100}%`;
  };
  return { element, update };
}
