// A field for every space: what a person sets, as the plain value that Python makes a member of the space.
//
// A field is {element, value}, and sent where it wants to know that its value was taken. value() throws a RangeError
// that says in words what is wrong. A context is {name, alone, submit, touched, keys, build}: `keys.nudge` is set by
// the first field that keys can nudge: (key) => a step to take, or undefined.

import { buildBox } from "./box.js";
import { buildDict, buildGraph, buildOneOf, buildSequence, buildTuple } from "./composite.js";
import { buildDiscrete, buildMultiBinary, buildMultiDiscrete } from "./options.js";
import { buildJson } from "./plain.js";
import { buildText } from "./textbox.js";

const FIELDS = new Map([
  ["Discrete", buildDiscrete],
  ["MultiDiscrete", buildMultiDiscrete],
  ["MultiBinary", buildMultiBinary],
  ["Box", buildBox],
  ["Text", buildText],
  ["Dict", buildDict],
  ["Tuple", buildTuple],
  ["OneOf", buildOneOf],
  ["Sequence", buildSequence],
  ["Graph", buildGraph],
]);

export function buildField(space, context) {
  const build = FIELDS.get(space.type) ?? buildJson;
  return build(space, { ...context, build: buildField });
}
