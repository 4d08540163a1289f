package import AccessToken
import JOSE
package import Libcrypto

/// The key that the tokens of a source are bound to, RFC 9449: who has a token without the key has nothing. Its description
/// shows the thumbprint alone.
public struct DPoPKey: Sendable, CustomStringConvertible, CustomReflectable {
    package let signer: DPoPProofSigner

    private init(_ signer: DPoPProofSigner) { self.signer = signer }

    /// A new key on P-256, for ES256. It is gone with the process, and so are the tokens that are bound to it.
    ///
    /// - Throws: ``TokenSourceError`` if libcrypto fails.
    public static func generate() throws(TokenSourceError) -> DPoPKey {
        do {
            let algorithm = SignatureAlgorithm.es256
            return DPoPKey(try DPoPProofSigner(algorithm.makeKey(), algorithm: algorithm))
        } catch {
            throw TokenSourceError(.unusableCredential, cause: error)
        }
    }

    /// - Parameters:
    ///   - pem: an unencrypted key of P-256, P-384, Ed25519 or RSA: PKCS#8, PKCS#1 or SEC 1. Use it for nothing else.
    ///   - algorithm: `alg`, such as `PS256`; `nil` for that of the key, which is RS256 for RSA.
    /// - Throws: ``TokenSourceError`` if the key cannot be read, or cannot be used with the algorithm.
    public init(pem: String, algorithm: String? = nil) throws(TokenSourceError) {
        let algorithm = try SignatureAlgorithm.named(algorithm, for: "DPoP proofs")
        do {
            var octets = Array(pem.utf8)
            let key = try PrivateKey(pem: SecretBytes(moving: &octets))
            signer = try DPoPProofSigner(key, algorithm: algorithm)
        } catch {
            throw TokenSourceError(.unusableCredential, cause: CredentialFault(ofKey: error))
        }
    }

    /// A key that was read.
    package init(_ key: PrivateKey) throws { signer = try DPoPProofSigner(key) }

    /// The RFC 7638 thumbprint: `cnf.jkt` of the tokens that are bound to the key.
    public var thumbprint: String { signer.thumbprint }

    /// The algorithm and the thumbprint.
    public var description: String { "a DPoP key (\(signer.algorithm.name), \(thumbprint))" }

    /// Shows what ``description`` does.
    public var customMirror: Mirror { Mirror(self, children: ["description": description]) }
}

extension SignatureAlgorithm {
    /// - Parameters:
    ///   - name: `nil` for that of the key.
    ///   - use: what is signed, in the plural.
    static func named(_ name: String?, for use: StaticString) throws(TokenSourceError) -> SignatureAlgorithm? {
        guard let name else { return nil }
        guard let algorithm = SignatureAlgorithm(name: name), algorithm.isOffered else {
            throw TokenSourceError(
                .unusableCredential,
                cause: CredentialFault("the algorithms that sign \(use) are \(offeredNames("and"))"))
        }
        return algorithm
    }
}
