// Decodes and verifies tokens with the published keys. Nothing here sends anything.

const RSA = { kty: "RSA", members: ["n", "e"] };
const EC = { kty: "EC", members: ["crv", "x", "y"] };
const OKP = { kty: "OKP", crv: "Ed25519", members: ["crv", "x"], key: { name: "Ed25519" }, signature: { name: "Ed25519" } };
const pkcs1 = (hash) => ({ ...RSA, key: { name: "RSASSA-PKCS1-v1_5", hash }, signature: { name: "RSASSA-PKCS1-v1_5" } });
const ecdsa = (crv, hash) => ({ ...EC, crv, key: { name: "ECDSA", namedCurve: crv }, signature: { name: "ECDSA", hash } });
const ALGORITHMS = {
  RS256: pkcs1("SHA-256"),
  PS256: { ...RSA, key: { name: "RSA-PSS", hash: "SHA-256" }, signature: { name: "RSA-PSS", saltLength: 32 } },
  ES256: ecdsa("P-256", "SHA-256"),
  ES384: ecdsa("P-384", "SHA-384"),
  EdDSA: OKP,
  Ed25519: OKP,
};
const LONGEST_TOKEN = 65536;

/** The octets of a text in base64url, RFC 7515 section 2; `null` if it is none. */
function octetsOf(text) {
  if (!/^[A-Za-z0-9_-]*$/.test(text) || text.length % 4 === 1) return null;
  try {
    return Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (character) => character.charCodeAt(0));
  } catch {
    return null;
  }
}

function objectOf(text) {
  const octets = octetsOf(text);
  if (!octets) return null;
  try {
    const value = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(octets));
    return value !== null && typeof value === "object" && !Array.isArray(value) ? value : null;
  } catch {
    return null;
  }
}

/** The token in what was pasted: in a token response, or behind the scheme of a header field. */
function tokenIn(text) {
  const trimmed = text.trim();
  if (trimmed.startsWith("{")) {
    try {
      const { access_token: token } = JSON.parse(trimmed);
      if (typeof token === "string") return token;
    } catch {
      return trimmed;
    }
  }
  return trimmed.replace(/^authorization:\s*/i, "").replace(/^(bearer|dpop)\s+/i, "").replace(/^"(.*)"$/, "$1").trim();
}

const found = (level, text) => ({ level, text });
const refused = (verdict, ...findings) => ({ verdict: found("bad", verdict), findings });

/** Says in words what is right and what is wrong with a token. */
async function inspect(text, state) {
  const token = tokenIn(text);
  if (token.startsWith("writ_rt_")) {
    return refused("This is a refresh token. Only the service can open it: `writ token introspect` asks the service.");
  }
  if (token.startsWith("writ_cs_")) return refused("This is a client secret, and no token. Do not leave it here.");
  if (token.length > LONGEST_TOKEN) return refused("This is longer than any token of the service.");
  const parts = token.split(".");
  if (parts.length === 5) return refused("This token is encrypted (JWE). The service issues none of these.");
  if (parts.length !== 3) return refused("This is not a signed token (JWS): it does not have three parts with dots between them.");
  const [header, claims, signature] = [objectOf(parts[0]), objectOf(parts[1]), octetsOf(parts[2])];
  if (!header) return refused("The header is not JSON in base64url. Was the token copied whole?");
  if (!claims) return { ...refused("The claims are not JSON in base64url. Was the token copied whole?"), header };
  const signed = await checkSignature(parts, header, signature, claims, state);
  const findings = [signed, ...checkClaims(header, claims, state)];
  return { header, claims, findings, verdict: verdictOn(signed, findings, claims) };
}

