// The front end of mosaic_nb.view.Grid: draws the snapshots it is sent and says what a person did.
//
// It keeps nothing of the arena. Every part is a function that builds its elements once and returns
// {element, update}. Text reaches the page through textContent alone: names and messages may be hostile.

const HELLO_EVERY = 500; // ms until a hello is said again, as long as nobody answers
const NO_ANSWER_AFTER = 3000; // ms until a person is told that the kernel does not answer
const CHOICE_PATIENCE = 2000; // ms after which a move that nothing came of may be made again
const DOUBLE_CLICK = 250; // ms within which a second click on the same button is the same move
const ACKNOWLEDGE_EVERY = 4; // messages; each acknowledgement costs the kernel about as much as a message
const MOST_BARS = 8;
const SPEEDS = [1, 2, 3, 4, 5, 6, 8, 10, 12, 15, 20, 25, 30, 40, 50, 60];
const KIND_WORDS = { rl: "RL", llm: "LLM", vlm: "VLM", icrl: "ICRL" };
const KEY_SIGNS = { ArrowLeft: "←", ArrowRight: "→", ArrowUp: "↑", ArrowDown: "↓", " ": "␣", Enter: "⏎" };
const ICONS = {
  reset: "M3.2 8a4.8 4.8 0 1 0 1.6-3.6M3 2.2v2.9h2.9",
  step: "M4.5 3.2 10 8l-5.5 4.8zM12.2 3.2v9.6",
  play: "M4.8 2.8 12.6 8l-7.8 5.2z",
  pause: "M5 3v10M11 3v10",
  dice: "M2.8 2.8h10.4v10.4H2.8zM5.6 5.6h.01M10.4 10.4h.01M10.4 5.6h.01M5.6 10.4h.01M8 8h.01",
};

// --- elements ------------------------------------------------------------------------------------------

function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value !== undefined) element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
}

function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  svg.setAttribute("viewBox", "0 0 16 16");
  svg.setAttribute("aria-hidden", "true");
  path.setAttribute("d", ICONS[name]);
  svg.append(path);
  return svg;
}

function write(element, text) {
  if (element.textContent !== String(text)) element.textContent = text;
}

function label(element, text) {
  if (element.getAttribute("aria-label") !== text) element.setAttribute("aria-label", text);
}

function reveal(element, shown) {
  if (element.hidden === shown) element.hidden = !shown;
}

// A disabled button loses the focus, and with it the keys go to the notebook: so aria-disabled, checked on use.
function enable(button, on) {
  button.setAttribute("aria-disabled", String(!on));
}

function enabled(button) {
  return button.getAttribute("aria-disabled") !== "true";
}

function button(name, text, act, ...children) {
  const press = (event) => enabled(element) && act(event);
  const element = make("button", { type: "button", class: "mnb-button", "data-action": name, onclick: press });
  const words = make("span", {}, text);
  element.append(...children, words);
  return { element, words };
}

function number(value, digits = 2) {
  if (typeof value !== "number") return String(value);
  return Math.abs(value) >= 1e5 ? value.toPrecision(4) : value.toFixed(digits);
}

// --- the bar --------------------------------------------------------------------------------------------

