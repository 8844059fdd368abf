// The details of the chosen lane: what its agents saw, what its operators decided, and the logs.

import { buildDecision } from "./decision.js";
import { button, make, reveal, write } from "./elements.js";
import { buildRequest } from "./request.js";
import { buildTexts } from "./texts.js";

const INSPECT_REST = 500; // ms from one request to the next
const NARROW = 820; // px below which it is closed until somebody opens it
// What the page remembers, for all widgets on it: whether the drawer is open, and on which tab.
const MEMORY = (window[Symbol.for("mosaic_nb.drawer")] ??= { open: null, tab: "Observation" });
const NO_OBSERVATION = "This environment has no words for what it shows.";

const TABS = [
  ["Observation", (tell) => fromInspection(buildTexts(tell, { none: NO_OBSERVATION, title: sees }), "observations")],
  ["Decision", () => buildDecision()],
  ["Log", (tell) => fromInspection(buildTexts(tell, { none: "Nothing was logged.", tail: true }), "logs")],
];

function sees(agent) {
  return agent === "agent" ? "What the agent sees" : `What ${agent} sees`;
}

function fromInspection(texts, field) {
  return { element: texts.element, update: (lane, inspection) => texts.update(inspection && inspection[field]) };
}

export function buildDrawer(tell, opened) {
  let [live, past, inspection, key] = [null, null, null, null];
  let open = MEMORY.open ?? innerWidth >= NARROW;
  const request = buildRequest((message) => tell.ask(message, "inspection"), INSPECT_REST);
  const pick = buildPick(tell);
  const tabs = buildTabs(tell, () => refresh());
  const refreshing = button("refresh", "Refresh", () => ask());
  refreshing.element.classList.add("mnb-small");
  const toggle = buildToggle(() => turn(!open));
  const body = make("div", { class: "mnb-drawer-body" }, tabs.element);
  const head = make("div", { class: "mnb-row mnb-drawer-head" }, toggle.element, pick.element, refreshing.element);
  const element = make("section", { class: "mnb-box mnb-drawer", "aria-label": "Details of a lane" }, head, body);

  const chosen = () => {
    const lanes = (past ?? live).lanes;
    return lanes.find((lane) => lane.name === tell.chosen()) ?? lanes[0];
  };
  const ask = () => request.want({ type: "inspect", lane: chosen().name, moment: past ? past.moment : null });
  const refresh = () => {
    if (!open || !live || !chosen()) return;
    const mine = inspection && inspection.lane === chosen().name ? inspection : null;
    tabs.update(chosen(), mine);
  };
  const turn = (to) => {
    open = MEMORY.open = to;
    paint();
    if (live) update(live, past);
    opened(open);
  };
  const paint = () => {
    toggle.paint(open);
    reveal(body, open);
    reveal(refreshing.element, open);
  };
  tell.listen("inspection", (message) => {
    request.answered();
    inspection = message;
    refresh();
  });
  const update = (newest, shown) => {
    [live, past] = [newest, shown];
    if (!chosen()) return;
    pick.update(live.lanes, chosen().name);
    const now = JSON.stringify([open, chosen().name, past ? past.moment : null, live.moment, live.chapter]);
    if (open && now !== key) ask();
    key = now;
    refresh();
  };
  paint();
  return { element, update, open: () => turn(true), isOpen: () => open };
}

function buildToggle(press) {
  const { element } = button("details", "Details", press);
  element.classList.add("mnb-fold");
  return { element, paint: (open) => element.setAttribute("aria-expanded", open) };
}

function buildPick(tell) {
  const element = make("select", { class: "mnb-field mnb-which", "aria-label": "Lane to show" });
  element.addEventListener("change", () => tell.chooseLane(element.value));
  const update = (lanes, name) => {
    while (element.options.length < lanes.length) element.append(make("option"));
    while (element.options.length > lanes.length) element.lastChild.remove();
    lanes.forEach((lane, at) => {
      write(element.options[at], lane.name);
      element.options[at].value = lane.name;
    });
    if (element.value !== name) element.value = name;
  };
  return { element, update };
}

function buildTabs(tell, changed) {
  const id = `mnb-${Math.random().toString(36).slice(2)}`;
  const there = TABS.filter(([name]) => !tell.without?.includes(name));
  const tabs = there.map(([name, build]) => buildTab(name, build(tell), `${id}-${name}`, () => choose(name)));
  const list = make("div", { class: "mnb-tabs", role: "tablist", "aria-label": "Details" }, ...tabs.map((tab) => tab.button));
  const element = make("div", { class: "mnb-tabbed" }, list, ...tabs.map((tab) => tab.panel));
  const choose = (name) => {
    MEMORY.tab = name;
    for (const tab of tabs) tab.choose(tab.name === name);
    changed();
  };
  list.addEventListener("keydown", (event) => {
    const at = tabs.findIndex((tab) => tab.button === event.target);
    const to = { ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: tabs.length - 1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    const tab = tabs[(to + tabs.length) % tabs.length];
    choose(tab.name);
    tab.button.focus();
  });
  for (const tab of tabs) tab.choose(tab.name === MEMORY.tab);
  const update = (lane, inspection) => tabs.find((tab) => tab.name === MEMORY.tab).part.update(lane, inspection);
  return { element, update };
}

function buildTab(name, part, id, choose) {
  const attributes = { type: "button", role: "tab", class: "mnb-tab", id, "aria-controls": `${id}-panel`, onclick: choose };
  const button = make("button", attributes, name);
  const panel = make("div", { role: "tabpanel", class: "mnb-panel", id: `${id}-panel`, "aria-labelledby": id, tabindex: 0 }, part.element);
  const mark = (on) => {
    button.setAttribute("aria-selected", on);
    button.tabIndex = on ? 0 : -1;
    reveal(panel, on);
  };
  return { name, part, button, panel, choose: mark };
}
