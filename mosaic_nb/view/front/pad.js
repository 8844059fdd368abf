// Two numbers at once: the first goes across, the second up.

import { label, make } from "./elements.js";

export function buildPad(parts, name) {
  const lines = ["mnb-pad-across", "mnb-pad-up"].map((each) => make("i", { class: each }));
  const element = make("div", { class: "mnb-pad", role: "group", tabindex: 0 }, ...lines, make("i", { class: "mnb-pad-knob" }));
  label(element, `${name} pad: drag, or the arrow keys`.trim());
  const [across, up] = parts;
  let moved = () => {};
  const follow = ({ clientX, clientY }) => {
    const { left, top, width, height } = element.getBoundingClientRect();
    moved(() => {
      put(across, (clientX - left) / width);
      put(up, 1 - (clientY - top) / height);
    });
  };
  element.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    element.setPointerCapture(event.pointerId);
    follow(event);
  });
  element.addEventListener("pointermove", (event) => element.hasPointerCapture(event.pointerId) && follow(event));
  const paint = () => {
    element.style.setProperty("--x", share(across));
    element.style.setProperty("--y", 1 - share(up));
  };
  return { element, paint, listen: (hear) => (moved = hear) };
}

function share({ get, span: [from, to] }) {
  return Math.max(0, Math.min(1, (get() - from) / (to - from || 1)));
}

// A place on the pad; what is beyond its edge counts as the edge.
function put(part, at) {
  const [from, to] = part.span;
  part.set(Number((from + Math.max(0, Math.min(1, at)) * (to - from)).toPrecision(4)));
}
