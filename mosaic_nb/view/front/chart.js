// The return of every lane, live: a line each, with a crosshair that it shares with the timeline.

import { axisNumber, niceTicks } from "./axis.js";
import { label, make, number, reveal, write } from "./elements.js";
import { followPointer, INSET } from "./pointer.js";

const HEIGHT = 148;
const TOP = 12;
const BOTTOM = 20; // px for the ticks' numbers
const MOST_ROWS = 4; // numbers on the return's axis
const COLUMN = 90; // px from number to number on the ticks' axis
const CROWDED = 6; // px between episodes below which their beginnings are not drawn

export function buildChart(record, { point, seek }) {
  let [live, past, pointed, planned] = [null, null, null, false];
  const plot = buildPlot();
  const legend = buildLegend();
  const table = buildTable();
  const empty = make("p", { class: "mnb-nothing mnb-mute" }, "The first tick draws the first line.");
  const stage = make("div", { class: "mnb-plot" }, plot.element, empty);
  const title = make("h3", { class: "mnb-heading" }, "Return");
  const element = make("div", { class: "mnb-chart" }, make("div", { class: "mnb-row" }, title, legend.element), stage, table.element);
  const draw = () => {
    planned = false;
    if (!live) return;
    const moment = pointed ?? past?.moment ?? live.moment;
    const scale = buildScale(record, stage.clientWidth);
    plot.draw(record, scale, moment);
    legend.update(live.lanes, record.near(moment));
    table.update(live.lanes, record, moment);
    reveal(empty, record.points().length < 2);
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
  followPointer(stage, record, { point, seek });
  new ResizeObserver(plan).observe(stage);
  const hover = (moment) => {
    pointed = moment;
    plan();
  };
  return { element, update, point: hover };
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

function buildPlot() {
  const element = svg("svg", { class: "mnb-lines", role: "img", height: HEIGHT });
  const grid = svg("path", { class: "mnb-grid" });
  const zero = svg("path", { class: "mnb-zero" });
  const episodes = svg("path", { class: "mnb-episodes" });
  const cross = svg("path", { class: "mnb-cross" });
  const lines = buildPool(() => svg("path", { class: "mnb-line" }));
  const dots = buildPool(() => svg("circle", { class: "mnb-dot", r: 3.2 }));
  const rows = buildPool(() => svg("text", { class: "mnb-row-number", x: INSET }));
  const columns = buildPool(() => svg("text", { class: "mnb-column-number", y: HEIGHT - 5 }));
  element.append(grid, episodes, zero, lines.element, cross, dots.element, rows.element, columns.element);
  const draw = (record, scale, moment) => {
    const across = (value) => `M${INSET} ${scale.y(value).toFixed(1)}H${scale.width - INSET}`;
    const breaks = begins(record.marks());
    grid.setAttribute("d", scale.rows.map(across).join(""));
    zero.setAttribute("d", across(0));
    episodes.setAttribute("d", drawEpisodes(breaks, record, scale));
    cross.setAttribute("d", moment < record.last() ? `M${scale.x(moment).toFixed(1)} ${TOP - 6}V${HEIGHT - BOTTOM}` : "");
    lines.fill(record.lanes(), (line, name, lane) => {
      line.dataset.color = lane % 8;
      line.setAttribute("d", drawLine(record.points(), lane, breaks.get(name) ?? [], scale));
    });
    drawDots(dots, record, moment, scale);
    rows.fill(scale.rows, (text, value) => place(text, "y", scale.y(value) - 4, axisNumber(value)));
    columns.fill(columnTicks(record, scale), (text, tick) => place(text, "x", tick.x, axisNumber(tick.tick)));
    label(element, `Return of each lane from tick ${record.tick(record.first())} to ${record.tick(record.last())}; the last values are in the table that follows`);
  };
  return { element, draw };
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
  text.setAttribute(side, at.toFixed(1));
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

function drawEpisodes(breaks, record, scale) {
  const places = [...new Set([...breaks.values()].flat())].filter((moment) => moment > record.first());
  if (places.length * CROWDED > scale.width) return "";
  return places.map((moment) => `M${scale.x(moment).toFixed(1)} ${TOP}V${HEIGHT - BOTTOM}`).join("");
}

// No more than a point for each column of pixels, the last one that falls there.
function drawLine(points, lane, breaks, scale) {
  let path = "";
  let pen = "M";
  let drawnAt = -Infinity;
  let next = 0;
  for (let at = 0; at < points.length; at += 1) {
    const { moment, returns } = points[at];
    let begun = false;
    for (; next < breaks.length && breaks[next] <= moment; next += 1) begun = true;
    if (begun) pen = "M";
    const value = returns[lane];
    if (!Number.isFinite(value)) {
      pen = "M";
      continue;
    }
    const x = scale.x(moment);
    if (pen === "L" && x - drawnAt < 1 && at < points.length - 1) continue;
    path += `${pen}${x.toFixed(1)} ${scale.y(value).toFixed(1)}`;
    pen = "L";
    drawnAt = x;
  }
  return path;
}

function drawDots(dots, record, moment, scale) {
  const at = record.near(moment);
  const values = at.returns.map((value, lane) => ({ value, lane })).filter(({ value }) => Number.isFinite(value));
  dots.fill(values, (dot, { value, lane }) => {
    dot.dataset.color = lane % 8;
    dot.setAttribute("cx", scale.x(at.moment).toFixed(1));
    dot.setAttribute("cy", scale.y(value).toFixed(1));
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
  const update = (lanes, at) => {
    while (element.children.length < lanes.length) element.append(buildEntry(element.children.length));
    while (element.children.length > lanes.length) element.lastChild.remove();
    lanes.forEach((lane, place) => {
      const [, name, value] = element.children[place].children;
      write(name, lane.name);
      name.title = lane.name;
      write(value, number(at.returns[place]));
    });
  };
  return { element, update };
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
  const element = make("table", { class: "mnb-unseen" }, caption, make("thead", {}, make("tr", {}, ...head)), body);
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