function buildBar(tell) {
  const title = make("span", { class: "mnb-title" });
  const count = make("span", { class: "mnb-mute" });
  const seed = buildSeed(tell);
  const reset = button("reset", "Reset", () => tell.control({ type: "reset", seed: seed.typed() }), icon("reset"));
  const step = button("step", "Step", () => tell.control({ type: "step" }), icon("step"));
  step.element.classList.add("mnb-primary");
  const play = buildPlay(tell);
  const speed = buildSpeed(tell);
  const element = make(
    "div",
    { class: "mnb-bar" },
    make("div", { class: "mnb-group mnb-what" }, title, count),
    make("div", { class: "mnb-group", role: "group", "aria-label": "Seed" }, ...seed.elements),
    make(
      "div",
      { class: "mnb-group mnb-push" },
      make("div", { class: "mnb-group", role: "group", "aria-label": "Steps" }, reset.element, step.element, play.element),
      make("div", { class: "mnb-group", role: "group", "aria-label": "Speed" }, ...speed.elements),
    ),
  );
  const update = (snapshot) => {
    const open = snapshot.phase !== "closed";
    write(title, snapshot.title);
    write(count, snapshot.lanes.length === 1 ? "1 lane" : `${snapshot.lanes.length} lanes`);
    for (const part of [reset, ...seed.buttons]) enable(part.element, open);
    enable(step.element, snapshot.phase === "idle");
    seed.update(snapshot);
    play.update(snapshot);
    speed.update(snapshot);
  };
  return { element, update };
}

function buildSeed(tell) {
  const box = make("input", { type: "text", inputmode: "numeric", class: "mnb-field", "aria-label": "Shared seed" });
  let shown = "";
  const typed = () => (box.value.trim() === shown ? null : read());
  const read = () => {
    const good = /^\d{1,18}$/.test(box.value.trim());
    box.setAttribute("aria-invalid", String(!good));
    if (!good) tell.say("A seed is a whole number, 0 or more.");
    return good ? box.value.trim() : null;
  };
  const begin = (seed) => tell.control({ type: "reset", seed });
  box.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.repeat) return;
    event.preventDefault();
    const seed = read();
    if (seed !== null) begin(seed);
  });
  const random = button("random-seed", "", () => begin(String(Math.floor(Math.random() * 1e6))), icon("dice"));
  label(random.element, "Random seed");
  random.element.title = "Random seed";
  const update = (snapshot) => {
    if (snapshot.seed === shown) return;
    shown = box.value = snapshot.seed;
    box.setAttribute("aria-invalid", "false");
  };
  const caption = make("label", { class: "mnb-mute" }, "seed ", box);
  return { elements: [caption, random.element], buttons: [random], typed, update };
}

function buildPlay(tell) {
  let playing = false;
  const press = () => tell.control({ type: playing ? "pause" : "play" });
  const { element, words } = button("play", "Play", press, icon("play"));
  const update = (snapshot) => {
    const now = snapshot.playing || snapshot.phase === "playing";
    enable(element, snapshot.phase !== "closed");
    if (now === playing) return;
    playing = now;
    write(words, playing ? "Pause" : "Play");
    element.firstChild.replaceWith(icon(playing ? "pause" : "play"));
  };
  return { element, update };
}

function buildSpeed(tell) {
  const slider = make("input", { type: "range", min: 0, max: SPEEDS.length - 1, step: 1, class: "mnb-slider" });
  const words = make("span", { class: "mnb-number mnb-mute mnb-speed" });
  label(slider, "Speed of play");
  const describe = (speed) => {
    write(words, `${number(speed, Number.isInteger(speed) ? 0 : 1)}/s`);
    slider.setAttribute("aria-valuetext", `${speed} ticks a second`);
  };
  slider.addEventListener("input", () => {
    describe(SPEEDS[slider.value]);
    tell.control({ type: "speed", ticks_per_second: SPEEDS[slider.value] });
  });
  let shown = null;
  const update = (snapshot) => {
    if (snapshot.speed === shown) return;
    shown = snapshot.speed;
    const at = SPEEDS.findIndex((speed) => speed >= shown);
    slider.value = at < 0 ? SPEEDS.length - 1 : at;
    describe(shown);
  };
  return { elements: [slider, words], update };
}

// --- a lane ---------------------------------------------------------------------------------------------

