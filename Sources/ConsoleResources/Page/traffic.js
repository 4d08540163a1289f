// Requests by outcome, what waits for a signature, and refusals by cause, as plots that move.

// In seconds, and so in events.
const LONGEST = 300;
const samples = [];
let colours = new Map();

/** Adds the numbers of an event. They are totals since the start of the service. */
function addNumbers(numbers) {
  const last = samples[samples.length - 1]?.numbers;
  // The service was restarted: its counts began again.
  if (last && (numbers.uptime_ms < last.uptime_ms || numbers.issued < last.issued)) {
    samples.length = 0;
    colours = new Map();
  }
  if (last && numbers.uptime_ms === last.uptime_ms) return;
  const before = samples[samples.length - 1]?.numbers;
  const seconds = before ? (numbers.uptime_ms - before.uptime_ms) / 1000 : 1;
  const perSecond = (value, former) => before ? Math.max(0, (value - former) / seconds) : 0;
  const causes = {};
  for (const [cause, count] of Object.entries(numbers.causes)) {
    const growth = perSecond(count, before?.causes[cause] ?? 0);
    if (growth > 0) causes[cause] = growth;
  }
  samples.push({
    numbers, causes, time: numbers.uptime_ms / 1000,
    issued: perSecond(numbers.issued, before?.issued),
    answered: perSecond(numbers.answered, before?.answered),
    refused: perSecond(numbers.refused, before?.refused),
  });
  while (samples.length > LONGEST) samples.shift();
}

function showNumbers() {
  const last = samples[samples.length - 1];
  if (!last) return;
  const { numbers } = last;
  plot("plot-outcomes", "Requests each second", [
    { title: "tokens issued", value: (s) => s.issued, colour: 0 },
    { title: "answered (introspection, revocation)", value: (s) => s.answered, colour: 1 },
    { title: "refused", value: (s) => s.refused, colour: 3 },
  ], rate);
  plot("plot-waiting", "Signatures that wait", [
    { title: `waiting, of ${number(numbers.capacity)} at most`, value: (s) => s.numbers.waiting, colour: 0 },
  ], number);
  plot("plot-refusals", "Refusals each second, by cause", refusalSeries(), rate);
  tile("tokens", "Tokens each second", rate(last.issued));
  tile("refused", "Refused each second", rate(last.refused), last.refused > last.issued && last.refused >= 1 ? "bad" : "");
  tile("waiting", "Signatures waiting", number(numbers.waiting), numbers.waiting > numbers.capacity / 2 ? "warn" : "");
  tile("connections", "Connections", number(numbers.connections));
  tile("total", "Tokens since the start", number(numbers.issued), "", numbers.reused ? `${number(numbers.reused)} reused` : "");
}

/** The five causes that came first have colours of their own; what comes later is one series. */
function refusalSeries() {
  for (const sample of samples) {
    for (const cause of Object.keys(sample.causes)) if (!colours.has(cause)) colours.set(cause, Math.min(colours.size, 5));
  }
  const sum = (cause) => samples.reduce((total, sample) => total + (sample.causes[cause] ?? 0), 0);
  const own = [...colours].filter(([cause, colour]) => colour < 5 && sum(cause) > 0);
  const others = [...colours].filter(([cause, colour]) => colour === 5 && sum(cause) > 0).map(([cause]) => cause);
  const series = own.map(([cause, colour]) => ({ title: cause, value: (s) => s.causes[cause] ?? 0, colour, wire: true }));
  if (others.length > 0) {
    series.push({
      title: `${others.length} other ${others.length === 1 ? "cause" : "causes"}`, colour: 5,
      value: (s) => others.reduce((total, cause) => total + (s.causes[cause] ?? 0), 0),
    });
  }
  return series;
}

const niceLimit = (value) => {
  if (value <= 1) return 1;
  const size = 10 ** Math.floor(Math.log10(value));
  return [1, 2, 5, 10].map((factor) => factor * size).find((limit) => value <= limit);
};

function plot(id, title, series, format) {
  const figure = byID(id);
  if (!figure.firstChild) {
    figure.append(element("figcaption", {}, title), drawn("svg", { height: 130, "aria-hidden": "true" }),
      element("ul", { class: "legend" }));
  }
  const [, picture, legend] = figure.children;
  const width = Math.max(200, figure.clientWidth || 300);
  const [height, top] = [112, 14];
  const end = samples[samples.length - 1].time;
  // A short history fills the plot as well.
  const length = [60, 120, LONGEST].find((seconds) => end - samples[0].time <= seconds) ?? LONGEST;
  const x = (time) => width - (end - time) / length * width;
  const sums = samples.map((sample) => series.reduce((total, { value }) => total + value(sample), 0));
  const limit = niceLimit(Math.max(0, ...sums));
  const y = (value) => height - value / limit * (height - top);
  const nodes = [0, .5, 1].map((part) => drawn("line", { class: "grid", x1: 0, x2: width, y1: y(limit * part), y2: y(limit * part) }));
  let base = samples.map(() => 0);
  for (const { value, colour } of series) {
    const upper = base.map((low, index) => low + value(samples[index]));
    const point = (level, index) => `${x(samples[index].time).toFixed(1)} ${y(level).toFixed(1)}`;
    const path = `M${upper.map(point).join("L")}L${base.map(point).reverse().join("L")}Z`;
    if (samples.length > 1) nodes.push(drawn("path", { class: `s${colour}`, d: path }));
    base = upper;
  }
  nodes.push(drawn("text", { x: 0, y: 10 }, format(limit)), drawn("text", { x: 0, y: height + 14 }, `${span(length)} ago`),
    drawn("text", { x: width, y: height + 14, "text-anchor": "end" }, "now"));
  picture.setAttribute("viewBox", `0 0 ${width} 130`);
  picture.replaceChildren(...nodes);
  const last = samples[samples.length - 1];
  legend.replaceChildren(...(series.length > 0 ? series.map((each) => element("li", {},
    element("i", { class: `swatch s${each.colour}` }), element("span", each.wire ? { class: "wire" } : {}, each.title), " ",
    element("b", {}, format(each.value(last))))) : [element("li", {}, "none")]));
}

/** A number of the overview. */
function tile(id, title, value, className = "", note = "") {
  let node = byID(`tile-${id}`);
  if (!node) {
    node = element("div", { id: `tile-${id}` }, element("dt", {}, title), element("dd"));
    byID("overview").append(node);
  }
  const number = node.lastChild;
  const seen = note ? `${value} ${note}` : value;
  if (number.textContent !== seen) number.replaceChildren(value, ...(note ? [" ", element("small", {}, note)] : []));
  if (number.className !== className) number.className = className;
}
