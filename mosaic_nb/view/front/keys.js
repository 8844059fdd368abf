// Keys on their way to whom they are meant for: a person's seat, or the arena itself. All others stay the page's.

import { LEFT_ALONE, plainKey } from "./keymap.js";

const NATIVE = "input, select, textarea, summary, [role=slider], [role=tab], [role=menu], dialog";
export const ARENA_KEYS = [
  [".", "Step", "step"],
  ["k", "Play or pause", "play"],
  ["?", "This help", "help"],
];

// seats: () => the seats of all cards, in order; act: does what an arena's key is for, by name.
export function listenToKeys(root, { seats, act, signal }) {
  const down = new Map();
  const press = (event) => {
    if (foreign(event) || native(event)) return;
    const move = route(seats(), event) ?? arena(event.key, act);
    if (!move) return;
    event.preventDefault();
    event.stopPropagation();
    if (event.repeat) return;
    if (move.lift) down.set(event.code, move.lift);
    move.act();
  };
  const lift = (event) => {
    down.get(event.code)?.();
    down.delete(event.code);
  };
  const release = () => {
    for (const each of down.values()) each();
    down.clear();
    seats().forEach((seat) => seat.release?.());
  };
  root.addEventListener("keydown", press);
  root.addEventListener("keyup", lift);
  root.addEventListener("focusout", (event) => root.contains(event.relatedTarget) || release());
  addEventListener("blur", release, { signal });
  document.addEventListener("visibilitychange", () => document.hidden && release(), { signal });
}

// To whom a key goes, by their keymaps: the seat that has the focus, else one that is asked, else one that may move.
function route(seats, { key, target }) {
  const order = [...seats].sort((one, other) => other.element.contains(target) - one.element.contains(target));
  const moves = order.map((seat) => seat.press?.(plainKey(key))).filter(Boolean);
  return moves.find((move) => move.asked) ?? moves.find((move) => move.ready) ?? moves[0];
}

function arena(key, act) {
  const found = ARENA_KEYS.find(([each]) => each === plainKey(key));
  return found && { act: () => act(found[2]) };
}

// On some keyboards brackets are typed with AltGr, which some systems report as Ctrl and Alt.
function foreign(event) {
  const command = event.metaKey || ((event.ctrlKey || event.altKey) && !event.getModifierState("AltGraph"));
  return command || event.isComposing || LEFT_ALONE.has(event.key);
}

// What the element under the focus does with the key itself.
function native({ target, key }) {
  const scrolls = target.closest("pre");
  if (scrolls && scrolls.scrollHeight > scrolls.clientHeight) return true;
  return target.closest(NATIVE) !== null || (target.closest("button") !== null && (key === "Enter" || key === " "));
}
