import JOSE
import OAuth

/// Why a key is not one that a client's assertions can be checked with.
enum ClientKeyError: Error, CustomStringConvertible {
    case notUnderstood(JWKError)
    case notAnObject
    case isPrivate
    case noAlgorithm

    var description: String {
        switch self {
        case .notUnderstood(let error): error.description
        case .notAnObject: "it is not an object"
        case .isPrivate: "it has its private half (d), which belongs to the client alone"
        case .noAlgorithm: "it goes with none of \(SignatureAlgorithm.offeredNames("and"))"
        }
    }

    /// The public key that a member of a JWK Set stands for.
    static func key(_ member: JSONValue) throws(ClientKeyError) -> JWK {
        guard let object = member.object else { throw .notAnObject }
        guard object["d"] == nil else { throw .isPrivate }
        let key: JWK
        do throws(JWKError) { key = try JWK(reading: object) } catch { throw .notUnderstood(error) }
        return try checked(key)
    }

    /// The same key, where it goes with an algorithm that assertions may have.
    static func checked(_ key: JWK) throws(ClientKeyError) -> JWK {
        guard SignatureAlgorithm.offered.contains(where: key.allows) else { throw .noAlgorithm }
        return key
    }
}
