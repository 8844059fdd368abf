// The player of an exported page: the moments lie in the page itself, so it needs no kernel and no network.
//
// The last moment stands for what is live in a notebook; every other one is the past that the timeline shows.

import { buildBelow } from "./below.js";
import { button, icon, label, make, number, write } from "./elements.js";
import { buildLanes } from "./lanes.js";
import { decode } from "./pictures.js";

const SPEEDS = [0.5, 1, 2, 4, 8, 12, 15, 20, 30, 60];
const LEAP = 10; // moments
const DARK = matchMedia("(prefers-color-scheme: dark)");

function buildFilm(data) {
  const last = data.moments.length - 1;
  const numbers = data.moments.map((each) => each.snapshot.moment);
  const snapshot = (at) => {
    const { snapshot, lanes } = data.moments[at];
    return { ...snapshot, phase: "closed", playing: false, chapter: 0, lanes: lanes.map(([lane]) => data.lanes[lane]) };
  };
  const pictures = (at) =>
    data.moments[at].lanes.flatMap(([lane, picture]) =>
      picture === null ? [] : { ...data.pictures[picture], lane: data.lanes[lane].name },
    );
  const words = (at, name) => {
    const found = data.moments[at].lanes.find(([lane]) => data.lanes[lane].name === name);
    return data.words[found?.[2]] ?? {};
  };
  const find = (moment) => Math.max(0, numbers.findLastIndex((each) => each <= moment));
  return { last, snapshot, pictures, words, find, history: data.history };
}

function open(picture) {
  if (picture.data === null) return null;
  return decode(picture.format, Uint8Array.from(atob(picture.data), (letter) => letter.charCodeAt(0)));
}

function buildPlayer(film) {
  const hearers = new Map();
  const live = film.snapshot(film.last);
  let at = -1;
  let drawn = 0;
  let serial = 0;
  let speed = live.speed;
  let timer = null;
  let playing = false;
  let chosen = live.lanes[0].name;

  const inspection = ({ lane, moment }) => {
    const observations = film.words(moment === null ? at : film.find(moment), lane);
    return { type: "inspection", lane, moment, observations, logs: {} };
  };
  const answers = {
    history: () => film.history,
    past: ({ moment }) => ({ type: "past", moment }),
    inspection,
  };
  const tell = {
    control: () => {},
    without: ["Log"], // of the drawer's tabs: logs stay with the run
    signal: new AbortController().signal,
    say: (text) => write(status, text),
    focus: () => root.focus({ preventScroll: true }),
    now: () => film.snapshot(at),
    ask: (message, kind) => queueMicrotask(() => answers[kind] && hearers.get(kind)?.(answers[kind](message), [])),
    listen: (kind, hear) => hearers.set(kind, hear),
    recall: (message) => show(film.find(message.moment)),
    back: () => show(film.last),
    keys: () => ({}),
    chosen: () => chosen,
    chooseLane(name, open = false) {
      chosen = name;
      draw(film.snapshot(at));
      if (open) below.open();
    },
  };

  // Pictures are decoded first: all lanes change in one frame of the screen. What is overtaken is not drawn.
  async function go(wanted) {
    at = Math.max(0, Math.min(film.last, wanted));
    const number = ++serial;
    const pictures = film.pictures(at);
    const bitmaps = await Promise.all(pictures.map(open));
    if (number !== serial) return;
    const snapshot = film.snapshot(at);
    draw(snapshot);
    lanes.draw(pictures, bitmaps, number);
    root.dataset.drawn = snapshot.moment;
    drawn = at;
  }
  function draw(snapshot) {
    lanes.update(snapshot);
    below.update(live, at === film.last ? null : snapshot);
    bar.update(snapshot, live, playing);
  }
  function show(wanted) {
    stop();
    go(wanted);
  }
  function stop() {
    clearTimeout(timer);
    playing = false;
    serial += 1; // what is still being decoded is not shown any more
    at = drawn;
    bar.update(film.snapshot(at), live, playing);
  }
  async function tick() {
    const due = performance.now() + 1000 / speed;
    await go(at + 1);
    if (at === film.last) stop();
    else if (playing) timer = setTimeout(tick, Math.max(0, due - performance.now()));
  }
  function play() {
    if (playing) return stop();
    playing = true;
    if (at === film.last) at = -1;
    tick();
  }
  function press(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const native = "input, select, textarea, summary, [role=slider], [role=tab], [role=toolbar], [role=menu]";
    if (event.target.closest(native) || (event.key === " " && event.target.closest("button"))) return;
    const to = { ArrowLeft: at - 1, ArrowRight: at + 1, PageUp: at - LEAP, PageDown: at + LEAP, Home: 0, End: film.last };
    if (event.key !== " " && !(event.key in to)) return;
    event.preventDefault();
    if (event.key !== " ") show(to[event.key]);
    else if (!event.repeat) play();
  }

  const bar = buildBar({ play, step: (by) => show(at + by), pace: (chosen) => (speed = chosen) }, speed);
  const lanes = buildLanes(tell);
  const below = buildBelow(tell);
  const status = make("p", { class: "mnb-status", role: "status" });
  const root = make("div", { class: "mnb", tabindex: -1 });
  const heading = make("h2", { class: "mnb-unseen" }, "Episodes");
  root.append(make("div", { class: "mnb-inner" }, bar.element, heading, lanes.element, below.element, status));
  addEventListener("keydown", press);
  return { element: root, go };
}

