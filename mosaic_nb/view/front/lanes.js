// All lanes side by side.

import { buildCard } from "./card.js";
import { make } from "./elements.js";

export function buildLanes(tell) {
  const element = make("div", { class: "mnb-lanes" });
  let cards = [];
  let built = "";
  const update = (snapshot) => {
    const shape = JSON.stringify(snapshot.lanes.map((lane) => [lane.name, lane.seats.map(seatShape)]));
    if (shape !== built) {
      const focused = element.contains(document.activeElement);
      cards = snapshot.lanes.map((lane) => buildCard(lane, tell));
      element.replaceChildren(...cards.map((card) => card.element));
      element.dataset.lanes = Math.min(cards.length, 8);
      if (focused) tell.focus();
      built = shape;
    }
    cards.forEach((card, at) => card.update(snapshot.lanes[at], snapshot));
  };
  const draw = (pictures, bitmaps, serial) => {
    for (const [at, picture] of pictures.entries()) {
      const card = cards.find((each) => each.element.dataset.lane === picture.lane);
      card?.draw(picture, bitmaps[at], serial);
      if (bitmaps[at]) shape(element, picture);
    }
  };
  return { element, update, draw, press: (event) => press(cards, event) };
}

function seatShape(seat) {
  return [seat.agent, seat.kind, seat.choices.map((choice) => [choice.action, choice.label, choice.key])];
}

function shape(element, picture) {
  const ratio = picture.width / picture.height;
  if (ratio > 0) element.style.setProperty("--mnb-ratio", Math.max(0.8, Math.min(1.6, ratio)).toFixed(3));
}

// The key goes to the lane that has the focus, else to one that is asked, else to one that may begin a tick.
function press(cards, event) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, summary, pre")) return;
  const native = event.target.closest("button") && (event.key === "Enter" || event.key === " ");
  const focused = cards.find((card) => card.element.contains(event.target));
  const order = focused ? [focused, ...cards] : cards;
  const moves = order.flatMap((card) => card.seats.map((seat) => seat.press?.(event.key))).filter(Boolean);
  if (native || !moves.length) return;
  event.preventDefault();
  event.stopPropagation();
  if (!event.repeat) (moves.find((move) => move.asked) ?? moves.find((move) => move.ready) ?? moves[0]).act();
}
