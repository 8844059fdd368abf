// What a person can do, for every action space: a button per action, a list of many, or a form.

import { buildButtons } from "./buttons.js";
import { make } from "./elements.js";
import { buildFinder } from "./finder.js";
import { buildForm } from "./form.js";

const MANY = 18; // actions; among more a person looks for one by its name

export function buildPicker(lane, seat, tell) {
  if (seat.board) return buildListed(lane, seat, tell);
  if (!seat.choices.length) return buildForm(lane, seat, tell);
  return seat.choices.length > MANY ? buildFinder(lane, seat, tell) : buildButtons(lane, seat, tell);
}

// Where a board is clicked, the moves by name stay at hand.
function buildListed(lane, seat, tell) {
  const many = seat.board.cells.length > MANY && seat.board.kind !== "columns";
  const part = many ? buildFinder(lane, seat, tell) : buildButtons(lane, seat, tell);
  const element = make("details", { class: "mnb-moves" }, make("summary", {}, "List of moves"), part.element);
  return { ...part, element };
}
