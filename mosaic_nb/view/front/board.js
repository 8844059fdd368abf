// A position to click: a cell, a column, or a piece and then its target. By keys: arrows move, Enter clicks, Esc lets go.

import { button, label, make, reveal, unique, write } from "./elements.js";
import { buildSquare } from "./square.js";

const WAYS = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };
const RANKS = ["queen", "rook", "bishop", "knight"];

export function buildBoard(tell) {
  const grid = make("div", { class: "mnb-squares", role: "grid" });
  const beside = make("div", { class: "mnb-beside", role: "group", "aria-label": "Moves beside the board" });
  const chooser = buildChooser();
  const element = make("div", { class: "mnb-board" }, make("div", { class: "mnb-table-top" }, grid, chooser.element), beside);
  let board = null;
  let seat = null; // what answers for the person: {answer, open}
  let built = "";
  let squares = [];
  let cursor = 0;
  let source = null;
  let over = null;

  const moves = () => (seat?.open() ? (board.moves ?? []) : []);
  const take = (move) => {
    source = null;
    seat.answer(move.action);
    paint();
  };
  const press = (at) => {
    cursor = at;
    const found = source === null ? moves().filter((move) => lands(board, move, at)) : reach(at);
    if (found.length > 1) return chooser.open(found, board.own, take, () => squares[at].element.focus());
    if (found.length === 1) return take(found[0]);
    const own = moves().some((move) => move.source === at);
    source = own && source !== at ? at : null;
    if (!own && moves().length) tell.say(`${board.names[at]}: no move of yours.`);
    return paint();
  };
  const reach = (at) => moves().filter((move) => move.source === source && move.to === at);
  const drop = () => {
    chooser.close();
    source = null;
    paint();
  };

  const build = () => {
    squares = board.cells.map((_, at) => buildSquare(() => press(at)));
    const order = board.cells.map((_, at) => (board.turned ? board.cells.length - 1 - at : at));
    const rows = Array.from({ length: board.rows }, (_, row) => {
      const cells = order.slice(row * board.columns, (row + 1) * board.columns);
      return make("div", { class: "mnb-squares-row", role: "row" }, ...cells.map((at) => squares[at].element));
    });
    grid.replaceChildren(...rows);
    element.style.setProperty("--columns", board.columns);
    element.dataset.kind = board.kind;
    order.forEach((at, place) => squares[at].place(board, at, Math.floor(place / board.columns), place % board.columns));
    cursor = order[Math.floor(board.rows / 2) * board.columns + Math.floor(board.columns / 2)];
  };
  const paint = () => {
    const now = moves();
    const ghost = over === null || source !== null ? null : now.find((move) => lands(board, move, over));
    squares.forEach((square, at) => {
      const free = source === null ? now.some((move) => lands(board, move, at)) : reach(at).length > 0;
      square.update({
        piece: board.cells[at],
        name: board.names[at],
        ghost: ghost?.to === at ? board.own : "",
        chosen: source === at,
        moves: source !== at && now.some((move) => move.source === at),
        target: free,
        last: (board.last ?? []).includes(at),
        alert: (board.alert ?? []).includes(at),
        cursor: at === cursor,
      });
    });
    const extra = now.filter((move) => (move.to ?? null) === null);
    const names = JSON.stringify(extra.map((move) => move.action));
    if (beside.dataset.names !== names) beside.replaceChildren(...extra.map((move) => button("choose", move.label, () => take(move)).element));
    beside.dataset.names = names;
    reveal(beside, extra.length > 0);
  };
  const update = (now, part, lane) => {
    const changed = JSON.stringify(now) !== JSON.stringify(board);
    board = now;
    seat = part;
    const shape = JSON.stringify([now.kind, now.rows, now.columns, now.turned]);
    if (shape !== built) build();
    built = shape;
    if (changed) drop();
    label(grid, `Board of ${lane.name}${now.own ? `, ${now.own.split(" ")[0]} is yours` : ""}`);
    paint();
  };

  const move = (event) => {
    const way = WAYS[event.key];
    const sign = board.turned ? -1 : 1;
    const row = Math.floor(cursor / board.columns) + way[0] * sign;
    const column = (cursor % board.columns) + way[1] * sign;
    if (row >= 0 && row < board.rows && column >= 0 && column < board.columns) cursor = row * board.columns + column;
    over = cursor;
    paint();
    squares[cursor].element.focus({ preventScroll: true });
  };
  const keep = (event) => {
    event.preventDefault();
    event.stopPropagation();
  };
  grid.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    if (event.key in WAYS) move(event);
    else if (event.key === "Escape" && source !== null) drop();
    else return;
    keep(event);
  });
  chooser.element.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    chooser.close();
    keep(event);
  });
  const look = (at) => {
    if (over === at || board === null) return;
    over = at;
    paint();
  };
  const under = (event) => squares.findIndex((square) => square.element.contains(event.target));
  grid.addEventListener("pointerover", (event) => look(under(event) < 0 ? null : under(event)));
  grid.addEventListener("pointerleave", () => look(null));
  grid.addEventListener("focusin", (event) => look(under(event) < 0 ? null : under(event)));
  grid.addEventListener("focusout", () => look(null));
  return { element, update };
}

// In a game where things fall, a click anywhere in a column means it.
function lands(board, move, at) {
  if ((move.to ?? null) === null || (move.source ?? null) !== null) return false;
  return board.kind === "columns" ? move.to % board.columns === at % board.columns : move.to === at;
}

// What a pawn becomes.
function buildChooser() {
  const title = make("p", { class: "mnb-mute", id: unique("mnb-becomes") }, "becomes");
  const choices = make("div", { class: "mnb-becoming" });
  const element = make("div", { class: "mnb-promotion", role: "group", "aria-labelledby": title.id, hidden: "" }, title, choices);
  let back = () => {};
  const close = () => {
    if (element.hidden) return;
    const focused = element.contains(document.activeElement);
    reveal(element, false);
    if (focused) back();
  };
  const open = (moves, own, take, leave) => {
    back = leave;
    const sorted = [...moves].sort((one, other) => RANKS.indexOf(one.piece) - RANKS.indexOf(other.piece));
    const buttons = sorted.map((move) => {
      const one = button("promote", "", () => {
        close();
        take(move);
      });
      one.words.replaceWith(make("i", { class: "mnb-piece", "data-piece": `${own} ${move.piece}`, "aria-hidden": "true" }));
      label(one.element, move.piece);
      one.element.title = move.piece;
      return one.element;
    });
    choices.replaceChildren(...buttons);
    write(title, "The pawn becomes");
    reveal(element, true);
    buttons[0].focus();
  };
  return { element, open, close };
}
