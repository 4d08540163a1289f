package import Libcrypto

/// How a client gets the token that each request to Vault needs.
package enum VaultLogin: Sendable {
    /// Reads a secret, which may block. Its error is a reason for operators, and holds no part of the secret.
    package typealias Read = @Sendable () throws -> SecretBytes

    /// The token is in a file, which an agent of Vault replaces. It is read for each request. Line ends behind it do not count.
    case tokenFile(Read)
    /// The auth method for service accounts of Kubernetes: Vault gives a token for that of the account, which the kubelet
    /// replaces. It is read for each login.
    ///
    /// - Parameters:
    ///   - role: the role of the auth method.
    ///   - readToken: reads the token of the service account.
    ///   - mount: the path of the auth method, below `auth/`.
    case kubernetes(role: String, readToken: Read, mount: String = "kubernetes")
}
