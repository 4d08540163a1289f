// The registered clients: the service sorts and finds, since there may be a great many.

const view = { sort: "expires_at", order: "ascending", find: "", offset: 0 };
const SOON = 14 * 86400;

const stateQuery = () => new URLSearchParams(Object.entries(view).filter(([, value]) => value !== "")).toString();

function expiry(client) {
  if (client.expires_at === undefined) return "does not expire";
  const className = client.expires_at <= now() ? "bad" : client.expires_at <= now() + SOON ? "warn" : "";
  const text = client.expires_at <= now() ? `expired ${relative(client.expires_at)}` : relative(client.expires_at);
  return [element("span", { class: className }, text), element("small", {}, moment(client.expires_at))];
}

function lastToken(client) {
  if (client.last_token_at === undefined) return element("span", { class: "quiet" }, "not known");
  return [relative(client.last_token_at), element("small", {}, moment(client.last_token_at))];
}

function sortButton(title, sort) {
  const sorted = view.sort === sort ? view.order : undefined;
  const button = element("button", { type: "button", "data-sort": sort },
    title, sorted ? (sorted === "ascending" ? " ↑" : " ↓") : "");
  return { title, sorted, button };
}

function showClients(clients) {
  const focused = document.activeElement?.dataset?.sort;
  const { entries, found, count, offset } = clients;
  const range = found === 0 ? "none" : `${number(offset + 1)} to ${number(offset + entries.length)} of ${number(found)}`;
  say(byID("clients-range"), found === count ? range : `${range} found, of ${number(count)}`);
  byID("earlier").disabled = offset === 0;
  byID("later").disabled = offset + entries.length >= found;
  byID("clients-table").replaceChildren(entries.length === 0
    ? element("p", { class: "quiet" }, count === 0 ? "No client is registered." : "No client has this in its identifier or its name.")
    : table("Registered clients", [
      sortButton("Client", "client_id"), sortButton("Expires", "expires_at"), sortButton("Last token", "last_token_at"),
      "Scope", "For", "Proves itself by",
    ], entries.map((client) => [
      [element("span", { class: "wire" }, client.client_id), client.client_name ? element("small", {}, client.client_name) : null],
      { className: "moment", content: expiry(client) }, { className: "moment", content: lastToken(client) },
      { className: "wire scopes", content: client.scope || "none" },
      { className: "wire scopes", content: client.audiences.join(" ") || "the issuer" },
      client.methods.join(", "),
    ])));
  if (focused) document.querySelector(`[data-sort="${focused}"]`)?.focus();
  tile("clients", "Clients", number(count), "", clients.refused ? `${number(clients.refused)} refused` : "");
}

function watchClients(refresh) {
  byID("clients-table").addEventListener("click", (event) => {
    const sort = event.target.closest("[data-sort]")?.dataset.sort;
    if (!sort) return;
    view.order = view.sort === sort && view.order === "ascending" ? "descending" : "ascending";
    view.sort = sort;
    view.offset = 0;
    refresh();
  });
  let timer;
  byID("find").addEventListener("input", (event) => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      view.find = event.target.value.trim();
      view.offset = 0;
      refresh();
    }, 250);
  });
  const turn = (pages) => {
    view.offset = Math.max(0, view.offset + pages * page.state.clients.limit);
    refresh();
  };
  byID("earlier").addEventListener("click", () => turn(-1));
  byID("later").addEventListener("click", () => turn(1));
}
