import JOSE
import OAuth

/// The reason a key cannot verify a client's assertions.
enum ClientKeyError: Error, Equatable, CustomStringConvertible {
    case notUnderstood(JWKError)
    case notAnObject
    case isPrivate
    case noAlgorithm

    var description: String {
        switch self {
        case .notUnderstood(let error): error.description
        case .notAnObject: "it is not an object"
        case .isPrivate: "it contains its private half (d), which only the client may have"
        case .noAlgorithm: "no supported algorithm accepts it; supported are \(SignatureAlgorithm.offeredNames("and"))"
        }
    }

    /// Parses a member of `keys` of a JWK Set as a public key.
    static func key(_ member: JSONValue) throws(ClientKeyError) -> JWK {
        guard let object = member.object else { throw .notAnObject }
        guard object["d"] == nil else { throw .isPrivate }
        let key: JWK
        do throws(JWKError) { key = try JWK(reading: object) } catch { throw .notUnderstood(error) }
        return try checked(key)
    }

    /// Returns the key if it allows an algorithm that assertions may use.
    ///
    /// - Throws: ``noAlgorithm`` otherwise.
    static func checked(_ key: JWK) throws(ClientKeyError) -> JWK {
        guard SignatureAlgorithm.offered.contains(where: key.allows) else { throw .noAlgorithm }
        return key
    }
}
