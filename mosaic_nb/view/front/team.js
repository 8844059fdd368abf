// Whose side an agent is on: a spot of the team's colour, and its name.

import { make, write } from "./elements.js";

const COLOURS = new Set(["red", "green", "blue", "purple", "yellow", "grey", "black", "white"]);
const OTHERS = ["blue", "yellow", "green", "purple"]; // for teams that are not called by a colour, in order

export function buildTeam() {
  const name = make("span");
  const element = make("span", { class: "mnb-team", dir: "auto" }, make("i", { "aria-hidden": "true" }), name);
  const update = ({ team, role }, teams) => {
    const own = team.toLowerCase();
    element.dataset.colour = COLOURS.has(own) ? own : OTHERS[teams.indexOf(team) % OTHERS.length];
    write(name, role && role !== team ? `${team}, ${role}` : team);
  };
  return { element, update };
}

// The teams of a lane, in order; none where everybody plays alone.
export function teamsOf(lane) {
  const teams = [...new Set(lane.seats.map((seat) => seat.team).filter(Boolean))];
  return teams.every((team) => lane.seats.some((seat) => seat.agent === team)) ? [] : teams;
}