function buildCard(lane, tell) {
  const alone = lane.seats.length === 1;
  const name = make("span", { class: "mnb-name", dir: "auto" });
  const state = make("span", { class: "mnb-state" });
  const view = buildView(alone);
  const facts = buildFacts();
  const seats = lane.seats.map((seat) => buildSeat(lane, seat, alone, tell));
  const trouble = buildTrouble();
  const chips = alone ? [buildChip(lane.seats[0].kind)] : [];
  const head = make("header", { class: "mnb-head" }, name, ...chips, state);
  const body = make("div", { class: "mnb-body" }, trouble.element, ...seats.map((seat) => seat.element));
  const element = make("section", { class: "mnb-card" }, head, view.element, facts.element, body);
  const update = (now, snapshot) => {
    const mine = now.seats.some((seat) => seat.turn !== null);
    write(name, now.name);
    name.title = now.name;
    label(element, `Lane ${now.name}`);
    element.dataset.lane = now.name;
    element.dataset.status = now.status;
    element.classList.toggle("mnb-turn", mine);
    write(state, stateWords(now, snapshot, mine));
    view.update(now);
    facts.update(now, snapshot);
    trouble.update(now);
    seats.forEach((seat, at) => seat.update(now.seats[at], now, snapshot));
  };
  return { element, update, draw: view.draw, frame: view.frame, seats };
}

function stateWords(lane, snapshot, mine) {
  if (mine) return "your move";
  if (lane.status === "running" && snapshot.phase === "waiting") return "waits";
  return lane.status;
}

function buildChip(kind) {
  return make("span", { class: "mnb-chip", "data-kind": kind, dir: "auto" }, KIND_WORDS[kind] ?? kind);
}

function buildView(alone) {
  const canvas = make("canvas", { class: "mnb-canvas", role: "img", width: 1, height: 1 });
  const text = make("pre", { class: "mnb-text", tabindex: 0, hidden: "" });
  const badge = make("span", { class: "mnb-badge", dir: "auto" });
  const empty = make("span", { class: "mnb-empty" }, "no picture yet");
  const element = make("div", { class: "mnb-view" }, empty, canvas, text, badge);
  let drawn = 0;
  const draw = (picture, bitmap, serial) => {
    if (serial < drawn) return;
    drawn = serial;
    reveal(empty, false);
    reveal(text, bitmap === null);
    reveal(canvas, bitmap !== null);
    if (bitmap === null) write(text, picture.text);
    else paint(canvas, bitmap);
    canvas.dataset.serial = serial;
  };
  const update = (lane) => {
    const description = `${lane.name}: step ${lane.step}, return ${number(lane.episode_return)}, ${lane.status}`;
    label(canvas, description);
    label(text, description);
    write(badge, alone ? lane.seats[0].action : "");
    reveal(badge, alone && lane.seats[0].action !== "");
  };
  reveal(canvas, false);
  return { element, update, draw, frame: canvas };
}

function paint(canvas, bitmap) {
  if (canvas.width !== bitmap.width) canvas.width = bitmap.width;
  if (canvas.height !== bitmap.height) canvas.height = bitmap.height;
  canvas.getContext("2d").drawImage(bitmap, 0, 0);
  bitmap.close();
  const growth = (canvas.clientWidth * devicePixelRatio) / canvas.width;
  canvas.classList.toggle("mnb-pixels", growth >= 1.8);
}

function buildFacts() {
  const cells = ["episode", "step", "return", "seed"].map((name) => {
    const value = make("b", { class: "mnb-number", "data-fact": name });
    return { name, value, element: make("span", {}, `${name} `, value) };
  });
  const element = make("div", { class: "mnb-facts mnb-mute" }, ...cells.map((cell) => cell.element));
  const update = (lane, snapshot) => {
    const values = { episode: lane.episode, step: lane.step, return: number(lane.episode_return), seed: lane.seed };
    for (const cell of cells) {
      write(cell.value, values[cell.name]);
      if (cell.name === "seed") reveal(cell.element, lane.seed !== snapshot.seed);
    }
  };
  return { element, update };
}

