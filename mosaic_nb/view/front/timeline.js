// One rail for all lanes: drag to any past tick, and continue from there.

import { button, make, reveal, write } from "./elements.js";
import { buildMarks, buildMarksLegend } from "./marks.js";
import { followPointer } from "./pointer.js";
import { buildRequest } from "./request.js";

const PAGE = 10; // moments

export function buildTimeline(tell, record, point) {
  let live = null;
  let past = null;
  let wanted = null;
  const scrub = buildRequest((moment) => tell.ask({ type: "scrub", moment }, "past"));
  const value = () => wanted ?? (past ?? live).moment;
  const back = () => {
    wanted = null;
    scrub.drop();
    tell.back();
    paint();
  };
  const seek = (moment) => {
    if (!live) return;
    if (moment >= live.moment) return back();
    if (moment === value()) return;
    wanted = Math.max(record.first(), moment);
    scrub.want(wanted);
    paint();
  };
  const rail = buildRail(record, { point, seek, value });
  const marks = buildMarks(record, { tip: rail.tip, seek });
  const legend = buildMarksLegend(record);
  const head = buildHead({ back, rewind: () => tell.control({ type: "rewind", moment: value() }), rail: rail.slider });
  const element = make("div", { class: "mnb-timeline" }, head.element, make("div", { class: "mnb-rail" }, marks.element, rail.element), legend.element);
  const paint = () => {
    rail.paint(value(), value() < live.moment);
    head.paint(past?.moment === value() ? past.tick : record.tick(value()), live, value() < live.moment);
  };

  // An answer that comes after "Back to now" must not take anybody into the past again.
  tell.listen("past", (message, buffers) => {
    scrub.answered();
    if (wanted !== null) tell.recall(message, buffers);
  });
  tell.listen("trouble", () => {
    if (!scrub.open()) return;
    wanted = past?.moment ?? null;
    scrub.answered();
    paint();
  });
  const update = (newest, shown) => {
    if (past && !shown) wanted = null;
    [live, past] = [newest, shown];
    if (wanted >= live.moment || wanted === past?.moment) wanted = null;
    marks.update();
    legend.update();
    paint();
  };
  return { element, update, seek, point: rail.point };
}

function buildHead({ back, rewind, rail }) {
  const where = make("span", { class: "mnb-where mnb-number" });
  const hint = make("p", { class: "mnb-hint mnb-mute", id: `mnb-${Math.random().toString(36).slice(2)}` });
  const now = button("back-to-now", "Back to now", () => leave(back));
  const go = button("rewind", "Continue from here", () => leave(rewind));
  go.element.classList.add("mnb-primary");
  go.element.setAttribute("aria-describedby", hint.id);
  const buttons = make("span", { class: "mnb-group" }, now.element, go.element);
  const title = make("h3", { class: "mnb-heading" }, "Timeline");
  const element = make("div", { class: "mnb-course-head" }, make("div", { class: "mnb-row" }, title, where, buttons), hint);
  // The buttons are about to disappear, and the focus must not disappear with them.
  const leave = (act) => {
    rail.focus({ preventScroll: true });
    act();
  };
  const paint = (tick, live, away) => {
    write(where, away ? `tick ${tick} of ${live.tick}` : `tick ${tick}`);
    write(hint, away ? farewell(tick) : "Drag, or use the arrow keys, to look at an earlier tick.");
    reveal(buttons, away);
    reveal(go.element, live.phase !== "closed");
    element.dataset.away = away;
  };
  return { element, paint };
}

function farewell(tick) {
  return `Continue from here replays all lanes to tick ${tick} and goes on from there. Nothing recorded is lost.`;
}

function buildRail(record, { point, seek, value }) {
  const knob = make("span", { class: "mnb-knob" });
  const ghost = make("span", { class: "mnb-ghost", hidden: "" });
  const words = make("span", { class: "mnb-tip", "aria-hidden": "true", hidden: "" });
  const slider = make("div", { class: "mnb-slide", role: "slider", tabindex: 0, "aria-label": "Timeline, tick" });
  slider.append(make("span", { class: "mnb-track-all" }), make("span", { class: "mnb-track-been" }), ghost, knob);
  const element = make("div", { class: "mnb-rail-slide" }, slider, words);
  followPointer(slider, record, { point, seek });
  slider.addEventListener("keydown", (event) => {
    const to = target(event.key, value(), record);
    if (to === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    event.stopPropagation();
    seek(Math.max(record.first(), Math.min(record.last(), to)));
  });
  const tip = (share, text) => {
    reveal(words, share !== null);
    if (share === null) return;
    words.style.setProperty("--at", share);
    write(words, text);
  };
  const paint = (moment, away) => {
    slider.style.setProperty("--at", record.share(moment));
    slider.style.setProperty("--end", record.share(record.last()));
    const said = `tick ${record.tick(moment)} of ${record.tick(record.last())}${away ? "" : ", now"}`;
    const values = { valuemin: record.first(), valuemax: record.last(), valuenow: moment, valuetext: said };
    for (const [name, is] of Object.entries(values)) slider.setAttribute(`aria-${name}`, is);
    slider.dataset.away = away;
  };
  const hover = (moment) => {
    reveal(ghost, moment !== null);
    tip(moment === null ? null : record.share(moment), `tick ${record.tick(moment)}`);
    if (moment !== null) ghost.style.setProperty("--at", record.share(moment));
  };
  return { element, slider, tip, paint, point: hover };
}

function target(key, moment, record) {
  return {
    ArrowLeft: moment - 1,
    ArrowDown: moment - 1,
    ArrowRight: moment + 1,
    ArrowUp: moment + 1,
    PageDown: moment - PAGE,
    PageUp: moment + PAGE,
    Home: record.first(),
    End: record.last(),
  }[key];
}
