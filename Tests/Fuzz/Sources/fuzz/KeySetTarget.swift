import JOSE
import Libcrypto
import OAuth

@testable import ServiceFiles

/// A JWK Set, as it comes from a server that is not ours.
struct KeySetTarget: FuzzTarget {
    func parse(_ octets: [UInt8]) { _ = try? JWKSet(reading: octets) }

    func run(_ input: Input) throws {
        guard let set = try? JWKSet(reading: input.octets) else { return }
        let text = set.json()
        let again = try JWKSet(reading: text)
        require(again.ignored.isEmpty, "what is written is understood")
        require(again.json() == text, "and written as the same")
        require(again.keys.count == set.keys.count, "no key gets lost")
        for (key, other) in zip(set.keys, again.keys) { try check(key, other, in: set) }
        checkMembers(of: input.octets)
    }

    private func check(_ key: JWK, _ other: JWK, in set: JWKSet) throws {
        require(try key.thumbprint() == other.thumbprint(), "a key stays the same key")
        require(key.keyID == other.keyID && key.algorithm == other.algorithm, "and keeps kid and alg")
        let pem = try key.publicKey.pem()
        require(
            try PublicKey(pem: pem.utf8.span).components == key.publicKey.components,
            "a key goes through PEM unchanged")
        for algorithm in SignatureAlgorithm.all where key.allows(algorithm) {
            if let only = set.onlyKey(withID: key.keyID, for: algorithm) {
                require(try only.thumbprint() == key.thumbprint(), "the only key is one that fits")
            }
            _ = try? key.publicKey.isValid(
                Self.signature.span, for: Self.signature.span, scheme: algorithm.scheme)
        }
    }

    /// The same as in `jwks` of a client.
    private func checkMembers(of text: [UInt8]) {
        let members = (try? JSONReader.read(text))?.object?["keys"]?.array ?? []
        for key in ClientKeysReading(members).keys.keys {
            require(SignatureAlgorithm.offered.contains(where: key.allows), "a client's key is of use")
        }
    }

    private static let signature = [UInt8](repeating: 1, count: 64)
}
