/// The parts of the state that are replaced apart: what is wrong with one keeps no other as it was.
package enum StatePart: String, Sendable, CaseIterable {
    /// The settings that can change while the service runs.
    case configuration
    case keys
    /// Before clients, whose identities name issuers.
    case issuers
    case clients
    case tls
}
