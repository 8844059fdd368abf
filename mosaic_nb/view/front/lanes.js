// All lanes side by side.

import { buildCard } from "./card.js";
import { make } from "./elements.js";

export function buildLanes(tell) {
  const element = make("div", { class: "mnb-lanes" });
  let cards = [];
  let built = "";
  const update = (snapshot) => {
    const shape = JSON.stringify(snapshot.lanes.map((lane) => [lane.name, lane.seats.map((seat) => seat.agent)]));
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
      if (bitmaps[at] && !card?.element.dataset.view) shape(element, picture); // one agent's view shapes no other card
    }
  };
  // Cards say less of the past; what stands below them must not move away from under the pointer.
  const hold = (on) => (element.style.minHeight = on ? `${element.getBoundingClientRect().height}px` : "");
  return { element, update, draw, hold, seats: () => cards.flatMap((card) => card.seats) };
}

function shape(element, picture) {
  const ratio = picture.width / picture.height;
  if (ratio > 0) element.style.setProperty("--mnb-ratio", Math.max(0.8, Math.min(1.6, ratio)).toFixed(3));
}
