// What the page knows of the arena's past: the return of every lane at some moments, oldest first.

const MOST = 1200; // points; beyond them every second one is forgotten
const GAP = 20; // moments that went by unseen before the past is asked for again
const SPAN = 10; // moments that the scale has at least, so that a game's first ticks do not jump

export function buildRecord() {
  let points = [];
  let known = { first: 0, marks: [] };
  let lanes = [];
  const last = () => (points.length ? points[points.length - 1].moment : 0);

  // A moment that is no later than the newest one means that the arena went back: what came after is another line's.
  const note = (snapshot) => {
    const before = last();
    const returns = snapshot.lanes.map((lane) => Number(lane.episode_return));
    lanes = snapshot.lanes.map((lane) => lane.name);
    while (points.length && last() >= snapshot.moment) points.pop();
    points.push({ moment: snapshot.moment, tick: snapshot.tick, returns });
    if (points.length > MOST) points = points.filter((_, at) => at % 2 === 0 || at === points.length - 1);
    return snapshot.moment - before <= GAP;
  };

  const learn = (history) => {
    const columns = new Map(Object.entries(history.returns));
    const returns = (at) => lanes.map((name) => Number(columns.get(name)?.[at] ?? NaN));
    const old = history.points.map((moment, at) => ({ moment, tick: history.ticks[at], returns: returns(at) }));
    points = [...old, ...points.filter((point) => point.moment > history.last)];
    known = history;
  };

  const index = (moment) => {
    let [low, high] = [0, points.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (points[middle].moment <= moment) low = middle + 1;
      else high = middle;
    }
    return Math.max(0, low - 1);
  };

  // Between two points every moment is a tick more, until the ticks are used up: the rest were resets.
  const tick = (moment) => {
    const [point, next] = [points[index(moment)], points[index(moment) + 1]];
    if (!point) return 0;
    const most = Math.max(point.tick, next?.tick ?? Infinity);
    return Math.max(0, Math.min(point.tick + moment - point.moment, most));
  };

  // Where a moment lies from left to right, from 0 to 1, and which one lies there.
  const first = () => Math.min(known.first, last());
  const span = () => Math.max(SPAN, last() - first());
  const share = (moment) => (moment - first()) / span();
  const moment = (at) => Math.max(first(), Math.min(last(), Math.round(first() + at * span())));

  return {
    note,
    learn,
    tick,
    share,
    moment,
    near: (wanted) => points[index(wanted)],
    points: () => points,
    lanes: () => lanes,
    marks: () => known.marks,
    first,
    last,
  };
}