function buildTrouble() {
  const reason = make("p", { class: "mnb-reason", dir: "auto" });
  const log = make("pre", { class: "mnb-log", tabindex: 0 });
  const details = make("details", {}, make("summary", {}, "Log"), log);
  const element = make("div", { class: "mnb-trouble" }, reason, details);
  const update = (lane) => {
    const [first, ...rest] = lane.message.split("\n");
    const tail = rest.join("\n").trim();
    reveal(element, lane.message !== "");
    element.dataset.failed = lane.status === "failed";
    write(reason, first);
    write(log, tail);
    reveal(details, tail !== "");
  };
  return { element, update };
}

// --- a seat: what its operator thinks, or what a person can do -----------------------------------------------

function buildSeat(lane, seat, alone, tell) {
  const element = make("div", { class: "mnb-seat", "data-kind": seat.kind });
  const action = make("span", { class: "mnb-mute", dir: "auto" });
  if (!alone) {
    const who = make("span", { class: "mnb-agent", dir: "auto" }, seat.agent);
    element.append(make("div", { class: "mnb-seat-head" }, who, buildChip(seat.kind), action));
  }
  const part = seat.choices.length ? buildPicks(lane.name, seat, tell) : buildThoughts();
  element.append(part.element);
  const update = (now, laneNow, snapshot) => {
    write(action, now.action);
    part.update(now, laneNow, snapshot);
  };
  return { element, update, press: part.press };
}

function buildThoughts() {
  const bars = Array.from({ length: MOST_BARS }, buildThought);
  const more = make("p", { class: "mnb-mute mnb-more" });
  const none = make("p", { class: "mnb-mute mnb-more" }, "gives no probabilities");
  const value = make("p", { class: "mnb-mute mnb-value" }, "value ", make("b", { class: "mnb-number" }));
  const element = make("div", { class: "mnb-bars" }, ...bars.map((bar) => bar.element), more, value, none);
  const update = (seat) => {
    const shown = likeliest(seat.probabilities);
    bars.forEach((bar, at) => bar.update(shown[at], seat.action));
    const left = seat.probabilities.length - shown.length;
    write(more, `and ${left} less likely`);
    reveal(more, left > 0);
    reveal(value, seat.value !== null);
    reveal(none, seat.action !== "" && !shown.length && seat.value === null);
    if (seat.value !== null) write(value.lastChild, number(seat.value));
  };
  return { element, update };
}

function likeliest(probabilities) {
  if (probabilities.length <= MOST_BARS) return probabilities;
  const floor = probabilities.map((pair) => pair[1]).sort((one, other) => other - one)[MOST_BARS - 1];
  return probabilities.filter((pair) => pair[1] >= floor).slice(0, MOST_BARS);
}

function buildThought() {
  const name = make("span", { class: "mnb-bar-name", dir: "auto" });
  const fill = make("i");
  const value = make("span", { class: "mnb-number" });
  const element = make("div", { class: "mnb-thought" }, name, make("span", { class: "mnb-track" }, fill), value);
  const update = (pair, action) => {
    reveal(element, pair !== undefined);
    if (pair === undefined) return;
    const [text, probability] = pair;
    element.classList.toggle("mnb-chosen", text === action);
    write(name, text);
    name.title = text;
    write(value, number(probability));
    fill.style.width = `${Math.max(0, Math.min(1, Number(probability) || 0)) * 100}%`;
  };
  return { element, update };
}

