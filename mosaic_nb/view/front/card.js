// A lane as a card: who acts, the view, the facts, and what went wrong.

import { buildChip, button, icon, label, make, number, reveal, write } from "./elements.js";
import { buildLook } from "./look.js";
import { buildSeat } from "./seat.js";

const LONG = 200; // letters of a reason that may have to be scrolled

export function buildCard(lane, tell) {
  const alone = lane.seats.length === 1;
  const name = make("span", { class: "mnb-name", dir: "auto" });
  const state = make("span", { class: "mnb-state" });
  const view = buildView(alone);
  const look = buildLook(view.element, tell);
  const facts = buildFacts(look.menu);
  const seats = lane.seats.map((seat) => buildSeat(lane, seat, tell));
  const trouble = buildTrouble();
  const chip = buildChip();
  const details = button("inspect", "", () => tell.chooseLane(lane.name, true), icon("look"));
  details.element.classList.add("mnb-quiet");
  const head = make("header", { class: "mnb-head", onclick: () => tell.chooseLane(lane.name) }, name, chip.element, state, details.element);
  const body = make("div", { class: "mnb-body" }, trouble.element, ...seats.map((seat) => seat.element));
  const element = make("section", { class: "mnb-card" }, head, view.element, facts.element, body);
  const update = (now, snapshot) => {
    const mine = now.seats.some((seat) => seat.turn !== null);
    write(name, now.name);
    name.title = now.name;
    label(element, `Lane ${now.name}`);
    label(details.element, `Details of ${now.name}`);
    reveal(chip.element, alone);
    chip.update(now.seats[0].kind);
    element.classList.toggle("mnb-chosen-lane", tell.chosen() === now.name);
    element.dataset.lane = now.name;
    element.dataset.status = now.status;
    element.dataset.view = now.view ?? "";
    element.classList.toggle("mnb-turn", mine);
    write(state, stateWords(now, snapshot, mine));
    view.update(now);
    facts.update(now, snapshot);
    trouble.update(now);
    now.seats.forEach((seat, at) => {
      const old = seats[at];
      if (!old.fits(seat)) seats[at] = buildSeat(now, seat, tell);
      seats[at].update(seat, now, snapshot);
      if (seats[at] !== old) exchange(old.element, seats[at].element, tell);
    });
    look.update(now, seats, snapshot);
  };
  return { element, update, draw: view.draw, seats };
}

// Somebody else sits there now: who has just pressed a button there finds the focus on the one in its place.
function exchange(old, fresh, tell) {
  const focused = old.contains(document.activeElement);
  const turned = document.activeElement?.closest(".mnb-turnover");
  old.replaceWith(fresh);
  if (!focused) return;
  const next = turned && fresh.querySelector(".mnb-turnover button:not([hidden])");
  if (next) next.focus({ preventScroll: true });
  else tell.focus();
}

function stateWords(lane, snapshot, mine) {
  if (mine) return "your move";
  if (lane.status === "running" && snapshot.phase === "waiting") return "waits";
  return lane.status;
}

function buildView(alone) {
  const canvas = make("canvas", { class: "mnb-canvas", role: "img", width: 1, height: 1 });
  const text = make("pre", { class: "mnb-text", tabindex: 0, hidden: "" });
  const badge = make("span", { class: "mnb-badge", dir: "auto" });
  const over = make("span", { class: "mnb-badge mnb-over", dir: "auto" });
  const empty = make("span", { class: "mnb-empty" }, "no picture yet");
  const element = make("div", { class: "mnb-view" }, empty, canvas, text, over, badge);
  let drawn = 0;
  const draw = (picture, bitmap, serial) => {
    if (serial < drawn) return;
    drawn = serial;
    reveal(empty, false);
    reveal(text, bitmap === null);
    reveal(canvas, bitmap !== null);
    if (bitmap === null) write(text, picture.text);
    else paint(canvas, picture, bitmap);
    sharpen();
    canvas.dataset.serial = serial;
  };
  const update = (lane) => {
    const description = `${lane.name}: step ${lane.step}, return ${number(lane.episode_return)}, ${lane.status}`;
    label(canvas, description);
    label(text, description);
    const { action, note } = lane.seats[0];
    write(badge, note && action ? `${action} (${note})` : action);
    badge.dataset.note = note !== "";
    reveal(badge, alone && action !== "");
    write(over, lane.message);
    reveal(over, isOver(lane));
  };
  const sharpen = () => canvas.classList.toggle("mnb-pixels", wide * devicePixelRatio >= 1.8 * canvas.width);
  let wide = 0;
  new ResizeObserver(([entry]) => {
    wide = entry.contentRect.width; // as told: to ask would have the whole page laid out for every picture
    sharpen();
  }).observe(canvas);
  reveal(canvas, false);
  return { element, update, draw };
}

function paint(canvas, { width, height }, bitmap) {
  if (canvas.width !== width) canvas.width = width;
  if (canvas.height !== height) canvas.height = height;
  canvas.getContext("2d").drawImage(bitmap, 0, 0);
  bitmap.close();
}

function buildFacts(menu) {
  const cells = ["episode", "step", "return", "seed"].map((name) => {
    const value = make("b", { class: "mnb-number", "data-fact": name });
    return { name, value, element: make("span", {}, `${name} `, value) };
  });
  const element = make("div", { class: "mnb-facts mnb-mute" }, ...cells.map((cell) => cell.element), menu);
  const update = (lane, snapshot) => {
    const values = { episode: lane.episode, step: lane.step, return: number(lane.episode_return), seed: lane.seed };
    for (const cell of cells) {
      write(cell.value, values[cell.name]);
      if (cell.name === "seed") reveal(cell.element, lane.seed !== snapshot.seed);
    }
  };
  return { element, update };
}

// An episode's end is told on its picture: a line below it would move all that is further down.
function isOver(lane) {
  return lane.status === "held" && lane.message !== "";
}

function buildTrouble() {
  const reason = make("p", { class: "mnb-reason", dir: "auto" });
  const log = make("pre", { class: "mnb-log", tabindex: 0 });
  const details = make("details", {}, make("summary", {}, "Log"), log);
  const element = make("div", { class: "mnb-trouble" }, reason, details);
  const update = (lane) => {
    const [first, ...rest] = lane.message.split("\n");
    const tail = rest.join("\n").trim();
    reveal(element, lane.message !== "" && !isOver(lane));
    element.dataset.failed = lane.status === "failed";
    write(reason, first);
    if (first.length > LONG) reason.tabIndex = 0;
    else reason.removeAttribute("tabindex");
    write(log, tail);
    reveal(details, tail !== "");
  };
  return { element, update };
}
