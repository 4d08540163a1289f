import OAuth
import RemoteKeys

extension VaultFault {
    /// No answer.
    init(_ failure: ConnectionFailure, _ origin: String) {
        let code: RemoteKeyError.Code = failure.code == .timedOut ? .timedOut : .unavailable
        self.init(RemoteKeyError(code, "Vault at \(origin) gives no answer: \(failure)", hint: failure.code.hint))
    }
}

extension ConnectionFailure.Code {
    /// What an operator can do about it; `nil` for what requests to Vault do not have.
    fileprivate var hint: String? {
        switch self {
        case .refused: "check that Vault runs, and listens at the address and port of the URI"
        case .unknownHost: "check the host of the URI, and that the DNS server of this machine knows it"
        case .timedOut: "check that firewalls and network policies let this machine reach Vault, and the load of Vault"
        case .untrustedCertificate: "name the certificate authority of Vault in vault.ca_file"
        case .wrongName: "name Vault in the URI by a host that its certificate is for"
        case .handshake: "check that the port of the URI is one for TLS; vault+http is for a loopback host without TLS"
        case .closed:
            "check that Vault, or a proxy in front of it, does not end or restart, and that the port is Vault's"
        case .proxy: "check HTTPS_PROXY and NO_PROXY"
        case .authorities: "check vault.ca_file, and without it ca_file"
        case .tooLarge: "a key with some hundred versions is too large: trim it"
        case .other: "check the address and port of the URI, and the network in between"
        case .identity: nil
        }
    }
}
