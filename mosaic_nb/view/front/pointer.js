// What a pointer does on anything that shows moments from left to right: it points at them, and drags through them.

export const INSET = 9; // px left free at both ends, for the knob

export function followPointer(element, record, { point, seek }) {
  const at = (event) => {
    const box = element.getBoundingClientRect();
    return record.moment((event.clientX - box.left - INSET) / Math.max(1, box.width - 2 * INSET));
  };
  element.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    element.setPointerCapture(event.pointerId);
    seek(at(event));
  });
  element.addEventListener("pointermove", (event) => {
    point(at(event));
    if (element.hasPointerCapture(event.pointerId)) seek(at(event));
  });
  element.addEventListener("pointerleave", () => point(null));
}
