// A person's move on its way: it names the question it answers, and until the arena has taken it no second one is made.

const CHOICE_PATIENCE = 2000; // ms after which a move that nothing came of may be made again
const SHUT = ["closed", "past", "gone"];

// changed: called when a move may be made, or may not, that was otherwise before.
export function buildQuestion(lane, agent, tell, changed) {
  let turn = null;
  let tick = 0;
  let ready = false;
  let clocked = false;
  let pending = null;
  const settle = () => {
    clearTimeout(pending?.forget);
    pending = null;
    changed();
  };
  const open = () => ready && !pending;
  const answer = (action) => {
    if (!open()) return false;
    if (!clocked) pending = { turn, tick, forget: setTimeout(settle, CHOICE_PATIENCE) };
    tell.control({ type: "choose", lane, agent, action, turn });
    changed();
    return true;
  };
  const update = (seat, { status }, snapshot) => {
    turn = seat.turn;
    tick = snapshot.tick;
    clocked = snapshot.clocked && !SHUT.includes(snapshot.phase) && (status === "running" || status === "over");
    ready = clocked || turn !== null || (snapshot.phase === "idle" && status === "running" && seat.to_move);
    const asked = turn !== null && turn !== pending?.turn;
    if (pending && (asked || tick !== pending.tick)) settle();
    else changed();
  };
  return { answer, open, asked: () => turn !== null, clocked: () => clocked, update };
}
