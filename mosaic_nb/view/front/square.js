// A cell of a board.

import { label, make } from "./elements.js";

export function buildSquare(act) {
  const piece = make("i", { class: "mnb-piece", "aria-hidden": "true" });
  const element = make("button", { type: "button", class: "mnb-square", role: "gridcell", tabindex: -1, onclick: act }, piece);
  let said = "";
  // Where it stands: its colour, and on a board that names them its row and column at the edge.
  const place = ({ kind, columns, rows, names }, at, row, column) => {
    element.dataset.name = names[at];
    element.dataset.dark = (Math.floor(at / columns) + at) % 2;
    if (kind === "chess" && column === 0) element.dataset.rank = names[at].slice(1);
    if (kind === "chess" && row === rows - 1) piece.dataset.file = names[at][0];
    if (kind === "go") mark(element, { top: row === 0, bottom: row === rows - 1, left: column === 0, right: column === columns - 1 });
  };
  const update = (now) => {
    const text = JSON.stringify(now);
    if (text === said) return;
    said = text;
    piece.dataset.piece = now.piece || now.ghost;
    mark(element, { ghost: now.ghost !== "", chosen: now.chosen, moves: now.moves, target: now.target, last: now.last, alert: now.alert });
    element.tabIndex = now.cursor ? 0 : -1;
    element.setAttribute("aria-disabled", String(!(now.moves || now.target || now.chosen)));
    element.setAttribute("aria-selected", String(now.chosen));
    label(element, words(now));
  };
  return { element, place, update };
}

function words({ piece, name, chosen, moves, target, last, alert }) {
  const state = chosen ? "chosen" : moves ? "can move" : target ? "can be chosen" : "";
  return [piece ? `${piece} on ${name}` : `${name}, empty`, state, alert ? "in check" : "", last ? "last move" : ""].filter(Boolean).join(", ");
}

function mark(element, marks) {
  for (const [name, on] of Object.entries(marks)) {
    if (on) element.dataset[name] = "";
    else delete element.dataset[name];
  }
}