// A move names the question it answers. Until the arena has taken it no second one is made for that question.
function buildPicks(lane, seat, tell) {
  let now = seat;
  let tick = 0;
  let ready = false;
  let pending = null;
  let clicked = { action: null, at: 0 };
  const choose = (choice, say) => {
    if (!choice.legal) return void (say && tell.say(`${choice.label} is not legal now.`));
    if (!ready || pending) return;
    pending = { turn: now.turn, tick, forget: setTimeout(settle, CHOICE_PATIENCE) };
    tell.control({ type: "choose", lane, agent: seat.agent, action: choice.action, turn: now.turn });
    refresh();
  };
  const settle = () => {
    clearTimeout(pending?.forget);
    pending = null;
    refresh();
  };
  const click = (choice, event) => {
    const again = clicked.action === choice.action && event.timeStamp - clicked.at < DOUBLE_CLICK;
    clicked = { action: choice.action, at: event.timeStamp };
    if (event.detail > 0) tell.focus();
    if (!(again && event.detail > 1)) choose(choice, false);
  };
  const picks = seat.choices.map((_, at) => buildPick(seat.choices[at], (event) => click(now.choices[at], event)));
  const element = make("div", { class: "mnb-picks", role: "group" }, ...picks.map((pick) => pick.element));
  label(element, `Actions of ${lane}${seat.agent === "agent" ? "" : `, ${seat.agent}`}`);
  const refresh = () => picks.forEach((pick, at) => pick.update(now.choices[at], ready && !pending, now.action));
  const update = (newest, laneNow, snapshot) => {
    now = newest;
    tick = snapshot.tick;
    ready = now.turn !== null || (snapshot.phase === "idle" && laneNow.status === "running");
    const asked = now.turn !== null && now.turn !== pending?.turn;
    if (pending && (asked || tick !== pending.tick)) settle();
    else refresh();
  };
  const press = (key) => {
    const choice = now.choices.find((each) => each.key && each.key.toLowerCase() === key.toLowerCase());
    return choice && { asked: now.turn !== null, ready: ready && !pending, act: () => choose(choice, true) };
  };
  return { element, update, press };
}

function buildPick(choice, click) {
  const { element, words } = button("choose", choice.label, click);
  words.dir = "auto";
  element.classList.add("mnb-pick");
  element.dataset.label = choice.label;
  if (choice.key) {
    element.append(make("kbd", { "aria-hidden": "true" }, KEY_SIGNS[choice.key] ?? choice.key.toUpperCase()));
    element.setAttribute("aria-keyshortcuts", choice.key === " " ? "Space" : choice.key);
  }
  const update = (now, ready, action) => {
    enable(element, ready && now.legal);
    element.classList.toggle("mnb-illegal", !now.legal);
    element.title = now.legal ? choice.label : `${choice.label}: not legal now`;
    element.classList.toggle("mnb-last", now.label === action);
  };
  return { element, update };
}

// --- all lanes ------------------------------------------------------------------------------------------

function buildLanes(tell) {
  const element = make("div", { class: "mnb-lanes" });
  let cards = [];
  let built = "";
  const update = (snapshot) => {
    const shape = JSON.stringify(snapshot.lanes.map((lane) => [lane.name, lane.seats.map(seatShape)]));
    if (shape !== built) {
      const focused = element.contains(document.activeElement);
      cards = snapshot.lanes.map((lane) => buildCard(lane, tell));
      element.replaceChildren(...cards.map((card) => card.element));
      element.dataset.lanes = Math.min(cards.length, 8);
      if (focused) tell.focus();
      built = shape;
    }
    cards.forEach((card, at) => card.update(snapshot.lanes[at], snapshot));
  };
  const draw = (pictures, bitmaps, serial) => {
    for (const [at, picture] of pictures.entries()) {
      const card = cards.find((each) => each.element.dataset.lane === picture.lane);
      card?.draw(picture, bitmaps[at], serial);
      if (bitmaps[at]) shape(element, picture);
    }
  };
  return { element, update, draw, press: (event) => press(cards, event) };
}

function seatShape(seat) {
  return [seat.agent, seat.kind, seat.choices.map((choice) => [choice.action, choice.label, choice.key])];
}

function shape(element, picture) {
  const ratio = picture.width / picture.height;
  if (ratio > 0) element.style.setProperty("--mnb-ratio", Math.max(0.8, Math.min(1.6, ratio)).toFixed(3));
}

