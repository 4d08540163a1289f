// Shows what the verification found.

const MEANINGS = {
  alg: "signature algorithm", kid: "key", typ: "type", iss: "issuer", sub: "subject", aud: "resource servers", exp: "expires",
  iat: "issued", nbf: "not before", jti: "token identifier", client_id: "client", scope: "scope", cnf: "bound to", act: "actor",
  status: "status list", auth_time: "authenticated",
};
const TIMES = ["exp", "iat", "nbf", "auth_time"];

function membersTable(title, members) {
  return [element("h3", {}, title), table(title, ["Name", "Value", "Meaning"], Object.entries(members).map(([name, value]) => [
    { className: "wire", content: name }, { className: "wire", content: text(value) },
    (Object.hasOwn(MEANINGS, name) ? MEANINGS[name] : "")
      + (TIMES.includes(name) && isTime(value) ? ` ${moment(value)}, ${relative(value)}` : ""),
  ]))];
}

let inspections = 0;

async function showToken() {
  const pasted = byID("token").value;
  const inspection = ++inspections;
  if (pasted.trim() === "" || !page.state) {
    byID("verdict").replaceChildren();
    byID("decoded").replaceChildren();
    return;
  }
  let result;
  try {
    result = await inspect(pasted, page.state);
    result.tables = [...(result.header ? membersTable("Header", result.header) : []), ...(result.claims ? membersTable("Claims", result.claims) : [])];
  } catch {
    // For instance values that are nested too deeply to be written.
    result = { ...refused("This token cannot be shown."), tables: [] };
  }
  // A newer text was pasted meanwhile.
  if (inspection !== inspections) return;
  byID("verdict").replaceChildren(element("p", { class: `verdict ${result.verdict.level}` }, result.verdict.text));
  byID("decoded").replaceChildren(
    element("ul", { class: "findings" }, result.findings.map(({ level, text }) => element("li", { class: level }, text))),
    ...result.tables);
}

function watchInspector() {
  let timer;
  byID("token").addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(showToken, 150);
  });
  byID("clear").addEventListener("click", () => {
    byID("token").value = "";
    showToken();
    byID("token").focus();
  });
}
