// The front end of mosaic_nb.view.Grid: draws the snapshots it is sent and says what a person did.
//
// It keeps nothing of the arena. Every part is a function that builds its elements once and returns
// {element, update}.

import { buildBar } from "./bar.js";
import { label, make, reveal, write } from "./elements.js";
import { buildLanes } from "./lanes.js";
import { buildProjector } from "./pictures.js";

const HELLO_EVERY = 500; // ms until a hello is said again, as long as nobody answers
const NO_ANSWER_AFTER = 3000; // ms until a person is told that the kernel does not answer
const ACKNOWLEDGE_EVERY = 4; // messages; each acknowledgement costs the kernel about as much as a message

function render({ model, el }) {
  const id = Math.random().toString(36).slice(2);
  const status = make("p", { class: "mnb-status", role: "status", "aria-live": "polite" }, "Waiting for the kernel.");
  const stop = new AbortController();
  let waiting = null;
  let greeted = false;
  let inSight = true;
  let received = 0;
  let acknowledged = 0;
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

  function show(message, buffers) {
    answered();
    if (message.type !== "show") return undefined;
    greeted = true;
    if (message.number < received) return undefined;
    received = message.number;
    return project(message, buffers);
  }

  // The state with its pictures: all lanes change in one frame of the screen. What is drawn is acknowledged, not what
  // arrives: so nobody draws and sends more than this page can paint.
  const project = buildProjector((message, pictured, images) => {
    update(message.snapshot);
    lanes.draw(pictured.pictures, images, pictured.number);
    if (pictured.pictures.length) root.dataset.drawn = pictured.snapshot.tick;
    if (message.number - acknowledged < ACKNOWLEDGE_EVERY) return;
    acknowledged = message.number;
    model.send({ type: "acknowledge", number: acknowledged });
  });

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
