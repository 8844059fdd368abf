// The return of every lane, live: a line each, with a crosshair that it shares with the timeline.

import { axisNumber, niceTicks } from "./axis.js";
import { label, make, number, reveal, write } from "./elements.js";
import { followPointer, INSET } from "./pointer.js";

const HEIGHT = 148;
const TOP = 12;
const BOTTOM = 20; // px for the ticks' numbers
const MOST_ROWS = 4; // numbers on the return's axis
const COLUMN = 48; // px from number to number on the ticks' axis
const CROWDED = 6; // px between episodes below which their beginnings are not drawn

export function buildChart(tell, record, { point, seek }) {
  let [live, past, pointed, planned, width] = [null, null, null, false, 0];
  const legend = buildLegend();
  const plot = buildPlot(legend.inks);
  const table = buildTable();
  const title = make("h3", { class: "mnb-heading" }, "Return");
  const element = make("div", { class: "mnb-chart" }, make("div", { class: "mnb-row" }, title, legend.element), plot.element, table.element);
  const draw = () => {
    planned = false;
    if (!live || !width) return;
    const moment = pointed ?? past?.moment ?? live.moment;
    legend.update(live.lanes, record.near(moment));
    plot.draw(record, buildScale(record, width), moment);
    if (live.phase !== "playing") table.update(live.lanes, record, moment);
  };
  // Once a frame of the screen, however often there is something new.
  const plan = () => {
    if (!planned) requestAnimationFrame(draw);
    planned = true;
  };
  const update = (newest, shown) => {
    [live, past] = [newest, shown];
    plan();
  };
  const hover = (moment) => {
    pointed = moment;
    plan();
  };
  followPointer(plot.element, record, { point, seek });
  new ResizeObserver(([entry]) => {
    width = entry.contentRect.width;
    plan();
  }).observe(plot.element);
  watchTheme(tell.signal, () => {
    legend.inks.forget();
    plan();
  });
  return { element, update, point: hover };
}

// A canvas does not follow the theme by itself.
function watchTheme(signal, changed) {
  const observer = new MutationObserver(changed);
  for (const page of [document.documentElement, document.body]) {
    observer.observe(page, { attributeFilter: ["class", "data-jp-theme-light"] });
  }
  signal.addEventListener("abort", () => observer.disconnect());
  for (const query of ["(prefers-color-scheme: dark)", "(forced-colors: active)"]) {
    matchMedia(query).addEventListener("change", changed, { signal });
  }
}

function buildScale(record, width) {
  let [low, high] = [0, 0];
  for (const { returns } of record.points()) {
    for (const value of returns) {
      if (!Number.isFinite(value)) continue;
      if (value < low) low = value;
      else if (value > high) high = value;
    }
  }
  const rows = niceTicks(low, high > low ? high : low + 1, MOST_ROWS);
  const [bottom, top] = [rows[0], rows[rows.length - 1]];
  const room = HEIGHT - TOP - BOTTOM;
  return {
    width,
    rows,
    x: (moment) => INSET + record.share(moment) * (width - 2 * INSET),
    y: (value) => TOP + ((top - value) / (top - bottom)) * room,
  };
}

function svg(tag, attributes = {}) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  return element;
}

function buildPlot(inks) {
  const back = buildBack();
  const lines = make("canvas", { class: "mnb-lines", "aria-hidden": "true" });
  const rows = buildPool(() => svg("text", { class: "mnb-row-number", x: INSET }));
  const columns = buildPool(() => svg("text", { class: "mnb-column-number", y: HEIGHT - 5 }));
  const front = svg("svg", { class: "mnb-numbers", role: "img", height: HEIGHT });
  front.append(rows.element, columns.element);
  const empty = make("p", { class: "mnb-nothing mnb-mute" }, "The first tick draws the first line.");
  const element = make("div", { class: "mnb-plot" }, back.element, lines, front, empty);
  const draw = (record, scale, moment) => {
    const breaks = begins(record.marks());
    back.draw(record, scale, breaks, moment);
    drawLines(clear(lines, scale.width), inks.read(), record, scale, breaks, moment);
    rows.fill(scale.rows.filter((value, at) => value || at), (text, value) => place(text, "y", scale.y(value) - 4, axisNumber(value)));
    columns.fill(columnTicks(record, scale), (text, { tick, x }) => {
      place(text, "x", x, axisNumber(tick));
      text.dataset.edge = x < 2 * INSET ? "start" : x > scale.width - 2 * INSET ? "end" : "";
    });
    label(front, `Return of each lane from tick ${record.tick(record.first())} to ${record.tick(record.last())}; the table that follows has the last values`);
    reveal(empty, record.points().length < 2);
  };
  return { element, draw };
}

