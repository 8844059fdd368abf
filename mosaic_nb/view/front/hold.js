// What a person holds down while the clock runs.

const MOST_OFTEN = 34; // ms between two values told: 30 a second are as many as anybody can see

// By keys, pointers or a form; of several the one taken last counts.
export function buildHold(lane, agent, tell) {
  const down = new Map();
  let told = null;
  const now = () => [...down.values()].at(-1) ?? null;
  const say = () => {
    if (now() === told) return;
    told = now();
    tell.control({ type: "hold", lane, agent, action: told });
  };
  const take = (by, action) => {
    down.delete(by);
    down.set(by, action);
    say();
  };
  const leave = (by) => {
    if (down.delete(by)) say();
  };
  const drop = () => {
    down.clear();
    say();
  };
  return { now, take, leave, drop };
}

// A button that is held with a pointer, or with Enter or Space, as long as `holds()` says that holding means anything.
export function holdable(button, { holds, take, leave }) {
  const down = new Set();
  const begin = (by) => {
    if (!holds() || button.getAttribute("aria-disabled") === "true") return;
    down.add(by);
    take(by);
  };
  const end = (by) => {
    if (down.delete(by)) leave(by);
  };
  button.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    if (holds()) button.setPointerCapture(event.pointerId);
    begin(`pointer ${event.pointerId}`);
  });
  for (const over of ["pointerup", "pointercancel", "lostpointercapture"]) {
    button.addEventListener(over, (event) => end(`pointer ${event.pointerId}`));
  }
  button.addEventListener("contextmenu", (event) => holds() && event.preventDefault()); // a long touch
  button.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" && event.key !== " ") return;
    if (holds() || event.repeat) event.preventDefault(); // a key that stays down is one click
    if (!event.repeat) begin(event.code);
  });
  button.addEventListener("keyup", (event) => {
    if (holds() && event.key === " ") event.preventDefault(); // no click beside
    end(event.code);
  });
  button.addEventListener("blur", () => [...down].forEach(end));
}

// Calls at most 30 times a second, and once more for the last.
export function seldom(call) {
  let due = null;
  let again = false;
  const ask = () => {
    if (due !== null) return void (again = true);
    call();
    due = setTimeout(() => {
      due = null;
      if (again) ask();
      again = false;
    }, MOST_OFTEN);
  };
  return ask;
}
