import WireText

/// A JWK Set, RFC 7517 section 5.
public struct JWKSet: Sendable {
    /// `keys`, in the order of the set and without the skipped ones.
    public let keys: [JWK]

    /// The keys that were skipped when the set was read, each with the reason: "key 2: kty is not known".
    public let ignored: [String]

    /// For the caller's own keys. None is skipped.
    public init(_ keys: [JWK]) {
        self.keys = keys
        ignored = []
    }

    /// Reads a set of public keys. Unknown and invalid keys are skipped (RFC 7517 section 5). Symmetric keys are
    /// skipped too: a published key cannot be secret.
    ///
    /// - Throws: if the text is not a JWK Set.
    public init(reading text: [UInt8]) throws(JWKSetError) {
        let value: JSONValue
        do throws(JSONError) { value = try JSONReader.read(text) } catch { throw .notJSON(error) }
        guard let members = value.object?["keys"]?.array else { throw .noKeys }
        var keys: [JWK] = []
        var ignored: [String] = []
        for (index, member) in members.enumerated() {
            do throws(JWKError) {
                guard let object = member.object else { throw .invalid(.notAnObject) }
                keys.append(try JWK(reading: object))
            } catch {
                ignored.append("key \(index): \(error)")
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
        var found: JWK?
        for key in keys where key.allows(algorithm) {
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

/// Why a text is not a JWK Set.
public enum JWKSetError: Error, Sendable, Equatable, CustomStringConvertible {
    case notJSON(JSONError)
    case noKeys

    /// A human-readable description, which contains no part of the text.
    public var description: String {
        switch self {
        case .notJSON(let error): "not JSON: \(error)"
        case .noKeys: "not a JWK Set: it has no array \"keys\""
        }
    }
}
