import AccessToken
import JOSE
import OAuth

extension ClientReader {
    /// `jwks` or `jwks_uri`: RFC 7591 section 2 forbids both.
    mutating func keys() -> ClientKeys? {
        if member("jwks") != nil, member("jwks_uri") != nil { note("jwks_uri", "cannot be combined with jwks") }
        let caFile = value("ca_file", file.path(relativeToFile:))
        if member("ca_file") != nil, member("jwks_uri") == nil { note("ca_file", "comes without jwks_uri") }
        if let url = keysURL("jwks_uri") { return .remote(RemoteKeysLocation(url: url, caFile: caFile)) }
        guard let node = member("jwks") else { return nil }
        guard let members = set(node), !members.isEmpty else { return nil }
        let reading = ClientKeysReading(members)
        for problem in reading.problems { note("jwks", problem) }
        for warning in reading.warnings { warn("jwks", warning) }
        return .fixed(reading.keys)
    }

    /// The members of `keys`; `nil` if it is no set, which is reported.
    mutating func set(_ node: Node) -> [JSONValue]? {
        do throws(NotJSON) {
            let set = try JSONValue(node).object?["keys"]?.array
            if let set, !set.isEmpty { return set }
            note("jwks", "is not a JWK Set", hint: "jwks: {keys: [{kty: EC, crv: P-256, x: ..., y: ...}]}")
        } catch {
            problems.append(Problem(file.place(error.line), "jwks \(error.message)", hint: error.hint))
        }
        return nil
    }

    /// `claims`
    mutating func claims() -> JSONObject {
        guard let node = member("claims") else { return JSONObject() }
        do throws(NotJSON) {
            guard let claims = try JSONValue(node).object else {
                note("claims", "is not a mapping of names to values")
                return JSONObject()
            }
            for claim in claims.members where AccessTokenClaims.registeredNames.contains(claim.name) {
                note("claims", "would shadow the registered claim \(claim.name)")
            }
            return claims
        } catch {
            problems.append(Problem(file.place(error.line), "claims \(error.message)", hint: error.hint))
            return JSONObject()
        }
    }
}
