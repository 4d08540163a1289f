package import AccessToken
package import JOSE
package import Libcrypto

/// A private key that stays in another place, such as a hardware module, with its public half. The target `RemoteKeys` is about
/// something else: public keys of issuers that are fetched.
package struct RemoteKey: Sendable {
    /// Where it is.
    package let uri: KeyURI
    /// The public half. A signature that it does not verify is never sent.
    package let publicKey: PublicKey

    package init(_ uri: KeyURI, _ publicKey: PublicKey) {
        self.uri = uri
        self.publicKey = publicKey
    }
}

/// What a new key is called in a place that gives names to keys.
package enum RemoteKeyLabel {
    /// `writ-20261201T000000Z`, for a key that is made at `now`.
    package static func text(now: NumericDate) -> String { "writ-\(BasicTime(now))" }
}

/// A place that holds private keys and makes signatures with them. Each call may take as long as a network or a device takes;
/// none of them blocks the thread of its caller.
package protocol RemoteKeyStore: Sendable {
    /// The signature of the key over `message`, as JOSE writes it (RFC 7518 section 3). The caller checks it against the
    /// public half.
    func sign(
        _ message: [UInt8], with key: RemoteKey, _ algorithm: SignatureAlgorithm
    ) async throws(RemoteKeyError) -> [UInt8]

    /// Makes a key that cannot leave the place.
    ///
    /// - Parameters:
    ///   - uri: the place. A PKCS#11 URI names the token, and no object; for Transit it names the key, which gets a new
    ///     version if it is there.
    ///   - name: what the key is called in the place, if its URI does not say so.
    /// - Returns: the key, whose URI names it alone.
    func makeKey(
        at uri: KeyURI, for algorithm: SignatureAlgorithm, named name: String
    ) async throws(RemoteKeyError) -> RemoteKey

    /// The key that is there. Of several versions it is the newest.
    func key(at uri: KeyURI) async throws(RemoteKeyError) -> RemoteKey

    /// Ends what the store has begun in the place, after the calls that are under way. It takes as long as they do. The store is not
    /// used after that.
    func close() async

    /// Removes a key that ``makeKey(at:for:named:)`` has made and that was never used, if the place lets it.
    func discard(_ key: RemoteKey) async
}

/// Why a key that stays in another place cannot be used now.
package struct RemoteKeyError: Error, Sendable, Hashable, CustomStringConvertible {
    package enum Code: String, Sendable, CaseIterable {
        /// The place cannot be reached, or does not work.
        case unavailable
        /// The place gave no answer in time.
        case timedOut = "timed_out"
        /// Too many signatures are under way or wait.
        case overloaded
        /// The place refuses the PIN, the token or the role, or they cannot be read.
        case denied
        /// There is no such key, or several keys match the URI.
        case noSuchKey = "no_such_key"
        /// The place cannot make signatures of the algorithm, or keys for it.
        case unsupported
        /// The key that is there is not the one that is pinned, or the signature does not verify.
        case wrongKey = "wrong_key"
        /// The settings of the place are missing.
        case notConfigured = "not_configured"
    }

    package let code: Code
    /// For operators, in the third person: "the token is not there". It holds no secret, and no control characters.
    package let description: String
    /// What an operator can do about it.
    package let hint: String?

    package init(_ code: Code, _ description: String, hint: String? = nil) {
        self.code = code
        self.description = description
        self.hint = hint
    }
}
