import AccessToken
import JOSE

extension ClientReader {
    /// `token_shape`; `nil` if it is absent, or invalid and reported.
    ///
    /// - Parameter claims: the client's own claims, none of which may have the name of the claim with the scope.
    mutating func tokenShape(_ claims: JSONObject) -> AccessTokenShape? {
        guard let node = member("token_shape") else { return nil }
        guard let members = node.members else {
            note("token_shape", "is not a mapping", hint: "token_shape: { typ: JWT, scope: array, scope_claim: scp }")
            return nil
        }
        var texts: [String: String] = [:]
        for member in members {
            let name = member.name ?? ""
            guard Self.shapeNames.contains(name) else {
                let nearest = NearestName.of(name, among: Self.shapeNames)
                problems.append(
                    Problem(
                        file.place(member.line), "token_shape: unknown key \(name)",
                        hint: nearest.map { "did you mean \($0)?" } ?? "token_shape has typ, scope and scope_claim"))
                continue
            }
            if member.value.isNull { continue }
            guard let text = member.value.text, texts.updateValue(text, forKey: name) == nil else {
                problems.append(Problem(file.place(member.line), "token_shape: \(name) is not one single value"))
                continue
            }
        }
        do throws(InvalidValue) {
            let shape = try Self.shape(texts)
            if claims[shape.scopeClaim] != nil {
                throw InvalidValue("scope_claim is the name of one of the client's claims")
            }
            return shape
        } catch {
            note("token_shape", "\(error)")
            return nil
        }
    }

    private static var shapeNames: [String] { ["typ", "scope", "scope_claim"] }

    private static func shape(_ texts: [String: String]) throws(InvalidValue) -> AccessTokenShape {
        let type = try texts["typ"].map { (text) throws(InvalidValue) in
            guard let type = AccessTokenShape.HeaderType(rawValue: text) else {
                throw InvalidValue("typ is neither at+jwt nor JWT")
            }
            return type
        }
        let scope = try texts["scope"].map { (text) throws(InvalidValue) in
            guard let form = AccessTokenShape.ScopeForm(rawValue: text) else {
                throw InvalidValue("scope is neither string nor array")
            }
            return form
        }
        do throws(InvalidValue) {
            return try AccessTokenShape(
                type: type ?? .accessToken, scope: scope ?? .string, scopeClaim: texts["scope_claim"] ?? "scope")
        } catch {
            throw InvalidValue("scope_claim", cause: error)
        }
    }
}
