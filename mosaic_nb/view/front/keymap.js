// Which key does what: the family's or the operator's, unless the person at this browser chose another.

const STORE = "mosaic_nb.keys "; // and the environment's id
const SIGNS = { ArrowLeft: "←", ArrowRight: "→", ArrowUp: "↑", ArrowDown: "↓", " ": "␣", Enter: "⏎" };
export const LEFT_ALONE = new Set(["Tab", "Escape", "Shift", "Control", "Alt", "Meta", "CapsLock", "Dead", "Unidentified"]);

export function sign(key) {
  return SIGNS[key] ?? key.toUpperCase();
}

// The key of an action, or "": a digit for the first nine where it has none of its own.
export function keyOf(choices, at, own) {
  const { label, key } = choices[at];
  const chosen = own[label];
  if (chosen !== undefined) return chosen;
  if (Object.values(own).includes(key)) return "";
  return key || (at < 9 && !choices.some((choice) => choice.key === String(at + 1)) ? String(at + 1) : "");
}

// The person's own keys of an environment: label -> key. A page may forbid to keep anything; then they last as it does.
export function buildKeymap(title) {
  let own = {};
  try {
    own = JSON.parse(localStorage.getItem(STORE + title) ?? "{}");
  } catch (error) {
    if (!(error instanceof DOMException || error instanceof SyntaxError)) throw error;
  }
  const keep = () => {
    try {
      localStorage.setItem(STORE + title, JSON.stringify(own));
    } catch (error) {
      if (!(error instanceof DOMException)) throw error;
    }
  };
  const set = (label, key) => {
    own = { ...Object.fromEntries(Object.entries(own).filter(([, other]) => other !== key)), [label]: key };
    keep();
  };
  const forget = () => {
    own = {};
    keep();
  };
  return { now: () => own, set, forget };
}
