// Requests of which one is under way at a time: of all that are wanted meanwhile only the newest is made.

const PATIENCE = 4000; // ms after which an answer is no longer waited for

// rest: ms from one request to the next.
export function buildRequest(make, rest = 0) {
  let wanted = null;
  let timer = null;
  let madeAt = -Infinity;
  let open = false;
  const wait = (next, delay) => {
    clearTimeout(timer);
    timer = setTimeout(next, delay);
  };
  const go = () => {
    if (wanted === null || open) return;
    const left = madeAt + rest - performance.now();
    if (left > 0) return wait(go, left);
    const message = wanted;
    wanted = null;
    open = true;
    madeAt = performance.now();
    wait(free, PATIENCE);
    make(message);
  };
  const free = () => {
    clearTimeout(timer);
    open = false;
    go();
  };
  const want = (message) => {
    wanted = message;
    go();
  };
  return { want, answered: free, drop: () => (wanted = null), open: () => open };
}
