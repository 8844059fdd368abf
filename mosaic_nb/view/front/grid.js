// The front end of mosaic_nb.view.Grid: draws the snapshots it is sent and says what a person did.
//
// It keeps nothing of the arena but the newest snapshot and the moment of the past that somebody looks at. Every part
// is a function that builds its elements once and returns {element, update}; what parts may say and ask is `tell`.

import { buildBar } from "./bar.js";
import { buildBelow } from "./below.js";
import { offer } from "./download.js";
import { label, make, reveal, write } from "./elements.js";
import { buildHelp } from "./help.js";
import { buildKeymap } from "./keymap.js";
import { listenToKeys } from "./keys.js";
import { buildLanes } from "./lanes.js";
import { buildProjector, decode } from "./pictures.js";

const HELLO_EVERY = 500; // ms until a hello is said again, as long as nobody answers
const NO_ANSWER_AFTER = 3000; // ms until a person is told that the kernel does not answer
const WORDS_EVERY = 200; // ms between two readings of the numbers while they run
const ACKNOWLEDGE_EVERY = 4; // messages; each acknowledgement costs the kernel about as much as a message
const DOUBT = 1000; // ms until a line that was cut is tried again
const GONE = "The kernel was restarted or has ended: run the cell again to go on.";

function render({ model, el }) {
  const id = Math.random().toString(36).slice(2);
  const status = make("p", { class: "mnb-status", role: "status", "aria-live": "polite" }, "Waiting for the kernel.");
  const stop = new AbortController();
  const hearers = new Map();
  let waiting = null;
  let greeted = false;
  let gone = false;
  let deaf = false;
  let inSight = true;
  let received = 0;
  let acknowledged = 0;
  let refreshed = -Infinity;
  let following = null;
  let serial = 0;
  let said = null;
  let live = null;
  let past = null;
  let chosen = null;
  let recalls = 0;
  let keymap = null;

  function ownKeys() {
    if (keymap === null && live) keymap = buildKeymap(live.title);
    return keymap;
  }
  const tell = {
    signal: stop.signal,
    control(message) {
      send(message);
      waiting ??= setTimeout(() => write(status, "No answer yet: the kernel may be busy, or gone."), NO_ANSWER_AFTER);
    },
    ask: (message) => send({ ...message, view: id }),
    listen: (kind, hear) => hearers.set(kind, [...(hearers.get(kind) ?? []), hear]),
    say: (text) => write(status, gone ? GONE : text),
    focus: () => root.focus({ preventScroll: true }),
    now: () => past ?? live,
    recall,
    back,
    refresh,
    help: () => help.open(),
    keys: (lane, agent) => ownKeys()?.of(lane, agent) ?? {},
    ownKeys,
    chosen: () => chosen,
    chooseLane(name, open = false) {
      chosen = name;
      refresh();
      if (open) below.open();
    },
  };
  const bar = buildBar(tell);
  const lanes = buildLanes(tell);
  const below = buildBelow(tell);
  const help = buildHelp(tell);
  const root = make("div", { class: "mnb", tabindex: 0, role: "group", "data-lm-suppress-shortcuts": "true" });
  root.append(make("div", { class: "mnb-inner" }, bar.element, status, lanes.element, below.element, help.element));
  reveal(bar.element, false);
  reveal(below.element, false);

  // Where the kernel was shut down nothing says so but a line that refuses.
  function send(message, regardless = false) {
    if (gone && !regardless) return;
    try {
      model.send(message);
    } catch {
      part();
    }
  }
  const looking = () => inSight && !document.hidden;
  const hello = (regardless) => send({ type: "hello", view: id, looking: looking() }, regardless);
  const look = () => greeted && send({ type: "look", view: id, looking: looking() });

  function answered() {
    clearTimeout(waiting);
    if (waiting !== null && said !== null) write(status, said);
    waiting = null;
  }

  // Faster than anybody reads, words wait a moment, for they cost the page more than pictures do.
  function follow() {
    const wait = refreshed + WORDS_EVERY - performance.now();
    if (live.phase !== "playing" || root.dataset.phase !== "playing" || wait <= 0) refresh();
    else following ??= setTimeout(refresh, wait);
  }

  function refresh() {
    if (!live) return;
    clearTimeout(following);
    following = null;
    refreshed = performance.now();
    const shown = past ?? live;
    reveal(bar.element, true);
    reveal(below.element, true);
    label(root, `Arena ${live.title}`);
    Object.assign(root.dataset, { phase: live.phase, tick: live.tick, past: past !== null, moment: shown.moment });
    bar.update(live, past);
    lanes.hold(past !== null);
    lanes.update(shown);
    below.update(live, past);
    const words = past ? `Looking back at tick ${past.tick} of ${live.tick}.` : sentence(live);
    if (words !== said) write(status, (said = words));
  }

  // What comes while somebody looks at the past moves the bar and the timeline alone.
  const project = buildProjector((message, pictured, images) => {
    if (gone) return images.forEach((image) => image?.close());
    live = message.snapshot;
    follow();
    if (past) images.forEach((image) => image?.close());
    else lanes.draw(pictured.pictures, images, ++serial);
    const { tick, moment } = pictured.snapshot;
    if (pictured.pictures.length && !past) Object.assign(root.dataset, { shown: moment, drawn: tick });
    if (message.number - acknowledged < ACKNOWLEDGE_EVERY) return;
    acknowledged = message.number;
    send({ type: "acknowledge", view: id, number: acknowledged, drawn: serial });
  });

  async function recall(message, buffers) {
    const open = (picture) => picture.buffer === null ? null : decode(picture.format, buffers[picture.buffer]);
    const number = ++recalls;
    const images = await Promise.all(message.pictures.map(open));
    if (number !== recalls) return images.forEach((image) => image?.close());
    past = asPast(message.snapshot);
    refresh();
    lanes.draw(message.pictures, images, ++serial);
    root.dataset.recalled = past.moment;
  }

  function back() {
    recalls += 1; // what is being decoded is not to be shown any more
    if (!past) return;
    past = null;
    refresh();
    look(); // as one who has just come: the pictures of now are sent again
  }

  function hear(message, buffers) {
    if (deaf) return undefined;
    gone = false;
    answered();
    if (message.view !== undefined && message.view !== id) return undefined; // an answer to another page
    if (message.type !== "show") return hearers.get(message.type)?.forEach((hearer) => hearer(message, buffers));
    greeted = true;
    if (message.number < received) return undefined;
    received = message.number;
    return project(message, buffers);
  }
  tell.listen("trouble", ({ words }) => tell.say(words));
  tell.listen("file", (message, buffers) => {
    offer(message, buffers);
    tell.say(`${message.name} is among your downloads.`);
  });

  function act(name) {
    if (name === "help") help.open();
    else if (live?.phase === "idle" && name === "step" && !past) tell.control({ type: "step", count: 1 });
    else if (name === "play") tell.control({ type: live?.playing ? "pause" : "play" });
  }

  // The page is told that its line to the kernel was cut or mended, but not which: who is there answers a hello.
  // What was on its way before says nothing, so it is not heard.
  function doubt() {
    part();
    deaf = true;
    setTimeout(() => {
      deaf = false;
      if (!stop.signal.aborted) hello(true);
    }, DOUBT);
  }

  // The page stays when the kernel goes, and nobody is at the other end any more.
  function part() {
    gone = true;
    clearTimeout(waiting);
    clearInterval(greeting);
    past = null;
    live &&= asGone(live);
    refresh();
    root.dataset.phase = "gone";
    write(status, GONE);
  }

  const watcher = new IntersectionObserver((entries) => {
    inSight = entries[entries.length - 1].isIntersecting;
    look();
  });
  listenToKeys(root, { seats: lanes.seats, act, signal: stop.signal });
  document.addEventListener("visibilitychange", look, { signal: stop.signal });
  addEventListener("pagehide", () => send({ type: "leave", view: id }), { signal: stop.signal });
  model.on("msg:custom", hear);
  model.on("comm_live_update", doubt);
  const greeting = setInterval(() => (greeted ? clearInterval(greeting) : hello()), HELLO_EVERY);
  el.append(root);
  watcher.observe(root);
  hello();

  return () => {
    clearInterval(greeting);
    clearTimeout(waiting);
    clearTimeout(following);
    watcher.disconnect();
    stop.abort();
    model.off("msg:custom", hear);
    model.off("comm_live_update", doubt);
    send({ type: "leave", view: id });
  };
}

function sentence({ status, waits_for: slow }) {
  return slow ? `${status} · waits for ${slow}` : status;
}

function asPast(snapshot) {
  return { ...snapshot, phase: "past", lanes: unasked(snapshot.lanes) };
}

function asGone(snapshot) {
  return { ...snapshot, phase: "closed", status: GONE, playing: false, waits_for: "", lanes: unasked(snapshot.lanes) };
}

function unasked(lanes) {
  return lanes.map((lane) => ({ ...lane, seats: lane.seats.map((seat) => ({ ...seat, turn: null })) }));
}

export default { render };
