import JOSE
import OAuth

/// What is wrong with an identity of an issuer that many organizations share, in words; nothing for any other issuer.
struct SharedIdentityFindings {
    /// What keeps the identity from being used.
    private(set) var problems: [Problem] = []
    /// What is unusual in it.
    private(set) var warnings: [Problem] = []

    /// - Parameters:
    ///   - identifier: the issuer identifier of the issuer that the identity names.
    ///   - place: the place of the identity.
    init(_ identity: ClientIdentity, ofIssuer identifier: String, at place: Problem.Place) {
        guard let issuer = SharedIssuer(identifier: identifier) else { return }
        for finding in issuer.findings(about: identity) {
            switch finding {
            case .noOwner:
                problems.append(
                    Problem(
                        place,
                        "identities: pins no owner, and every account at \(issuer.name) gets tokens of this issuer",
                        hint: issuer.hint))
            case .renamable(let claim, let instead):
                warnings.append(
                    Problem(
                        place,
                        "identities: pins the owner by \(claim), a name that can change and be registered by another "
                            + "account",
                        hint: "pin \(instead), which never belongs to another"))
            case .notText(let claim):
                warnings.append(
                    Problem(
                        place,
                        "identities: pins \(claim) as a number or boolean, which at \(issuer.name) is text and never "
                            + "matches",
                        hint: "write it in quotation marks: \"456\""))
            }
        }
    }
}

extension ClientIdentity {
    /// One for each pinned text with a star, which other services take for a pattern.
    func warningsOfWildcards(at place: Problem.Place) -> [Problem] {
        func isPattern(_ text: String) -> Bool { text.utf8.contains(UInt8(ascii: "*")) }
        let names =
            (subject.map(isPattern) == true ? ["subject"] : [])
            + claims.filter { $0.accepted.contains { $0.string.map(isPattern) == true } }.map(\.path.description)
        return names.map { name in
            Problem(
                place, "identities: pins \(name) to a text with *, which stands for itself: there are no wildcards",
                hint: "pin another claim, or list each value")
        }
    }
}
