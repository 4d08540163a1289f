import CLibcrypto

/// Makes signatures with one key and one scheme. It is prepared once and used many times.
///
/// It belongs to one thread, as does its own copy of the key: nothing is shared or locked.
public final class SigningContext {
    private let key: PrivateKey
    private let scheme: SignatureScheme
    private let operation: Operation

    private enum Operation: ~Copyable {
        case onDigests(KeyOperation)
        case onMessages(MessageOperation)
    }

    /// - Throws: if the key does not fit the scheme.
    public init(key: PrivateKey, scheme: SignatureScheme) throws(KeyError) {
        let ownCopy = try key.copy()
        self.key = ownCopy
        self.scheme = scheme
        do throws(LibcryptoError) {
            operation =
                switch scheme {
                case .rsaPKCS1(let hash), .rsaPSS(let hash), .ecdsa(_, let hash):
                    .onDigests(try KeyOperation(signingWith: ownCopy, scheme, hash))
                case .ed25519: .onMessages(try MessageOperation("prepare a signature"))
                }
        } catch {
            throw .libcrypto(error)
        }
    }

    /// The signature over `message`, as JOSE writes it.
    public func sign(_ message: Span<UInt8>) throws(LibcryptoError) -> [UInt8] {
        switch operation {
        case .onMessages(let operation):
            return try operation.sign(message, with: key)
        case .onDigests(let operation):
            let size = unsafe key.withUnsafePointer { unsafe Int(EVP_PKEY_get_size($0)) }
            let signature = try operation.sign(message, size: size)
            guard case .ecdsa(let curve, _) = scheme else { return signature }
            return try ECDSASignature.raw(fromDER: signature, curve: curve)
        }
    }
}
