// Which key does what: the family's or the operator's, unless the person at this browser chose another.

const STORE = "mosaic_nb.keys "; // and the environment's id
const SIGNS = { ArrowLeft: "←", ArrowRight: "→", ArrowUp: "↑", ArrowDown: "↓", " ": "␣", Enter: "⏎" };
const DIGITS = [..."123456789"];
export const LEFT_ALONE = new Set(["Tab", "Escape", "Shift", "Control", "Alt", "AltGraph", "Meta", "CapsLock", "Dead", "Unidentified"]);

export function sign(key) {
  return SIGNS[key] ?? (key.length === 1 ? key.toUpperCase() : key);
}

// One form of a key with and without Shift: "P" is "p".
export function plainKey(key) {
  return key.length === 1 ? key.toLowerCase() : key;
}

export function whose(lane, agent) {
  return agent === "agent" ? lane : `${lane}, ${agent}`;
}

// The key of every action, "" where it has none. A key that another action was given here is that one's no more, and
// digits go to those that have none.
export function keysOf(choices, own) {
  const chosen = choices.map(({ label }) => (Object.hasOwn(own, label) ? own[label] : null));
  const taken = new Set(chosen);
  const keys = choices.map(({ key }, at) => chosen[at] ?? (taken.has(plainKey(key)) ? "" : plainKey(key)));
  const free = DIGITS.filter((digit) => !keys.includes(digit));
  return keys.map((key) => key || (free.shift() ?? ""));
}

// The keys that a person chose in an environment, for each seat: label -> key. A page may forbid to keep anything; then
// they last as long as it does.
export function buildKeymap(title) {
  let kept = {};
  try {
    kept = JSON.parse(localStorage.getItem(STORE + title) ?? "{}");
  } catch (error) {
    if (!(error instanceof DOMException || error instanceof SyntaxError)) throw error;
  }
  const keep = (seat, keys) => {
    kept = { ...kept, [seat]: keys };
    try {
      localStorage.setItem(STORE + title, JSON.stringify(kept));
    } catch (error) {
      if (!(error instanceof DOMException)) throw error;
    }
  };
  const of = (lane, agent) => (Object.hasOwn(kept, whose(lane, agent)) ? kept[whose(lane, agent)] : {});
  const set = (lane, agent, label, key) => {
    const others = Object.entries(of(lane, agent)).filter(([, other]) => other !== key);
    keep(whose(lane, agent), { ...Object.fromEntries(others), [label]: key });
  };
  return { of, set, forget: (lane, agent) => keep(whose(lane, agent), {}) };
}
