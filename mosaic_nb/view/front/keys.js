// Keys on their way to whom they are meant for: the person's seat, or the arena itself. All others stay the page's.

import { LEFT_ALONE } from "./keymap.js";

const NATIVE = "input, select, textarea, summary, pre, [role=slider], [role=tab], [role=menu], [role=dialog]";
export const ARENA_KEYS = [
  [".", "Step", "step"],
  ["k", "Play or pause", "play"],
  ["?", "This help", "help"],
];

// seats: () => [{element, press, release}], by card; act: what an arena's key does, by name.
export function listenToKeys(root, { seats, act, signal }) {
  const release = (key) => seats().forEach((seat) => seat.release?.(key));
  root.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || LEFT_ALONE.has(event.key)) return;
    const on = event.target;
    const typed = on.closest(NATIVE) || (on.closest("button") && (event.key === "Enter" || event.key === " "));
    if (typed) return;
    const done = move(seats(), on, event.key) ?? arena(event.key, act);
    if (!done) return;
    event.preventDefault();
    event.stopPropagation();
    if (!event.repeat) done();
  });
  root.addEventListener("keyup", (event) => release(event.key));
  root.addEventListener("focusout", (event) => root.contains(event.relatedTarget) || release(null));
  addEventListener("blur", () => release(null), { signal });
  document.addEventListener("visibilitychange", () => document.hidden && release(null), { signal });
}

// The key goes to the seat that has the focus, else to one that is asked, else to one that may begin a tick.
function move(seats, on, key) {
  const order = [...seats].sort((one, other) => other.element.contains(on) - one.element.contains(on));
  const moves = order.map((seat) => seat.press?.(key)).filter(Boolean);
  return (moves.find((each) => each.asked) ?? moves.find((each) => each.ready) ?? moves[0])?.act;
}

function arena(key, act) {
  const found = ARENA_KEYS.find(([each]) => each === key.toLowerCase());
  return found && (() => act(found[2]));
}
