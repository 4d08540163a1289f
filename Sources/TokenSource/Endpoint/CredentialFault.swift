import AccessToken

/// Why a credential cannot be used. It never holds any of the credential.
struct CredentialFault: Error, CustomStringConvertible {
    let description: String

    /// - Parameter reason: a clause in which "it" is the credential.
    init(_ reason: String) { description = reason }

    /// - Parameter reason: a clause in which "it" is the file.
    init(_ path: String, _ reason: String) { description = "\(path): \(reason)" }

    /// - Parameter error: of libcrypto, or a reason that the key and the algorithm do not fit.
    init(ofKey error: any Error) { description = error is InvalidValue ? "the key \(error)" : "\(error)" }
}
