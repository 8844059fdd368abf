// What a card shows of its game: the whole picture, one agent's own view, or a board to click.

import { buildBoard } from "./board.js";
import { label, make, reveal } from "./elements.js";

const BOARD = "board";
const WHOLE = "whole";
const SHUT = ["closed", "past", "gone"];

// view: the element that holds the picture.
export function buildLook(view, tell) {
  const select = make("select", { class: "mnb-field mnb-look" });
  const menu = make("span", { class: "mnb-looks" }, select);
  const board = buildBoard(tell);
  view.append(board.element);
  let options = "";
  let flat = false; // whether a person prefers the picture to the board
  let lane = null;
  select.addEventListener("change", () => {
    const agent = select.value.startsWith("of ") ? select.value.slice(3) : "";
    flat = select.value !== BOARD;
    if (agent !== lane.view) tell.control({ type: "look_through", lane: lane.name, agent });
    else tell.refresh();
  });
  const offer = (boards) => {
    const every = [
      ...(boards ? [[BOARD, "board"]] : []),
      [WHOLE, boards && !lane.views?.length ? "picture" : "everybody"],
      ...(lane.views ?? []).map((agent) => [`of ${agent}`, agent]),
    ];
    const now = JSON.stringify(every);
    if (now !== options) select.replaceChildren(...every.map(([value, text]) => make("option", { value }, text)));
    options = now;
    reveal(menu, every.length > 1);
  };
  const update = (now, seats, snapshot) => {
    lane = now;
    const open = !SHUT.includes(snapshot.phase);
    const at = open ? whose(now.seats) : -1;
    const boarded = at >= 0 && !flat;
    offer(at >= 0);
    if (!open) reveal(menu, false);
    label(select, `View of ${now.name}`);
    const value = boarded ? BOARD : now.view ? `of ${now.view}` : WHOLE;
    if (select.value !== value) select.value = value;
    view.classList.toggle("mnb-boarded", boarded);
    reveal(board.element, boarded);
    if (boarded) board.update(facing(now.seats, at), seats[at], now);
  };
  return { menu, update };
}

// The board of who is asked, else of who is to move, else the first.
function whose(seats) {
  const at = [(seat) => seat.turn !== null, (seat) => seat.to_move, () => true].map((fits) => seats.findIndex((seat) => seat.board && fits(seat)));
  return at.find((each) => each >= 0) ?? -1;
}

// Two at one board both sit where the first of them does.
function facing(seats, at) {
  const first = seats.find((seat) => seat.board).board;
  return { ...seats[at].board, turned: first.turned };
}
