package import Libcrypto

/// Why a refresh token was not sealed: a matter for operators, not for clients.
package enum SealingError: Error, Sendable, CustomStringConvertible {
    /// No sealing key's time has come.
    case noKey
    /// Scope and resources are so long that no request could carry the token.
    case tooLong
    case libcrypto(LibcryptoError)

    /// For people; nothing of the token is in it.
    package var description: String {
        switch self {
        case .noKey: "no key seals refresh tokens now"
        case .tooLong: "scope and resources of the client are too long for a refresh token"
        case .libcrypto(let error): "\(error)"
        }
    }
}
