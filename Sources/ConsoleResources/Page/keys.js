// The keys: what signs, what comes next, what expires.

const USES = { signing: "signs access tokens", sealing: "seals refresh tokens", verifying: "verifies tokens of another issuer" };
const STATES = { next: "not yet in use", signing: "in use", published: "verifies only", expired: "expired" };

/** Adds to each key when it stops being in use: when the next key of the same use begins. */
function withEnds(keys) {
  const begin = (key) => key.from ?? -Infinity;
  return keys.map((key) => {
    const later = keys.filter((other) =>
      other.use === key.use && other !== key && begin(other) > begin(key)
      && (key.use === "sealing" || other.alg === key.alg));
    return { ...key, end: later.length ? Math.min(...later.map(begin)) : Infinity };
  });
}

function keySentence(key) {
  const sentence = {
    next: () => `begins ${relative(key.from)}`,
    signing: () => key.end === Infinity ? "in use; no next key is known" : `in use; the next key takes over ${relative(key.end)}`,
    published: () => key.until ? `verifies only, until ${moment(key.until)} (${relative(key.until)})` : "verifies only",
    expired: () => "expired",
  }[key.state];
  return sentence ? sentence() : key.state;
}

function showKeys(state) {
  const keys = withEnds(state.keys);
  const signer = keys.find((key) => key.use === "signing" && key.state === "signing");
  const next = keys.filter((key) => key.use === "signing" && key.state === "next").sort((a, b) => a.from - b.from)[0];
  say(byID("keys-summary"), signer
    ? `${state.service.algorithm}: key ${short(signer.kid)} signs. `
      + (next ? `Key ${short(next.kid)} takes over at ${moment(next.from)}, ${relative(next.from)}.` : "No next key is known.")
    : "No key signs.");
  drawKeys(keys, state.tls);
  byID("keys-table").replaceChildren(table("All keys", ["Key", "Use", "State", "From", "Leaves use", "Published until"],
    keys.map((key) => [
      { className: "wire", content: [key.kid, element("small", {}, key.file)] },
      key.alg ? `${USES[key.use]} (${key.alg})` : USES[key.use],
      keySentence(key),
      key.from ? moment(key.from) : "the beginning",
      key.end === Infinity ? "not known" : moment(key.end),
      key.until ? moment(key.until) : "not known",
    ])));
}

/** The time that the picture shows: from the first to the last change, and now not at its edge. */
function keysWindow(rows) {
  const times = rows.flatMap((row) => [row.from, row.end, row.until])
    .filter((time) => time !== undefined && time !== null && Number.isFinite(time));
  const last = Math.max(now() + 86400, ...times.map((time) => Math.min(time, now() + 400 * 86400)));
  const ahead = last - now();
  const first = Math.max(now() - Math.max(ahead * .6, 86400), Math.min(now() - ahead * .25, ...times));
  return [first - (last - first) * .02, last + (last - first) * .06];
}

function ticks(first, last, count) {
  const steps = [300, 900, 3600, 3 * 3600, 6 * 3600, 12 * 3600, 86400, 2 * 86400, 7 * 86400, 14 * 86400, 28 * 86400, 91 * 86400];
  const step = steps.find((size) => (last - first) / size <= count) ?? 365 * 86400;
  const result = [];
  for (let time = Math.ceil(first / step) * step; time < last; time += step) result.push(time);
  return result.map((time) => [time, step < 86400 ? new Date(time * 1000).toISOString().slice(5, 16).replace("T", " ")
    : new Date(time * 1000).toISOString().slice(0, 10)]);
}

function drawKeys(keys, tls) {
  const place = byID("keys-picture");
  const width = Math.max(280, place.clientWidth || 800);
  const rows = keys.filter((key) => key.state !== "expired").map((key) => ({ ...key, title: width > 520 ? `${short(key.kid)} ${USES[key.use]}` : short(key.kid) }));
  if (tls) rows.push({ title: "TLS certificate", state: "tls", end: tls.expires_at, until: tls.expires_at });
  const [first, last] = keysWindow(rows);
  const x = (time) => Math.min(width, Math.max(0, (time - first) / (last - first) * width));
  const [top, rowHeight] = [24, 44];
  const height = top + rows.length * rowHeight + 4;
  const marks = ticks(first, last, Math.max(2, Math.floor(width / 130))).filter(([time]) => x(time) < width - 70);
  const picture = drawn("svg", { viewBox: `0 0 ${width} ${height}`, height, role: "img",
    "aria-label": `Time line. ${rows.map((row) => `${row.title}: ${row.state === "tls" ? `expires ${relative(row.end)}` : keySentence(row)}`).join(". ")}` });
  for (const [time, text] of marks) {
    picture.append(drawn("line", { class: "grid", x1: x(time), x2: x(time), y1: 14, y2: height }),
      drawn("text", { x: x(time) + 3, y: 12 }, text));
  }
  rows.forEach((row, index) => picture.append(...drawKey(row, top + index * rowHeight, x, width)));
  picture.append(drawn("line", { class: "now", x1: x(now()), x2: x(now()), y1: 16, y2: height }),
    drawn("text", { class: "now-text", x: x(now()), y: height + 12, "text-anchor": "middle" }, "now"));
  picture.setAttribute("viewBox", `0 0 ${width} ${height + 16}`);
  picture.setAttribute("height", height + 16);
  place.replaceChildren(picture);
}

function drawKey(row, y, x, width) {
  const isIdle = row.state === "published" && row.end === Infinity;
  const bar = (from, to, className) => from < to
    ? [drawn("rect", { class: className, x: x(from), width: Math.max(2, x(to) - x(from)), y: y + 18, height: 14, rx: 3 })] : [];
  const begin = row.from ?? -Infinity;
  const parts = [];
  const expiry = row.until ?? Infinity;
  if (row.state === "next") parts.push(...bar(now(), begin, "is-next"));
  // A key that signs nothing here: of another issuer, or of an algorithm that is not the service's.
  if (isIdle) parts.push(...bar(begin, expiry, "is-published"));
  else parts.push(...bar(begin, Math.min(row.end, expiry), "is-signing"), ...bar(row.end, expiry, "is-published"));
  const text = row.state === "tls" ? `expires ${relative(row.end)}` : keySentence(row);
  parts.push(drawn("text", { x: 0, y: y + 13 }, drawn("tspan", { class: "name" }, row.title),
    drawn("tspan", {}, ` · ${width > 520 ? text : STATES[row.state] ?? text}`)));
  // A bar that goes on beyond the picture ends in an arrow.
  if (row.end === Infinity || expiry === Infinity && row.end > now()) {
    parts.push(drawn("path", { class: row.end === Infinity && !isIdle ? "is-signing" : "is-published", d: `M${width - 1} ${y + 16}l9 9l-9 9z` }));
  }
  return parts;
}
