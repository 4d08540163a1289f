import CPKCS11
import Libcrypto
import OAuth
import Synchronization

/// Logs the user of tokens in. A PIN that a token has refused is not tried there again, since the token would lock itself.
final class TokenLogin: Sendable {
    /// The digest of a PIN, and what the token said about it.
    private struct Refusal {
        let digest: [UInt8]
        let failure: TokenFailure
    }

    private let readPIN: @Sendable () throws -> SecretBytes?
    private let refusals = Mutex<[PKCS11URI: Refusal]>([:])
    /// One login at a time.
    private let turn = Mutex<Void>(())

    /// - Parameter readPIN: called before every login. It returns `nil` if no PIN is configured.
    init(readPIN: @escaping @Sendable () throws -> SecretBytes?) {
        self.readPIN = readPIN
    }

    /// Makes sure that a new session sees the keys of its token.
    func prepare(_ session: UInt, of token: TokenIdentity, _ cryptoki: Cryptoki) throws(TokenFailure) {
        guard token.needsLogin, !(try cryptoki.isLoggedIn(session)) else { return }
        try turn.withLock { (_) throws(TokenFailure) in
            // All sessions of a process with a token are logged in at once.
            guard !(try cryptoki.isLoggedIn(session)) else { return }
            try logIn(session, as: CKU_USER, of: token, cryptoki)
        }
    }

    /// Allows one signature with a key that asks for the PIN each time (`CKA_ALWAYS_AUTHENTICATE`).
    func allowSignature(in session: UInt, of token: TokenIdentity, _ cryptoki: Cryptoki) throws(TokenFailure) {
        // Of many signatures, one alone finds out that a PIN is wrong.
        try turn.withLock { (_) throws(TokenFailure) in
            try logIn(session, as: CKU_CONTEXT_SPECIFIC, of: token, cryptoki)
        }
    }

    private func logIn(
        _ session: UInt, as user: UInt, of token: TokenIdentity, _ cryptoki: Cryptoki
    ) throws(TokenFailure) {
        guard !token.asksForPIN else { return try cryptoki.logIn(session, as: user, nil) }
        let (pin, digest) = try readPINAndDigest()
        let uri = token.uri
        if let refusal = refusals.withLock({ $0[uri] }), refusal.digest == digest { throw refusal.failure }
        // A service that is started again and again would try its PIN each time.
        guard try cryptoki.token(in: token.slot)?.isAtFinalTry != true else {
            throw TokenFailure(
                RemoteKeyError(
                    .denied, "one more wrong PIN would lock the token, so that none is tried",
                    hint: "log in with the right PIN by another program, such as pkcs11-tool --login"))
        }
        do throws(TokenFailure) { try cryptoki.logIn(session, as: user, pin) } catch {
            if error.value?.refusesPIN == true {
                // Without the return value, since nothing is to be done about it again.
                let refusal = Refusal(digest: digest, failure: TokenFailure(error.error))
                refusals.withLock { $0[uri] = refusal }
            }
            throw error
        }
        refusals.withLock { $0[uri] = nil }
    }

    private func readPINAndDigest() throws(TokenFailure) -> (SecretBytes, digest: [UInt8]) {
        let pin: SecretBytes?
        do { pin = try readPIN() } catch let error as RemoteKeyError { throw TokenFailure(error) } catch {
            // The error may come from anywhere, and is not shown.
            throw TokenFailure(
                RemoteKeyError(
                    .denied, "the PIN of the token cannot be read", hint: "check the file of pkcs11.pin_file"))
        }
        guard let pin else {
            throw TokenFailure(
                RemoteKeyError(
                    .denied, "the token asks for a PIN, and none is configured",
                    hint: "write it to a file, and the path of that to pkcs11.pin_file"))
        }
        do {
            return (
                pin,
                try pin.withBytes { (bytes) throws(LibcryptoError) in
                    try HashFunction.sha256.digest(of: bytes)
                }
            )
        } catch {
            throw TokenFailure(RemoteKeyError(.unavailable, error.description))
        }
    }
}
