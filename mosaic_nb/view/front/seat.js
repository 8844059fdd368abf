// A seat: what its operator thinks, or what a person can do.

import { buildChip, make, number, reveal, write } from "./elements.js";
import { buildPicks } from "./picks.js";

const MOST_BARS = 8;

export function buildSeat(lane, seat, alone, tell) {
  const element = make("div", { class: "mnb-seat", "data-kind": seat.kind });
  const action = make("span", { class: "mnb-mute", dir: "auto" });
  if (!alone) {
    const who = make("span", { class: "mnb-agent", dir: "auto" }, seat.agent);
    element.append(make("div", { class: "mnb-seat-head" }, who, buildChip(seat.kind), action));
  }
  const part = seat.choices.length ? buildPicks(lane.name, seat, tell) : buildThoughts();
  element.append(part.element);
  const update = (now, laneNow, snapshot) => {
    write(action, now.action);
    part.update(now, laneNow, snapshot);
  };
  return { element, update, press: part.press };
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
