import NIOSSL

/// The certificates that a client presents in one handshake, RFC 8446 section 4.4.2. The handshake proves that the client has
/// the key of the first one, and any certificate is accepted: which of them a client may use is not decided here.
final class ClientCertificates {
    /// The most certificates, and octets of them, that a client may present.
    private static let most = 10
    private static let mostOctets = 32 * 1024

    /// In DER, the client's own first; empty on a resumed connection, and if the client presented none.
    private(set) var presented: [[UInt8]] = []

    /// BoringSSL keeps the certificates of a client with each session of TLS 1.2 that has no ticket, for 20,480 sessions. No
    /// budget has that memory, so a certificate needs TLS 1.3, whose sessions are tickets. It is encrypted there, too.
    ///
    /// - Returns: false if there are too many, or in an earlier version of TLS.
    func accept(_ certificates: [NIOSSLCertificate], _ version: TLSVersion?) -> Bool {
        guard version == .tlsv13, certificates.count <= Self.most else { return false }
        let octets = certificates.compactMap { try? $0.toDERBytes() }
        guard octets.count == certificates.count, octets.reduce(0, { $0 + $1.count }) <= Self.mostOctets else {
            return false
        }
        presented = octets
        return true
    }
}