function buildBar(act, speed) {
  const title = make("h1", { class: "mnb-title", dir: "auto" });
  const what = make("span", { class: "mnb-mute" });
  const when = make("span", { class: "mnb-number mnb-when" });
  const back = button("back", "", () => act.step(-1), icon("step"));
  const play = button("play", "Play", act.play, icon("play"));
  const forth = button("forth", "", () => act.step(1), icon("step"));
  play.element.classList.add("mnb-primary");
  for (const [part, words] of [[back, "One moment back"], [forth, "One moment on"]]) {
    label(part.element, words);
    part.element.title = words;
  }
  const moves = make("div", { class: "mnb-group", role: "group", "aria-label": "Play" }, back.element, play.element, forth.element);
  const element = make(
    "div",
    { class: "mnb-bar" },
    make("div", { class: "mnb-group mnb-what" }, title, what, when),
    make("div", { class: "mnb-group mnb-push" }, moves, buildSpeed(act.pace, speed), buildTheme()),
  );
  let shown = null;
  const update = (snapshot, live, playing) => {
    write(title, snapshot.title);
    write(what, `seed ${snapshot.seed}`);
    write(when, `tick ${snapshot.tick} of ${live.tick}`);
    if (playing === shown) return;
    shown = playing;
    write(play.words, playing ? "Pause" : "Play");
    play.element.querySelector("svg").replaceWith(icon(playing ? "pause" : "play"));
  };
  return { element, update };
}

function buildSpeed(pace, speed) {
  const select = make("select", { class: "mnb-field", "aria-label": "Speed of play" });
  for (const each of [...new Set([...SPEEDS, speed])].sort((one, other) => one - other)) {
    const option = make("option", { value: each }, `${number(each, Number.isInteger(each) ? 0 : 1)}/s`);
    option.selected = each === speed;
    select.append(option);
  }
  select.addEventListener("change", () => pace(Number(select.value)));
  return select;
}

function buildTheme() {
  const { element } = button("theme", "Dark", () => turn(!dark()));
  const dark = () => element.getAttribute("aria-pressed") === "true";
  const turn = (on) => {
    element.setAttribute("aria-pressed", String(on));
    document.documentElement.dataset.jpThemeLight = String(!on);
  };
  DARK.addEventListener("change", () => turn(DARK.matches));
  turn(DARK.matches);
  return element;
}

const player = buildPlayer(buildFilm(JSON.parse(document.getElementById("mnb-film").textContent)));
document.getElementById("mnb-player").append(player.element);
player.go(0);
