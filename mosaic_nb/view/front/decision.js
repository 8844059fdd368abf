// What the operators of a lane decided last: who, what was done, how likely everything was, and what befell it.

import { buildChip, duration, make, number, reveal, write } from "./elements.js";

export function buildDecision() {
  const element = make("div", { class: "mnb-decisions" });
  let parts = [];
  const update = (lane) => {
    if (parts.length !== lane.seats.length) {
      parts = lane.seats.map(buildSeatDecision);
      element.replaceChildren(...parts.map((part) => part.element));
    }
    parts.forEach((part, at) => part.update(lane.seats[at]));
  };
  return { element, update };
}

function buildSeatDecision() {
  const who = make("b", { dir: "auto" });
  const chip = buildChip();
  const facts = ["agent", "action", "value", "time", "note"].map(buildFact);
  const probabilities = buildProbabilities();
  const list = make("dl", { class: "mnb-fact-list" }, ...facts.map((fact) => fact.element));
  const element = make("section", { class: "mnb-decision" }, make("div", { class: "mnb-row" }, who, chip.element), list, probabilities.element);
  const update = (seat) => {
    write(who, seat.operator);
    chip.update(seat.kind);
    element.dataset.kind = seat.kind;
    const texts = describe(seat);
    for (const fact of facts) fact.update(texts[fact.name]);
    probabilities.update(seat);
  };
  return { element, update };
}

function describe(seat) {
  return {
    agent: seat.agent === "agent" ? "" : seat.agent,
    action: seat.action || (seat.turn === null ? "none yet" : "none yet: a person is asked"),
    value: seat.value === null ? "" : number(seat.value, 3),
    time: seat.milliseconds === null ? "" : duration(seat.milliseconds),
    note: seat.note,
  };
}

function buildFact(name) {
  const value = make("dd", { class: "mnb-number", dir: "auto" });
  const element = make("div", { "data-fact": name }, make("dt", {}, name), value);
  const update = (text) => {
    reveal(element, text !== "");
    write(value, text);
  };
  return { name, element, update };
}

function buildProbabilities() {
  const body = make("tbody");
  const head = ["action", "", "probability"].map((words) => (words ? make("th", { scope: "col" }, words) : make("td")));
  const table = make("table", { class: "mnb-odds" }, make("thead", {}, make("tr", {}, ...head)), body);
  const element = make("div", { class: "mnb-odds-frame", tabindex: 0, role: "group", "aria-label": "Probability of each action" }, table);
  const update = (seat) => {
    const sorted = [...seat.probabilities].sort((one, other) => other[1] - one[1]);
    while (body.children.length < sorted.length) body.append(buildOdds());
    while (body.children.length > sorted.length) body.lastChild.remove();
    sorted.forEach((pair, at) => paintOdds(body.children[at], pair, seat.action));
    reveal(element, sorted.length > 0);
  };
  return { element, update };
}

function buildOdds() {
  const bar = make("span", { class: "mnb-track" }, make("i"));
  return make("tr", {}, make("th", { scope: "row", dir: "auto" }), make("td", { "aria-hidden": "true" }, bar), make("td", { class: "mnb-number" }));
}

function paintOdds(row, [name, probability], action) {
  const [label, bar, value] = row.children;
  write(label, name);
  write(value, number(probability, 3));
  bar.firstChild.firstChild.style.width = `${Math.max(0, Math.min(1, Number(probability) || 0)) * 100}%`;
  row.classList.toggle("mnb-chosen", name === action);
}
