// The bar above the lanes: what is played, the seed, steps and speed.

import { button, enable, icon, label, make, number, write } from "./elements.js";

const SPEEDS = [1, 2, 3, 4, 5, 6, 8, 10, 12, 15, 20, 25, 30, 40, 50, 60];

export function buildBar(tell) {
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
