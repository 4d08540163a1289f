import Synchronization

/// Holds what the service shows to those who connect. It is replaced apart from the snapshots: what is wrong with a certificate
/// must not keep a removed client in, nor what is wrong with a client keep an old certificate in use.
final class TLSIdentityStore: Sendable {
    private let configuration: ServiceConfiguration
    private let identity: Mutex<TLSIdentity?>

    /// - Throws: what is wrong with the files.
    init(_ configuration: ServiceConfiguration) throws(InvalidConfiguration) {
        self.configuration = configuration
        identity = Mutex(try configuration.tlsIdentity())
    }

    /// nil where the service does not end TLS.
    var current: TLSIdentity? { identity.withLock { $0 } }

    /// Reads the files again.
    ///
    /// - Returns: what is wrong with them; then the old identity stays.
    func reload() -> [Problem] {
        do throws(InvalidConfiguration) {
            let new = try configuration.tlsIdentity(former: current)
            identity.withLock { $0 = new }
            return []
        } catch {
            return error.problems
        }
    }
}
