import WireText

/// A JWK Set, RFC 7517 section 5.
public struct JWKSet: Sendable {
    /// `keys`, in the order of the set and without the skipped ones.
    public let keys: [JWK]

    /// The keys that were skipped when the set was read.
    public let ignored: [IgnoredKey]

    /// For the caller's own keys. None is skipped.
    public init(_ keys: [JWK]) {
        self.keys = keys
        ignored = []
    }

    /// Reads a set of public keys. Unknown and invalid keys are skipped (RFC 7517 section 5). Symmetric keys are
    /// skipped too, and those with private members: a published key cannot be secret.
    ///
    /// - Throws: if the text is not a JWK Set.
    public init(reading text: [UInt8]) throws(JWKSetError) {
        let value: JSONValue
        do throws(JSONError) { value = try JSONReader.read(text) } catch { throw .notJSON(error) }
        guard let members = value.object?["keys"]?.array else { throw .noKeys }
        var keys: [JWK] = []
        var ignored: [IgnoredKey] = []
        for (index, member) in members.enumerated() {
            do throws(JWKError) {
                keys.append(try JWK(readingPublic: member))
            } catch {
                ignored.append(IgnoredKey(member, position: index + 1, error))
            }
        }
        self.keys = keys
        self.ignored = ignored
    }

    /// The set as JSON.
    public func json() -> [UInt8] {
        var writer = JSONWriter(reservingCapacity: 512 * keys.count + 16)
        writer.object { set in
            set.name("keys")
            set.array { array in
                for key in keys { key.write(to: &array) }
            }
        }
        return writer.bytes
    }

    /// The one key that may have made a signature with this `kid` and `alg`; `nil` if there is none, or more than one.
    public func onlyKey(withID keyID: String?, for algorithm: SignatureAlgorithm) -> JWK? {
        onlyKey(withID: keyID) { $0.allows(algorithm) }
    }

    /// The same, if each key is used with one algorithm alone: ``JWK/algorithm(among:)``.
    func onlyKey(
        withID keyID: String?, for algorithm: SignatureAlgorithm, among algorithms: [SignatureAlgorithm]
    ) -> JWK? {
        onlyKey(withID: keyID) { $0.algorithm(among: algorithms)?.scheme == algorithm.scheme }
    }

    private func onlyKey(withID keyID: String?, isFitting: (JWK) -> Bool) -> JWK? {
        var found: JWK?
        for key in keys where isFitting(key) {
            if let keyID {
                guard let other = key.keyID, other.isSameText(as: keyID) else { continue }
            }
            guard found == nil else { return nil }
            found = key
        }
        return found
    }
}

extension JWKSet: Equatable {
    /// Whether both sets have the same keys in the same order. What was ignored does not count.
    public static func == (one: Self, other: Self) -> Bool { one.json() == other.json() }
}

/// A key of a set that was skipped.
public struct IgnoredKey: Sendable, Equatable, CustomStringConvertible {
    /// Its place in the set, from 1.
    public let position: Int
    /// `kid`, if it is text.
    public let keyID: String?
    /// Why it was skipped.
    public let reason: JWKError

    package init(_ member: JSONValue, position: Int, _ reason: JWKError) {
        self.position = position
        keyID = member.object?["kid"]?.string
        self.reason = reason
    }

    /// A human-readable description: `key 2 (kid "a"): kty is not known`. Of `kid`, which anybody may have written, it
    /// has at most 64 characters, and printable ASCII only.
    public var description: String {
        guard let keyID else { return "key \(position): \(reason)" }
        let printable = keyID.unicodeScalars.prefix(64).map { scalar in
            (0x20...0x7E).contains(scalar.value) && scalar.value != 0x22 ? scalar : "?"
        }
        return "key \(position) (kid \"\(String(String.UnicodeScalarView(printable)))\"): \(reason)"
    }
}

/// Why a text is not a JWK Set.
public enum JWKSetError: Error, Sendable, Equatable, CustomStringConvertible {
    /// It is not JSON.
    case notJSON(JSONError)
    /// It has no array `keys`.
    case noKeys

    /// A human-readable description, which contains no part of the text.
    public var description: String {
        switch self {
        case .notJSON(let error): "not JSON: \(error)"
        case .noKeys: "not a JWK Set: it has no array \"keys\""
        }
    }
}
