import AccessToken
import JOSE
import OAuth
import WireText

extension ClientReader {
    /// `identities`
    mutating func identities() -> [ClientIdentity] {
        guard let node = member("identities") else { return [] }
        guard let entries = node.elements, !entries.isEmpty else {
            note("identities", "is not a list of at least one identity", hint: Self.exampleOfIdentity)
            return []
        }
        guard entries.count <= 100 else {
            note("identities", "has more than a hundred identities")
            return []
        }
        return entries.compactMap { identity($0) }
    }

    private static var exampleOfIdentity: String {
        "identities: [{ issuer: github, claims: { repository_id: \"456\" } }]"
    }

    private mutating func identity(_ node: Node) -> ClientIdentity? {
        guard let members = node.members else {
            noteIdentity(node.line, "is not a mapping", hint: Self.exampleOfIdentity)
            return nil
        }
        var seen: Set<String> = []
        for member in members {
            let name = member.name ?? ""
            if !seen.insert(name).inserted { noteIdentity(member.line, "sets \(name) twice") }
            guard !Self.identityNames.contains(name) else { continue }
            let nearest = NearestName.of(name, among: Self.identityNames)
            noteIdentity(
                member.line, "unknown key \(name)",
                hint: nearest.map { "did you mean \($0)?" } ?? "an identity has issuer, subject and claims")
        }
        func value(_ name: String) -> Node? {
            members.first { $0.name == name && !$0.value.isNull }?.value
        }
        let problemCount = problems.count
        let issuer = identityText("issuer", value("issuer"), at: node)
        let subject = identityText("subject", value("subject"), at: node)
        if value("issuer") == nil { noteIdentity(node.line, "issuer is missing") }
        let claims = value("claims").map { pinnedClaims($0) } ?? []
        guard let issuer, problems.count == problemCount else { return nil }
        do throws(InvalidValue) {
            let identity = try ClientIdentity(issuer: issuer, subject: subject, claims: claims)
            check(identity, node)
            return identity
        } catch {
            noteIdentity(node.line, error.description, hint: Self.exampleOfIdentity)
            return nil
        }
    }

    private static var identityNames: [String] { ["issuer", "subject", "claims"] }

    private mutating func noteIdentity(_ line: Int?, _ message: String, hint: String? = nil) {
        problems.append(Problem(file.place(line), "identities: \(message)", hint: hint))
    }

    private mutating func identityText(_ name: String, _ value: Node?, at node: Node) -> String? {
        guard let value else { return nil }
        guard let text = value.text, (1...2048).contains(text.utf8.count) else {
            noteIdentity(value.line, "\(name) is not one text of 1 to 2048 octets")
            return nil
        }
        return text
    }

    private mutating func pinnedClaims(_ node: Node) -> [PinnedClaim] {
        do throws(NotJSON) {
            guard let claims = try JSONValue(node).object, !claims.members.isEmpty else {
                noteIdentity(node.line, "claims is not a mapping of names to values", hint: Self.exampleOfIdentity)
                return []
            }
            return claims.members.compactMap { pinnedClaim($0, node.line) }
        } catch {
            noteIdentity(error.line, "claims \(error.message)", hint: error.hint)
            return []
        }
    }

    private mutating func pinnedClaim(_ member: JSONObject.Member, _ line: Int?) -> PinnedClaim? {
        if member.name.isSameText(as: "sub") {
            noteIdentity(line, "sub is pinned as subject", hint: "write `subject:` beside claims")
            return nil
        }
        guard !Self.checkedClaims.contains(where: member.name.isSameText(as:)) else {
            noteIdentity(line, "claims cannot pin \(member.name), which is checked for each token of the issuer")
            return nil
        }
        do throws(InvalidValue) {
            return try PinnedClaim(ClaimPath(member.name), oneOf: member.value.oneOrMore)
        } catch {
            noteIdentity(line, "claim \(member.name) \(error)", hint: "a text, number or boolean, or a list of them")
            return nil
        }
    }

    private static var checkedClaims: [String] { ["iss", "aud", "exp", "nbf", "iat", "jti"] }

    /// What depends on the issuer: whether it is known, and whether strangers have tokens of it.
    private mutating func check(_ identity: ClientIdentity, _ node: Node) {
        let place = file.place(node.line)
        warnings += identity.warningsOfWildcards(at: place)
        guard let issuers = settings.issuers else { return }
        guard let identifier = issuers[identity.issuer] else {
            let nearest = NearestName.of(identity.issuer, among: issuers.all)
            warnings.append(
                Problem(
                    place,
                    "identities: there is no issuer called \(identity.issuer), so that the identity is of no use",
                    hint: nearest.map { "did you mean \($0)?" } ?? "`writ issuers list` shows the issuers"))
            return
        }
        let findings = SharedIdentityFindings(identity, ofIssuer: identifier, at: place)
        problems += findings.problems
        warnings += findings.warnings
    }

    /// `claims_from_identity`
    ///
    /// - Parameters:
    ///   - claims: the client's own claims, none of which may have the name of a copy.
    ///   - shape: its claim with the scope may not either.
    mutating func copiedClaims(_ claims: JSONObject, _ shape: AccessTokenShape) -> [CopiedClaim] {
        guard let node = member("claims_from_identity") else { return [] }
        guard let members = node.members, !members.isEmpty else {
            note(
                "claims_from_identity", "is not a mapping of names to claims of the identity",
                hint: "claims_from_identity: { namespace: kubernetes.io/namespace }")
            return []
        }
        if member("identities") == nil { note("claims_from_identity", "comes without identities") }
        var names: Set<ExactText> = []
        return members.compactMap { member in
            let name = member.name ?? ""
            do throws(InvalidValue) {
                guard names.insert(ExactText(name)).inserted else { throw InvalidValue("is set twice") }
                guard claims[name] == nil else { throw InvalidValue("is also one of claims") }
                guard !name.isSameText(as: shape.scopeClaim) else { throw InvalidValue("is the claim with the scope") }
                guard let text = member.value.text, !member.value.isNull else {
                    throw InvalidValue("is not the name of one claim")
                }
                return try CopiedClaim(name, from: ClaimPath(text))
            } catch {
                problems.append(Problem(file.place(member.line), "claims_from_identity: \(name) \(error)"))
                return nil
            }
        }
    }
}