function buildBack() {
  const [grid, zero, episodes, cross] = ["grid", "zero", "episodes", "cross"].map((name) => svg("path", { class: `mnb-${name}` }));
  const element = svg("svg", { class: "mnb-back", "aria-hidden": "true", height: HEIGHT });
  element.append(grid, episodes, zero, cross);
  const draw = (record, scale, breaks, moment) => {
    const across = (value) => `M${INSET} ${Math.round(scale.y(value))}H${scale.width - INSET}`;
    const down = (at) => `M${Math.round(scale.x(at))} ${TOP - 4}V${HEIGHT - BOTTOM}`;
    const starts = [...new Set([...breaks.values()].flat())].filter((at) => at > record.first());
    put(grid, "d", scale.rows.map(across).join(""));
    put(zero, "d", across(0));
    put(episodes, "d", starts.length * CROWDED > scale.width ? "" : starts.map(down).join(""));
    put(cross, "d", moment < record.last() ? down(moment) : "");
  };
  return { element, draw };
}

function put(element, name, value) {
  if (element.getAttribute(name) !== value) element.setAttribute(name, value);
}

function clear(canvas, width) {
  const ratio = devicePixelRatio;
  const size = [Math.round(width * ratio), Math.round(HEIGHT * ratio)];
  if (canvas.width !== size[0] || canvas.height !== size[1]) [canvas.width, canvas.height] = size;
  const context = canvas.getContext("2d");
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, width, HEIGHT);
  return context;
}

// As many elements as there are things to draw, made once and used again.
function buildPool(make) {
  const element = svg("g");
  const fill = (items, update) => {
    while (element.children.length < items.length) element.append(make());
    while (element.children.length > items.length) element.lastChild.remove();
    items.forEach((item, at) => update(element.children[at], item, at));
  };
  return { element, fill };
}

function place(text, side, at, words) {
  put(text, side, String(Math.round(at)));
  write(text, words);
}

// lane -> the moments at which its episodes begin, where its line is to break.
function begins(marks) {
  const found = new Map();
  for (const { event, lane, moment } of marks) {
    if (event !== "begin") continue;
    if (!found.has(lane)) found.set(lane, []);
    found.get(lane).push(moment);
  }
  return found;
}

function drawLines(context, inks, record, scale, breaks, moment) {
  context.lineWidth = 2;
  context.lineJoin = "round";
  record.lanes().forEach((name, lane) => {
    context.strokeStyle = inks[lane].color;
    context.setLineDash(inks[lane].dash);
    context.beginPath();
    traceLine(context, record.points(), lane, breaks.get(name) ?? [], scale);
    context.stroke();
  });
  context.setLineDash([]);
  context.lineWidth = 1.5;
  const at = record.near(moment);
  at.returns.forEach((value, lane) => {
    if (!Number.isFinite(value)) return;
    context.fillStyle = inks[lane].color;
    context.strokeStyle = inks[lane].paper;
    context.beginPath();
    context.arc(scale.x(at.moment), scale.y(value), 3.6, 0, 7);
    context.fill();
    context.stroke();
  });
}

