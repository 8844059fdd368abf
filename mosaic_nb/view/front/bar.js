// The bar above the lanes: what is played, the seed, steps and speed.

import { buildMenu, buildSwitch } from "./controls.js";
import { button, enable, icon, label, make, number, reveal, write } from "./elements.js";

const MOST_STEPS = 10_000;
const FILES = [
  ["html", "Page that plays (HTML)"],
  ["gif", "Moving picture (GIF)"],
  ["png", "Picture of now (PNG)"],
];
const SPEEDS = [1, 2, 3, 4, 5, 6, 8, 10, 12, 15, 20, 25, 30, 40, 50, 60];

export function buildBar(tell) {
  const title = make("span", { class: "mnb-title", dir: "auto" });
  const count = make("span", { class: "mnb-mute" });
  const seed = buildSeed(tell);
  const steps = buildSteps(tell, seed.typed);
  const speed = buildSpeed(tell);
  const clock = buildSwitch("clock", "Real time", (on) => tell.control({ type: "clock", on }));
  const files = buildMenu("Export", FILES, (kind, words) => {
    tell.say(`Making the ${words[0].toLowerCase()}${words.slice(1)}…`);
    tell.ask({ type: "export", kind }, "file");
  });
  const help = button("help", "?", tell.help);
  label(help.element, "Help and keys");
  help.element.title = "Help and keys (?)";
  const element = make(
    "div",
    { class: "mnb-bar" },
    make("div", { class: "mnb-group mnb-what" }, title, count),
    make("div", { class: "mnb-group", role: "group", "aria-label": "Seed" }, ...seed.elements),
    make("div", { class: "mnb-group mnb-tools" }, files.element, help.element),
    make(
      "div",
      { class: "mnb-drive" },
      steps.element,
      make("div", { class: "mnb-group", role: "group", "aria-label": "Speed" }, ...speed.elements, clock.element),
    ),
  );
  const update = (snapshot, past) => {
    write(title, snapshot.title);
    write(count, snapshot.lanes.length === 1 ? "1 lane" : `${snapshot.lanes.length} lanes`);
    reveal(clock.element, snapshot.lanes.some((lane) => lane.seats.some((seat) => seat.kind === "human")));
    clock.update(snapshot.clocked, snapshot.phase !== "closed");
    for (const part of [seed, steps, speed]) part.update(snapshot, past);
  };
  return { element, update };
}

// Resetting, stepping, playing and stopping. Nothing moves while somebody looks at the past.
function buildSteps(tell, typed) {
  const send = (type, more = {}) => tell.control({ type, ...more });
  const reset = button("reset", "Reset", () => send("reset", { seed: typed(), shared: null }), icon("reset"));
  const step = button("step", "Step", () => send("step", { count: 1 }), icon("step"));
  const many = button("steps", "×", () => send("step", { count: amount() }));
  const field = make("input", { type: "text", inputmode: "numeric", class: "mnb-field mnb-count", value: 10 });
  label(field, "How many steps");
  const amount = () => Math.max(1, Math.min(MOST_STEPS, Math.floor(Number(field.value)) || 1));
  const play = buildPlay(tell);
  const halt = button("stop", "", () => send("stop"), icon("stop"));
  label(halt.element, "Stop");
  halt.element.title = "Stop whatever is under way";
  step.element.classList.add("mnb-primary");
  field.addEventListener("input", () => name());
  field.addEventListener("change", () => name((field.value = amount())));
  field.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !event.repeat) many.element.click();
  });
  const name = () => {
    label(many.element, `× ${amount()} ticks`);
    many.element.title = `${amount()} steps, one after another`;
  };
  name();
  const row = make("div", { class: "mnb-row-of-buttons" }, step.element, many.element, field);
  const element = make("div", { class: "mnb-group", role: "group", "aria-label": "Steps" }, reset.element, row, play.element, halt.element);
  const update = (snapshot, past) => {
    const open = snapshot.phase !== "closed";
    enable(reset.element, open);
    for (const each of [step, many]) enable(each.element, snapshot.phase === "idle" && !past);
    enable(halt.element, ["waiting", "stepping", "playing"].includes(snapshot.phase));
    play.update(snapshot, past);
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
  const begin = (seed) => tell.control({ type: "reset", seed, shared: null });
  box.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.repeat) return;
    event.preventDefault();
    const seed = read();
    if (seed !== null) begin(seed);
  });
  const random = button("random-seed", "", () => begin(String(Math.floor(Math.random() * 1e6))), icon("dice"));
  label(random.element, "Random seed");
  random.element.title = "Random seed";
  const shared = buildSwitch("shared", "Shared", (on) => tell.control({ type: "reset", seed: typed(), shared: on }));
  shared.element.title = "All lanes play the same seed";
  const update = (snapshot) => {
    const open = snapshot.phase !== "closed";
    enable(random.element, open);
    reveal(shared.element, snapshot.lanes.length > 1);
    shared.update(snapshot.shared, open);
    if (snapshot.seed === shown) return;
    shown = box.value = snapshot.seed;
    box.setAttribute("aria-invalid", "false");
  };
  const caption = make("label", { class: "mnb-mute" }, "seed ", box);
  return { elements: [caption, random.element, shared.element], typed, update };
}

function buildPlay(tell) {
  let playing = false;
  const press = () => tell.control({ type: playing ? "pause" : "play" });
  const { element, words } = button("play", "Play", press, icon("play"));
  const update = (snapshot, past) => {
    const now = snapshot.playing || snapshot.phase === "playing";
    enable(element, snapshot.phase !== "closed" && (now || !past));
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
