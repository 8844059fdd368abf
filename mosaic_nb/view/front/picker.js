// What a person can do, for every action space: a button per action, or a form.

import { buildForm } from "./form.js";
import { buildPicks } from "./picks.js";

export function buildPicker(lane, seat, tell) {
  return seat.space === null ? buildPicks(lane, seat, tell) : buildForm(lane, seat, tell);
}