// No more than a point for each column of pixels, the last one that falls there; a break where an episode begins.
function traceLine(context, points, lane, breaks, scale) {
  let down = false;
  let next = 0;
  let drawnAt = 0;
  points.forEach(({ moment, returns }, at) => {
    const value = returns[lane];
    while (next < breaks.length && breaks[next] <= moment) {
      next += 1;
      down = false;
    }
    const x = scale.x(moment);
    if (!Number.isFinite(value)) down = false;
    else if (!down) context.moveTo(x, scale.y(value));
    else if (x - drawnAt < 1 && at < points.length - 1) return;
    else context.lineTo(x, scale.y(value));
    down = Number.isFinite(value);
    drawnAt = x;
  });
}

// Round ticks, each where the first known point at or after it lies.
function columnTicks(record, scale) {
  const points = record.points();
  const [low, high] = [points[0].tick, points[points.length - 1].tick];
  const most = Math.max(2, Math.floor((scale.width - 2 * INSET) / COLUMN));
  if (low === high) return [{ tick: low, x: scale.x(points[0].moment) }];
  const ticks = niceTicks(low, high, most).filter((tick) => Number.isInteger(tick) && tick >= low && tick <= high);
  return ticks.map((tick) => ({ tick, x: scale.x(momentOf(tick, points)) }));
}

function momentOf(tick, points) {
  const at = points.findIndex((point) => point.tick >= tick);
  const [point, before] = [points[at], points[Math.max(0, at - 1)]];
  return Math.min(point.moment, before.moment + Math.max(0, tick - before.tick));
}

function buildLegend() {
  const element = make("ul", { class: "mnb-legend mnb-lanes-legend", "aria-hidden": "true" });
  const inks = buildInks(element);
  const update = (lanes, at) => {
    if (element.children.length !== lanes.length) inks.forget();
    while (element.children.length < lanes.length) element.append(buildEntry(element.children.length));
    while (element.children.length > lanes.length) element.lastChild.remove();
    lanes.forEach((lane, place) => {
      const [, name, value] = element.children[place].children;
      write(name, lane.name);
      name.title = lane.name;
      write(value, number(at.returns[place]));
    });
  };
  return { element, update, inks };
}

// How to draw each lane, as the style sheet has it for the samples in the legend.
function buildInks(legend) {
  let inks = null;
  const look = (sample) => {
    const style = getComputedStyle(sample);
    const dash = style.strokeDasharray.split(/[ ,]+/).map(parseFloat).filter(Number.isFinite);
    return { color: style.stroke, paper: getComputedStyle(legend).backgroundColor, dash };
  };
  const read = () => (inks ??= [...legend.querySelectorAll(".mnb-line")].map(look));
  return { read, forget: () => (inks = null) };
}

function buildEntry(lane) {
  const sample = svg("svg", { class: "mnb-sample", viewBox: "0 0 24 6" });
  sample.append(svg("path", { class: "mnb-line", "data-color": lane % 8, d: "M0 3H24" }));
  const name = make("span", { class: "mnb-lane-name", dir: "auto" });
  return make("li", {}, sample, name, make("b", { class: "mnb-number" }));
}

// What the lines show, for those who cannot see them.
function buildTable() {
  const caption = make("caption");
  const head = ["Lane", "Return then", "Last return"].map((words) => make("th", { scope: "col" }, words));
  const body = make("tbody");
  const table = make("table", {}, caption, make("thead", {}, make("tr", {}, ...head)), body);
  const element = make("div", { class: "mnb-unseen" }, table); // a table grows with its names, whatever its width
  const update = (lanes, record, moment) => {
    const [then, last] = [record.near(moment), record.near(record.last())];
    write(caption, `Return of each lane at tick ${then.tick} and at the last one, ${last.tick}`);
    while (body.children.length < lanes.length) body.append(make("tr", {}, make("th", { scope: "row" }), make("td"), make("td")));
    while (body.children.length > lanes.length) body.lastChild.remove();
    lanes.forEach((lane, at) => {
      const texts = [lane.name, number(then.returns[at]), number(last.returns[at])];
      texts.forEach((text, cell) => write(body.children[at].children[cell], text));
    });
  };
  return { element, update };
}
