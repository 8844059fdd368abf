// Spaces of spaces: each part in a frame with its name.

import { button, enable, make, reveal, write } from "./elements.js";
import { buildNumber } from "./options.js";

const MOST_ITEMS = 32; // of a list

export function buildDict(space, context) {
  const parts = space.spaces.map(([key, part]) => [key, inside(part, context, String(key))]);
  const element = make("div", { class: "mnb-parts" }, ...parts.map(([key, part]) => frame(String(key), part.element)));
  return { element, value: () => Object.fromEntries(parts.map(([key, part]) => [key, part.value()])) };
}

export function buildTuple(space, context) {
  const parts = space.spaces.map((part, at) => inside(part, context, `part ${at}`));
  const element = make("div", { class: "mnb-parts" }, ...parts.map((part, at) => frame(`part ${at}`, part.element)));
  return { element, value: () => parts.map((part) => part.value()) };
}

export function buildOneOf(space, context) {
  const parts = space.spaces.map((part, at) => inside(part, context, `choice ${at}`));
  const frames = parts.map((part, at) => frame(`${at}: ${space.spaces[at].type}`, part.element));
  const show = () => frames.forEach((each, at) => reveal(each, at === which.value()));
  const changed = () => {
    show();
    context.touched();
  };
  const words = (at) => `${at}: ${space.spaces[at].type}`;
  const which = buildNumber(0, parts.length, `${context.name} which`.trim(), changed, words);
  show();
  const element = make("div", { class: "mnb-parts" }, which.element, ...frames);
  return { element, value: () => [which.value(), parts[which.value()].value()] };
}

export function buildSequence(space, context) {
  const list = buildItems("item", (name) => inside(space.space, context, name), context);
  return { element: list.element, value: () => (space.stack ? stacked(space.space, list.value()) : list.value()) };
}

// Nodes, and edges from one of them to another.
export function buildGraph(space, context) {
  const nodes = buildItems("node", (name) => inside(space.nodes, context, name), context);
  const nodesFrame = frame("nodes", nodes.element);
  const plainNodes = () => stacked(space.nodes, nodes.value());
  if (space.edges === null) return { element: make("div", { class: "mnb-parts" }, nodesFrame), value: () => ({ nodes: plainNodes() }) };
  const edges = buildItems("edge", (name) => buildEdge(space, context, name), context);
  const value = () => {
    const drawn = edges.value();
    const links = drawn.map(([from, to]) => [from, to]);
    return { nodes: plainNodes(), edges: stacked(space.edges, drawn.map((each) => each[2])), edge_links: links };
  };
  return { element: make("div", { class: "mnb-parts" }, nodesFrame, frame("edges", edges.element)), value };
}

function buildEdge(space, context, name) {
  const end = (which) => buildNumber(0, MOST_ITEMS, `${name} ${which} node`, context.touched);
  const ends = [end("from"), end("to")];
  const what = inside(space.edges, context, name);
  const row = make("div", { class: "mnb-edge" }, "from", ends[0].element, "to", ends[1].element);
  const element = make("div", { class: "mnb-rows" }, row, what.element);
  return { element, value: () => [...ends.map((each) => each.value()), what.value()] };
}

// As many items as a person adds.
function buildItems(word, build, context) {
  const rows = make("div", { class: "mnb-parts" });
  const items = [];
  const change = (act) => () => {
    act();
    enable(more.element, items.length < MOST_ITEMS);
    enable(less.element, items.length > 0);
    write(count, items.length === 1 ? `1 ${word}` : `${items.length} ${word}s`);
  };
  const add = change(() => {
    const item = build(`${word} ${items.length}`);
    items.push({ item, row: frame(`${word} ${items.length}`, item.element) });
    rows.append(items.at(-1).row);
  });
  const drop = change(() => items.pop()?.row.remove());
  const touch = (act) => () => {
    act();
    context.touched();
  };
  const more = button("add", `Add ${word}`, touch(add));
  const less = button("remove", `Remove ${word}`, touch(drop));
  for (const each of [more, less]) each.element.classList.add("mnb-small");
  const count = make("span", { class: "mnb-mute mnb-number" });
  change(() => {})();
  const element = make("div", { class: "mnb-parts" }, rows, make("div", { class: "mnb-tally" }, more.element, less.element, count));
  return { element, value: () => items.map(({ item }) => item.value()) };
}

// Members side by side as the table keeps them: of objects and tuples, a list for each part.
function stacked(space, members) {
  if (space.type === "Dict") {
    return Object.fromEntries(space.spaces.map(([key, part]) => [key, stacked(part, members.map((each) => each[key]))]));
  }
  if (space.type === "Tuple") return space.spaces.map((part, at) => stacked(part, members.map((each) => each[at])));
  return members;
}

function inside(space, context, name) {
  return context.build(space, { ...context, name: `${context.name} ${name}`.trim(), alone: false });
}

function frame(name, element) {
  const legend = make("legend", { dir: "auto" });
  write(legend, name);
  return make("fieldset", { class: "mnb-fieldset" }, legend, element);
}
