import ServiceFiles
import Synchronization

/// Holds the identity for new connections, and the authorities of clients. They are replaced separately from the snapshots:
/// an invalid certificate must not keep a removed client in use, and an invalid client must not keep an old certificate in
/// use.
package final class TLSIdentityStore: Sendable {
    private let configuration: ServiceConfiguration
    private let identity: Mutex<TLSIdentity?>
    private let clientAuthorities: Mutex<ClientAuthorities?>

    /// - Throws: all problems with the files.
    init(_ configuration: ServiceConfiguration) throws(InvalidConfiguration) {
        self.configuration = configuration
        var problems: [Problem] = []
        let identity = InvalidConfiguration.collect(&problems) { () throws(InvalidConfiguration) in
            try configuration.tlsIdentity()
        }
        let authorities = InvalidConfiguration.collect(&problems) { () throws(InvalidConfiguration) in
            try configuration.clientAuthorities()
        }
        guard problems.isEmpty else { throw InvalidConfiguration(problems) }
        self.identity = Mutex(identity ?? nil)
        clientAuthorities = Mutex(authorities ?? nil)
    }

    /// The identity for new connections, or `nil` if the service does not end TLS.
    package var current: TLSIdentity? { identity.withLock { $0 } }

    /// The authorities that certificates of clients are verified by, or `nil` if there are none.
    package var currentAuthorities: ClientAuthorities? { clientAuthorities.withLock { $0 } }

    /// Reloads the files.
    ///
    /// - Returns: the problems with the files. What has one stays in use as it was.
    func reload() -> [Problem] {
        var problems: [Problem] = []
        InvalidConfiguration.collect(&problems) { () throws(InvalidConfiguration) in
            let new = try configuration.clientAuthorities(former: currentAuthorities)
            guard new !== currentAuthorities else { return }
            clientAuthorities.withLock { $0 = new }
            // A session of before has the client's own certificate alone, and the new authorities may need the others.
            identity.withLock { $0 = $0?.withoutSessions() ?? $0 }
        }
        InvalidConfiguration.collect(&problems) { () throws(InvalidConfiguration) in
            let new = try configuration.tlsIdentity(former: current)
            identity.withLock { $0 = new }
        }
        return problems
    }
}