// The key goes to the lane that has the focus, else to one that is asked, else to one that may begin a tick.
function press(cards, event) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, summary, pre")) return;
  const native = event.target.closest("button") && (event.key === "Enter" || event.key === " ");
  const focused = cards.find((card) => card.element.contains(event.target));
  const order = focused ? [focused, ...cards] : cards;
  const moves = order.flatMap((card) => card.seats.map((seat) => seat.press?.(event.key))).filter(Boolean);
  if (native || !moves.length) return;
  event.preventDefault();
  event.stopPropagation();
  if (!event.repeat) (moves.find((move) => move.asked) ?? moves.find((move) => move.ready) ?? moves[0]).act();
}

// --- the conversation with Python ---------------------------------------------------------------------------

function decode(picture, buffers) {
  if (picture.buffer === null) return null;
  return createImageBitmap(new Blob([buffers[picture.buffer]], { type: `image/${picture.format}` }));
}

function render({ model, el }) {
  const id = Math.random().toString(36).slice(2);
  const status = make("p", { class: "mnb-status", role: "status", "aria-live": "polite" }, "Waiting for the kernel.");
  const stop = new AbortController();
  let waiting = null;
  let greeted = false;
  let inSight = true;
  let shown = 0;
  let said = null;
  const tell = {
    control(message) {
      model.send(message);
      waiting ??= setTimeout(() => write(status, "No answer yet: the kernel may be busy, or gone."), NO_ANSWER_AFTER);
    },
    say: (text) => write(status, text),
    focus: () => root.focus({ preventScroll: true }),
  };
  const bar = buildBar(tell);
  const lanes = buildLanes(tell);
  const root = make("div", { class: "mnb", tabindex: 0, role: "group", "data-lm-suppress-shortcuts": "true" });
  root.append(make("div", { class: "mnb-inner" }, bar.element, status, lanes.element));
  reveal(bar.element, false);

  const looking = () => inSight && !document.hidden;
  const hello = () => model.send({ type: "hello", view: id, looking: looking() });
  const look = () => greeted && model.send({ type: "look", view: id, looking: looking() });

  function answered() {
    clearTimeout(waiting);
    if (waiting !== null && said !== null) write(status, said);
    waiting = null;
  }

  function update(snapshot) {
    reveal(bar.element, true);
    label(root, `Arena ${snapshot.title}`);
    root.dataset.phase = snapshot.phase;
    root.dataset.tick = snapshot.tick;
    bar.update(snapshot);
    lanes.update(snapshot);
    if (snapshot.status !== said) write(status, (said = snapshot.status));
  }

  // Pictures are decoded first and drawn with the state: all lanes change in one frame of the screen.
  async function show(message, buffers) {
    answered();
    if (message.type !== "show") return;
    greeted = true;
    const bitmaps = await Promise.all(message.pictures.map((picture) => decode(picture, buffers)));
    if (message.number > shown) {
      shown = message.number;
      update(message.snapshot);
    }
    lanes.draw(message.pictures, bitmaps, message.number);
    if (message.pictures.length) root.dataset.drawn = message.snapshot.tick;
    if (message.number % ACKNOWLEDGE_EVERY === 0) model.send({ type: "acknowledge", number: message.number });
  }

  const watcher = new IntersectionObserver((entries) => {
    inSight = entries[entries.length - 1].isIntersecting;
    look();
  });
  root.addEventListener("keydown", (event) => lanes.press(event));
  document.addEventListener("visibilitychange", look, { signal: stop.signal });
  addEventListener("pagehide", () => model.send({ type: "leave", view: id }), { signal: stop.signal });
  model.on("msg:custom", show);
  const greeting = setInterval(() => (greeted ? clearInterval(greeting) : hello()), HELLO_EVERY);
  el.append(root);
  watcher.observe(root);
  hello();

  return () => {
    clearInterval(greeting);
    clearTimeout(waiting);
    watcher.disconnect();
    stop.abort();
    model.off("msg:custom", show);
    model.send({ type: "leave", view: id });
  };
}

export default { render };
