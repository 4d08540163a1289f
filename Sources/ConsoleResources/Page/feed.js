// Where the facts come from: one document, and events that say what the numbers are and when to fetch it again.

const page = { state: null, revision: -1, uptime: 0, isFetching: false, mustFetch: false };
const isCalm = matchMedia("(prefers-reduced-motion: reduce)");
let drawnAt = 0;

async function refresh() {
  if (page.isFetching) {
    page.mustFetch = true;
    return;
  }
  page.isFetching = true;
  try {
    const query = stateQuery();
    const response = await fetch(`/console/state.json?${query}`, { cache: "no-store", credentials: "omit", redirect: "error" });
    if (!response.ok) throw new Error(String(response.status));
    const state = await response.json();
    if (query === stateQuery()) show(state);
  } catch {
    say(byID("link"), "no connection", "badge bad");
  } finally {
    page.isFetching = false;
    if (page.mustFetch) {
      page.mustFetch = false;
      refresh();
    }
  }
}

function show(state) {
  page.state = state;
  page.revision = state.numbers.revision;
  setClock(state.numbers.time);
  view.offset = state.clients.offset;
  const { service } = state;
  say(byID("issuer"), service.issuer);
  say(byID("version"), service.version);
  document.title = `Writ console: ${service.issuer}`;
  take(state.numbers, true);
  showKeys(state);
  showClients(state.clients);
  showIssuers(state.issuers);
  showFiles(state.files);
  if (byID("token").value) showToken();
}

function take(numbers, isDrawn) {
  page.uptime = numbers.uptime_ms;
  setClock(numbers.time);
  addNumbers(numbers);
  say(byID("ready"), numbers.ready ? "ready" : "not ready", numbers.ready ? "badge good" : "badge bad");
  // A plot that moves each second disturbs those who asked for less motion.
  if (!isDrawn && isCalm.matches && Date.now() - drawnAt < 10_000) return;
  drawnAt = Date.now();
  showNumbers();
}

let events;

function listen() {
  events = new EventSource("/console/events");
  events.addEventListener("numbers", (event) => {
    say(byID("link"), "live", "badge good");
    const numbers = JSON.parse(event.data);
    // After a restart the service counts its revisions anew.
    const isOther = numbers.revision !== page.revision || numbers.uptime_ms < page.uptime;
    take(numbers, false);
    if (isOther) refresh();
  });
  events.onerror = () => {
    say(byID("link"), "no connection", "badge bad");
    // A browser tries again by itself, but not after an answer such as 503: there are too many pages then.
    if (events.readyState !== EventSource.CLOSED) return;
    say(byID("link"), "updated every 10 s", "badge warn");
    setTimeout(listen, 30_000);
  };
}

watchClients(refresh);
watchInspector();
refresh();
listen();
// What no event tells: when clients last got a token, the age of an issuer's keys, and how far away a time is.
// Text that an operator has selected stays as it is.
setInterval(() => { if (!document.hidden && getSelection().isCollapsed) refresh(); }, 10_000);
addEventListener("resize", () => {
  if (!page.state) return;
  showKeys(page.state);
  showNumbers();
});
