// What happened on the way: marks above the rail, each event with a shape and a colour of its own, and their legend.

import { label, make, reveal } from "./elements.js";

// What matters most comes first: it stands for marks that are too close to be drawn side by side.
const EVENTS = [
  ["failure", "failure", "M1.8 1.8l8.4 8.4M10.2 1.8 1.8 10.2", "line"],
  ["take-over", "take-over", "M6 1 11.4 10.6H.6z", "full"],
  ["hand-back", "handed back", "M6 11 11.4 1.4H.6z", "full"],
  ["swap", "swap", "M1.6 1.6h8.8v8.8H1.6z", "full"],
  ["rewind", "went back", "M6 1.5 1.5 6 6 10.5M10.5 1.5 6 6l4.5 4.5", "line"],
  ["part", "operators part", "M6 .4 11.6 6 6 11.6.4 6z", "full"],
  ["end", "episode ends", "M6 2.4a3.6 3.6 0 1 1 0 7.2 3.6 3.6 0 0 1 0-7.2z", "line"],
  ["begin", "episode begins", "M6 1.4v9.2", "line"],
  ["other", "other", "M6 4a2 2 0 1 1 0 4 2 2 0 0 1 0-4z", "full"],
];
const NEAR = 15; // px from mark to mark
const MOST_WORDS = 6; // marks that a tooltip tells in words

const kind = (event) => EVENTS.find((each) => each[0] === event) ?? EVENTS[EVENTS.length - 1];
const rank = (event) => EVENTS.indexOf(kind(event));

export function buildMarks(record, { tip, seek }) {
  const element = make("div", { class: "mnb-marks", role: "toolbar", "aria-label": "Marks of the timeline" });
  const drawn = new Map();
  let width = 0;
  const update = () => {
    reveal(element, record.marks().length > 0);
    const groups = group(record.marks(), record, width);
    const keep = new Set(groups.map((each) => each.key));
    for (const [key, mark] of drawn) if (!keep.has(key)) drawn.delete(key) && mark.element.remove();
    groups.forEach((each, at) => {
      if (!drawn.has(each.key)) drawn.set(each.key, buildMark(each.lead.event, { tip, seek }));
      const mark = drawn.get(each.key);
      if (element.children[at] !== mark.element) element.insertBefore(mark.element, element.children[at] ?? null);
      mark.update(each, record);
    });
    rove(element, element.querySelector("[tabindex='0']") ?? element.firstElementChild);
  };
  element.addEventListener("keydown", (event) => walk(element, event));
  new ResizeObserver(([entry]) => {
    width = entry.contentRect.width;
    update();
  }).observe(element);
  return { element, update };
}

// Marks in the order of time, those put together that would cover each other.
function group(marks, record, width) {
  const near = NEAR / Math.max(NEAR, width);
  const groups = [];
  for (const mark of marks) {
    const share = record.share(mark.moment);
    const open = groups[groups.length - 1];
    if (open && share - open.share < near) open.marks.push(mark);
    else groups.push({ share, marks: [mark] });
  }
  return groups.map((each) => {
    const lead = each.marks.reduce((best, mark) => (rank(mark.event) < rank(best.event) ? mark : best));
    return { ...each, lead, share: record.share(lead.moment), key: JSON.stringify([lead.moment, lead.event, lead.lane]) };
  });
}

function buildMark(event, { tip, seek }) {
  let moment = 0;
  let words = "";
  let share = 0;
  const show = () => tip(share, words);
  const element = make("button", {
    type: "button",
    class: "mnb-mark",
    tabindex: -1,
    "data-event": kind(event)[0],
    onclick: () => seek(moment),
    onpointerenter: show,
    onfocus: show,
    onpointerleave: () => tip(null),
    onblur: () => tip(null),
  });
  element.append(drawShape(event));
  const update = (now, record) => {
    moment = now.lead.moment;
    share = now.share;
    words = describe(now.marks, record);
    element.style.setProperty("--at", share);
    label(element, words);
  };
  return { element, update };
}

function describe(marks, record) {
  const lines = marks.map((mark) => {
    const place = `tick ${record.tick(mark.moment)}${mark.lane && `, ${mark.lane}`}`;
    return `${place}: ${kind(mark.event)[1]}${mark.words && `; ${mark.words}`}`;
  });
  if (lines.length > MOST_WORDS) lines.splice(MOST_WORDS - 1, Infinity, `and ${lines.length - MOST_WORDS + 1} more`);
  return lines.join("\n");
}

function drawShape(event) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  const [, , shape, fill] = kind(event);
  svg.setAttribute("viewBox", "0 0 12 12");
  svg.setAttribute("aria-hidden", "true");
  svg.classList.add("mnb-shape", `mnb-shape-${fill}`);
  path.setAttribute("d", shape);
  svg.append(path);
  return svg;
}

// One stop for Tab; the arrow keys go from mark to mark.
function rove(element, mark) {
  for (const each of element.children) each.tabIndex = each === mark ? 0 : -1;
}

function walk(element, event) {
  const all = [...element.children];
  const at = all.indexOf(event.target);
  const to = { ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: all.length - 1 }[event.key];
  if (to === undefined) return;
  event.preventDefault();
  event.stopPropagation();
  const next = all[Math.max(0, Math.min(all.length - 1, to))];
  rove(element, next);
  next.focus();
}

export function buildMarksLegend(record) {
  const entries = EVENTS.map(([event, words]) => {
    const element = make("li", { "data-event": event }, drawShape(event), make("span", {}, words));
    return { event, element };
  });
  const element = make("ul", { class: "mnb-legend mnb-mute", "aria-label": "Marks" }, ...entries.map((entry) => entry.element));
  const update = () => {
    const present = new Set(record.marks().map((mark) => kind(mark.event)[0]));
    for (const entry of entries) reveal(entry.element, present.has(entry.event));
    reveal(element, present.size > 0);
  };
  return { element, update };
}
