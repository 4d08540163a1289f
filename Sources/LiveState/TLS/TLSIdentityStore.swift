import ServiceFiles
import Synchronization

/// Holds the identity for new connections. It is replaced separately from the snapshots: an invalid certificate must not keep
/// a removed client in use, and an invalid client must not keep an old certificate in use.
package final class TLSIdentityStore: Sendable {
    private let configuration: ServiceConfiguration
    private let identity: Mutex<TLSIdentity?>

    /// - Throws: all problems with the files.
    init(_ configuration: ServiceConfiguration) throws(InvalidConfiguration) {
        self.configuration = configuration
        var problems: [Problem] = []
        let identity = InvalidConfiguration.collect(&problems) { () throws(InvalidConfiguration) in
            try configuration.tlsIdentity()
        }
        guard problems.isEmpty else { throw InvalidConfiguration(problems) }
        self.identity = Mutex(identity ?? nil)
    }

    /// The identity for new connections, or `nil` if the service does not end TLS.
    package var current: TLSIdentity? { identity.withLock { $0 } }

    /// Reloads the files.
    ///
    /// - Returns: the problems with the files. What has one stays in use as it was.
    func reload() -> [Problem] {
        var problems: [Problem] = []
        InvalidConfiguration.collect(&problems) { () throws(InvalidConfiguration) in
            let new = try configuration.tlsIdentity(former: current)
            identity.withLock { $0 = new }
        }
        return problems
    }
}
