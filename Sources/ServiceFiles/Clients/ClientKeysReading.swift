import JOSE
import Libcrypto
import OAuth
import WireText

/// The members of a JWK Set, as the keys of a client.
struct ClientKeysReading {
    /// Those that can verify assertions.
    let keys: JWKSet
    /// Why the set cannot be used: a key with its private half, or no key that can be used.
    let problems: [String]
    /// The keys that are skipped (RFC 7517 section 5), those that assertions do not tell apart, and those with small
    /// exponents, each with its place in the set.
    let warnings: [String]

    init(_ members: [JSONValue]) {
        var found: [(position: Int, key: JWK)] = []
        var problems: [String] = []
        var skipped: [IgnoredKey] = []
        for (index, member) in members.enumerated() {
            do throws(JWKError) {
                let key = try JWK(readingPublic: member)
                guard SignatureAlgorithm.offered.contains(where: key.allows) else { throw .notUnderstood(.unsupported) }
                found.append((index + 1, key))
            } catch {
                let ignored = IgnoredKey(member, position: index + 1, error)
                switch error {
                case .invalid(.privateMember): problems.append("has a key that cannot be used: \(ignored)")
                default: skipped.append(ignored)
                }
            }
        }
        if found.isEmpty, problems.isEmpty { problems = skipped.map { "has no key that can be used: \($0)" } }
        self.problems = problems
        keys = JWKSet(found.map(\.key))
        warnings =
            skipped.map { "has a key that is skipped: \($0)" } + Self.repetitions(found)
            + [keys.warningOfKeysWithoutID("an assertion")].compactMap { $0 }
            + found.compactMap(Self.exponentWarning)
    }

    /// Two keys with one `kid` are both tried for an assertion that names it, unless no algorithm goes with both (RFC 7517
    /// section 4.5).
    private static func repetitions(_ keys: [(position: Int, key: JWK)]) -> [String] {
        var warnings: [String] = []
        for (index, second) in keys.enumerated() {
            guard let keyID = second.key.keyID else { continue }
            let first = keys[..<index].first { first in
                first.key.keyID?.isSameText(as: keyID) == true
                    && SignatureAlgorithm.offered.contains { first.key.allows($0) && second.key.allows($0) }
            }
            guard let first else { continue }
            warnings.append(
                "has two keys with one kid, so that both are tried: key \(first.position) and key \(second.position)")
        }
        return warnings
    }

    /// FIPS 186-5 section 5.1 asks for 65537 or more. A signature that is checked in full, as here, is safe with a
    /// smaller exponent too; programs that make such keys are old, and other verifiers may refuse them.
    private static func exponentWarning(_ found: (position: Int, key: JWK)) -> String? {
        guard case .rsa(_, let exponent) = found.key.publicKey.components, exponent.count < 3 else { return nil }
        return "has an RSA key with a public exponent below 65537: key \(found.position)"
    }
}

extension JWKSet {
    /// What is unusual in a set of a file: a JWT that names no key is tried with a few keys at most, and so are all keys
    /// without `kid`. `nil` if there are no more.
    ///
    /// - Parameter jwt: what the keys are for.
    func warningOfKeysWithoutID(_ jwt: String) -> String? {
        let most = PendingAssertionCheck.mostKeysTried
        guard keys.count(where: { $0.keyID == nil }) > most else { return nil }
        return "has more than \(most) keys without kid: the first \(most) that fit \(jwt) are tried"
    }
}
