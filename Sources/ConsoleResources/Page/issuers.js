// Trusted issuers with the age of their keys, and the files that did not load.

const PLACES = { discovery: "its metadata", jwks_uri: "a key set", spiffe_bundle: "a SPIFFE bundle", file: "a file" };

function keysAge(issuer) {
  if (issuer.place === "file") return "read with the configuration";
  const failures = issuer.failures ? element("small", { class: issuer.failed ? "bad" : "" },
    `${issuer.failed ? "the last fetch failed; " : ""}${number(issuer.failures)} failed fetches`) : null;
  if (issuer.keys_fetched_at === undefined) return [issuer.failures ? "never fetched" : "not needed yet", failures];
  return [`fetched ${relative(issuer.keys_fetched_at)}`, failures];
}

function showIssuers(issuers) {
  byID("issuers-table").replaceChildren(issuers.entries.length === 0
    ? element("p", { class: "quiet" }, "The service trusts no issuer but itself.")
    : table("Trusted issuers", ["Name", "Issuer", "Keys from", "Keys"], issuers.entries.map((issuer) => [
      { className: "wire", content: issuer.name }, { className: "wire", content: issuer.issuer },
      PLACES[issuer.place] ?? issuer.place, keysAge(issuer),
    ])));
  if (issuers.count > issuers.entries.length) {
    byID("issuers-table").append(element("p", { class: "quiet" }, `and ${number(issuers.count - issuers.entries.length)} more`));
  }
}

function showFiles(files) {
  const wrong = files.parts.filter((part) => part.count > 0);
  const list = byID("files-list");
  const seen = element("p", { class: wrong.length ? "bad" : "good" },
    wrong.length ? "Some files are not in use as they are: what does not check keeps its last form." : "All files are in use as they are.");
  list.replaceChildren(seen, element("p", { class: "quiet" }, `Last read ${moment(files.read_at)}.`));
  for (const part of wrong) {
    list.append(element("h3", {}, `${part.part}: ${part.count === 1 ? "one problem" : `${number(part.count)} problems`}`));
    for (const problem of part.problems) {
      list.append(element("p", { class: "problem" }, element("span", { class: "wire" }, problem.place), ` ${problem.message}`,
        problem.hint ? element("small", { class: "quiet" }, ` Hint: ${problem.hint}`) : null));
    }
    if (part.count > part.problems.length) {
      list.append(element("p", { class: "quiet" }, "`writ config check` lists all of them."));
    }
  }
  byID("alarm").hidden = wrong.length === 0;
  byID("alarm-list").replaceChildren(...wrong.map((part) => element("li", {},
    `${part.part}: ${part.problems[0] ? `${part.problems[0].place} ${part.problems[0].message}` : ""}`
    + (part.count > 1 ? ` (and ${number(part.count - 1)} more)` : ""))));
}
