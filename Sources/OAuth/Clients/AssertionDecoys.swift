import JOSE
import Libcrypto

/// Public keys whose private keys are unknown. For a client that does not exist, or whose key cannot have made a signature,
/// one of them is tried, so that the refusal costs a signature check like any other.
struct AssertionDecoys: Sendable {
    private let keys: [PublicKey]

    /// Makes keys of each kind that assertions are signed with, and of each size of RSA keys that a client has.
    init(for clients: [Client]) throws(LibcryptoError) {
        let examples = clients.flatMap { client in
            guard case .fixed(let set) = client.keys else { return [PublicKey]() }
            return set.keys.map(\.publicKey)
        }
        var keys: [PublicKey] = []
        for kind in Set(SignatureAlgorithm.offered.map(\.keyKind)) {
            do throws(KeyError) { keys += try kind.decoyKeys(like: examples) } catch {
                guard case .libcrypto(let error) = error else { continue }
                throw error
            }
        }
        self.keys = keys
    }

    /// One key that could have made a signature of this length; an empty set for a length that no client's key makes.
    func keys(for jws: CompactJWS) -> JWKSet {
        guard let key = keys.first(where: { jws.canBeSigned(by: $0) }) else { return JWKSet([]) }
        return JWKSet([JWK(key, keyID: jws.header.keyID, algorithm: nil)])
    }
}
