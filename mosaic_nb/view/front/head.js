// Who an agent is, on whose side, and what it does: a line above what it thinks or can do.

import { buildChip, button, icon, label, make, number, reveal, write } from "./elements.js";
import { buildTeam, teamsOf } from "./team.js";

// turnover: what hands the seat over, if it stands in this line; more: what is unfolded below, if anything is.
export function buildHead(seat, { turnover, more }) {
  const chip = buildChip();
  const who = make("span", { class: "mnb-agent", dir: "auto", title: seat.agent }, seat.agent);
  const team = buildTeam();
  const now = make("span", { class: "mnb-now" });
  const action = make("span", { class: "mnb-mute mnb-did", dir: "auto" });
  const odds = make("span", { class: "mnb-number mnb-chance", title: "probability of what was done" });
  const unfold = more ? buildUnfold(seat, more) : null;
  const element = make("div", { class: "mnb-seat-head" });
  element.append(...(unfold ? [unfold] : []), who, team.element, chip.element, now, action, ...(more ? [odds] : [turnover]));
  chip.update(seat.kind);
  const update = (seatNow, lane, snapshot) => {
    const teams = teamsOf(lane);
    reveal(team.element, teams.length > 0 && seatNow.team !== "");
    team.update(seatNow, teams);
    chip.element.title = seatNow.operator;
    write(now, turnWords(seatNow, lane, snapshot));
    now.dataset.asked = seatNow.turn !== null;
    write(action, seatNow.note ? `${seatNow.action} (${seatNow.note})` : seatNow.action);
    action.title = action.textContent;
    const done = seatNow.probabilities.find(([text]) => text === seatNow.action);
    write(odds, done ? number(done[1]) : "");
  };
  return { element, update };
}

function buildUnfold(seat, more) {
  const { element } = button("unfold", "", () => set(more.hidden), icon("more"));
  const set = (open) => {
    reveal(more, open);
    element.setAttribute("aria-expanded", String(open));
    label(element, `What ${seat.agent} thinks`);
  };
  element.classList.add("mnb-expand");
  set(false);
  return element;
}

// Whose turn it is, where not everybody moves at once; of a joint move who has chosen, and not what.
function turnWords(seat, lane, snapshot) {
  if (seat.turn !== null) return "your move";
  if (snapshot.phase === "waiting" && seat.chosen) return "has chosen";
  const turns = lane.status === "running" && lane.seats.some((each) => !each.to_move);
  return turns && seat.to_move && snapshot.phase !== "past" ? "to move" : "";
}