async function checkSignature(parts, header, signature, claims, state) {
  const { alg, kid } = header;
  if (alg === undefined || String(alg).toLowerCase() === "none") return found("bad", "It has no signature (alg is none): anybody can make such a token.");
  if (/^HS\d+$/.test(String(alg))) return found("bad", `It is signed with a shared secret (${alg}). The service signs with private keys only.`);
  const algorithm = Object.hasOwn(ALGORITHMS, String(alg)) ? ALGORITHMS[alg] : undefined;
  if (!algorithm) return found("bad", `The service has no signature algorithm ${alg}.`);
  if (header.crit !== undefined) return found("bad", "Its header has crit: it must not be accepted by what does not know these extensions.");
  if (typeof kid !== "string") return found("bad", "It names no key (kid is missing), so it is not from this service.");
  const jwk = state.jwks.keys.find((key) => key.kid === kid);
  if (!jwk) {
    if (state.keys.some((key) => key.kid === kid)) return found("bad", `Its key "${kid}" is no longer published, and no token of it is good any more.`);
    const foreign = claims.iss !== state.service.issuer ? " The token is from another issuer." : " The key may have been retired.";
    return found("bad", `Its key "${kid}" is unknown here.${foreign}`);
  }
  if (jwk.kty !== algorithm.kty || algorithm.crv && jwk.crv !== algorithm.crv || jwk.alg && jwk.alg !== alg) {
    return found("bad", `Its key "${kid}" is not for ${alg}, but for ${jwk.alg ?? jwk.crv ?? jwk.kty}.`);
  }
  if (!signature) return found("bad", "The signature is not base64url. Was the token copied whole?");
  if (!globalThis.crypto?.subtle) {
    return found("warn", "The signature was not checked: browsers do that only on pages of localhost or https. Use a forwarded port.");
  }
  try {
    const members = Object.fromEntries(["kty", ...algorithm.members].map((name) => [name, jwk[name]]));
    const key = await crypto.subtle.importKey("jwk", members, algorithm.key, false, ["verify"]);
    const input = new TextEncoder().encode(`${parts[0]}.${parts[1]}`);
    return await crypto.subtle.verify(algorithm.signature, key, signature, input)
      ? found("good", `The signature matches key ${kid} (${alg}).`)
      : found("bad", `The signature does not match key ${kid}: the token was changed, or its signer was another one.`);
  } catch {
    return found("warn", `The signature was not checked: this browser does not know ${alg}.`);
  }
}

function checkClaims(header, claims, state) {
  const { issuer } = state.service;
  return [checkIssuer(claims.iss, issuer), ...checkTimes(claims), checkType(header.typ), ...checkUse(claims)];
}

function checkIssuer(iss, issuer) {
  if (iss === issuer) return found("good", "The issuer is this service.");
  return found("bad", iss === undefined ? "It names no issuer (iss is missing)." : `The issuer is ${text(iss)}, and not ${issuer}.`);
}

const isTime = (value) => typeof value === "number" && Number.isFinite(value);

function checkTimes({ exp, iat, nbf }) {
  const findings = [];
  if (!isTime(exp)) findings.push(found("bad", "It does not say when it expires (exp is missing, or no number)."));
  else if (exp <= now()) findings.push(found("bad", `It expired at ${moment(exp)}, ${relative(exp)}.`));
  else findings.push(found("good", `It expires at ${moment(exp)}, ${relative(exp)}.`));
  if (isTime(iat) && iat > now() + 60) findings.push(found("bad", `It was issued in the future (iat), ${relative(iat)}: a clock is wrong.`));
  if (isTime(nbf) && nbf > now()) findings.push(found("bad", `It is not good yet (nbf), but ${relative(nbf)}.`));
  return findings;
}

function checkType(typ) {
  const type = typeof typ === "string" ? typ.toLowerCase().replace(/^application\//, "") : undefined;
  if (type === "at+jwt") return found("good", "It is an access token of RFC 9068 (typ is at+jwt).");
  if (type === "jwt") return found("note", "Its typ is JWT, as `token_shape` of a client asks for. Verifiers cannot tell it from other tokens by that.");
  return found("bad", typ === undefined ? "It does not say that it is an access token (typ is missing)." : `It is not an access token (typ is ${text(typ)}).`);
}

function checkUse({ aud, cnf, status }) {
  const audiences = (Array.isArray(aud) ? aud : [aud]).filter((value) => typeof value === "string");
  const findings = [audiences.length > 0
    ? found("note", `It is for ${audiences.join(" and ")}. Others must refuse it.`) : found("bad", "It names no resource server (aud is missing).")];
  if (cnf?.jkt !== undefined) findings.push(found("note", "It is bound to a DPoP key: a resource server must ask for a proof."));
  if (cnf?.["x5t#S256"] !== undefined) findings.push(found("note", "It is bound to a TLS certificate: a resource server must compare it."));
  if (status?.status_list !== undefined) findings.push(found("note", "It names a status list, which says whether it is revoked. The list is not fetched here."));
  return findings;
}

function verdictOn(signed, findings, claims) {
  const wrong = findings.filter(({ level }) => level === "bad");
  if (wrong.length > 0) return found("bad", `Not valid. ${wrong[0].text}`);
  if (signed.level !== "good") return found("warn", "Its claims are in order. Its signature was not checked.");
  return found("good", `Valid until ${moment(claims.exp)}, ${relative(claims.exp)}.`);
}

const text = (value) => typeof value === "string" ? value : JSON.stringify(value);
