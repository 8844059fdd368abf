// The bottom row: the timeline and the chart of all lanes, and the details of the chosen one.

import { buildChart } from "./chart.js";
import { buildDrawer } from "./drawer.js";
import { make } from "./elements.js";
import { INSET } from "./pointer.js";
import { buildRecord } from "./record.js";
import { buildRequest } from "./request.js";
import { buildTimeline } from "./timeline.js";

const HISTORY_REST = 500; // ms from one request for the past to the next

export function buildBelow(tell) {
  const record = buildRecord();
  const point = (moment) => [timeline, chart].forEach((part) => part.point(moment));
  const timeline = buildTimeline(tell, record, point);
  const chart = buildChart(tell, record, { point, seek: timeline.seek });
  const drawer = buildDrawer(tell, (open) => (element.dataset.open = open));
  const history = buildRequest((message) => tell.ask(message, "history"), HISTORY_REST);
  const course = make("section", { class: "mnb-box mnb-course", "aria-label": "Course of play" }, timeline.element, chart.element);
  const element = make("div", { class: "mnb-below", "data-open": drawer.isOpen() }, course, drawer.element);
  element.style.setProperty("--inset", `${INSET}px`);
  let chapter = null;
  let newest = null;
  tell.listen("history", (message) => {
    history.answered();
    record.learn(message);
    if (newest) refresh(newest);
  });
  const refresh = ({ live, past }) => {
    timeline.update(live, past);
    chart.update(live, past);
  };
  const update = (live, past) => {
    const rewound = newest !== null && live.moment < newest.live.moment;
    const whole = record.note(live);
    if (!whole || live.chapter !== chapter) history.want({ type: "history" });
    chapter = live.chapter;
    newest = { live, past };
    if (past && (rewound || live.moment <= past.moment)) return tell.back();
    refresh(newest);
    drawer.update(live, past);
  };
  return { element, update, open: drawer.open };
}
