// A seat: what its operator thinks, or what a person can do.

import { buildChip, button, duration, make, number, reveal, write } from "./elements.js";
import { buildPicker } from "./picker.js";

const MOST_BARS = 8;

export function buildSeat(lane, seat, alone, tell) {
  const element = make("div", { class: "mnb-seat", "data-kind": seat.kind });
  const action = make("span", { class: "mnb-mute", dir: "auto" });
  const chip = buildChip();
  chip.update(seat.kind);
  if (!alone) {
    const who = make("span", { class: "mnb-agent", dir: "auto" }, seat.agent);
    element.append(make("div", { class: "mnb-seat-head" }, who, chip.element, action));
  }
  const own = shape(seat);
  const part = canMove(seat) ? buildPicker(lane.name, seat, tell) : buildThoughts();
  const turnover = buildTurnover(lane.name, seat, tell);
  element.append(part.element, turnover.element);
  const update = (now, laneNow, snapshot) => {
    write(action, now.note ? `${now.action} (${now.note})` : now.action);
    part.update(now, laneNow, snapshot);
    turnover.update(now, laneNow, snapshot);
  };
  return { element, update, fits: (now) => shape(now) === own, press: part.press, release: part.release };
}

function canMove(seat) {
  return seat.choices.length > 0 || seat.space !== null;
}

// What a seat is built for; the rest of it is only drawn.
function shape(seat) {
  const choices = seat.choices.map((choice) => [choice.action, choice.label, choice.key]);
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

function buildThoughts() {
  const bars = Array.from({ length: MOST_BARS }, buildThought);
  const more = make("p", { class: "mnb-mute mnb-more" });
  const none = make("p", { class: "mnb-mute mnb-more" }, "gives no probabilities");
  const value = make("p", { class: "mnb-mute mnb-value" }, "value ", make("b", { class: "mnb-number" }));
  const element = make("div", { class: "mnb-bars" }, ...bars.map((bar) => bar.element), more, value, none);
  const update = (seat) => {
    const shown = likeliest(seat.probabilities);
    bars.forEach((bar, at) => bar.update(shown[at], seat.action));
    const left = seat.probabilities.length - shown.length;
    write(more, `and ${left} less likely`);
    reveal(more, left > 0);
    reveal(value, seat.value !== null);
    reveal(none, seat.action !== "" && !shown.length && seat.value === null);
    if (seat.value !== null) write(value.lastChild, number(seat.value));
  };
  return { element, update };
}

function likeliest(probabilities) {
  if (probabilities.length <= MOST_BARS) return probabilities;
  const floor = probabilities.map((pair) => pair[1]).sort((one, other) => other - one)[MOST_BARS - 1];
  return probabilities.filter((pair) => pair[1] >= floor).slice(0, MOST_BARS);
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
