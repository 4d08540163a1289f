package import Libcrypto
import NIOPosix
import NIOSSL

/// The certificate and the private key by which this process authenticates in the TLS handshake, RFC 8705 section 2. They are
/// read for each exchange, so that a certificate that is replaced counts for the next one.
package struct ClientIdentity: Sendable {
    /// The certificate, and those that lead from it to its authority, in PEM; and the key in PEM.
    package typealias Files = (certificates: [UInt8], key: SecretBytes)

    private let read: @Sendable () throws -> Files

    /// - Parameter read: reads both. It may block. Its error is a reason for operators.
    package init(_ read: @escaping @Sendable () throws -> Files) { self.read = read }

    /// Adds both to the settings of a connection. They are read on a thread that may wait for a file.
    func configure(_ configuration: inout TLSConfiguration) async throws {
        let read = read
        let (chain, key) = try await NIOThreadPool.singleton.runIfActive { try Self.parse(try Self.files(read)) }
        configuration.certificateChain = chain.map { .certificate($0) }
        configuration.privateKey = .privateKey(key)
    }

    private static func files(_ read: () throws -> Files) throws(ConnectionFailure) -> Files {
        do { return try read() } catch { throw ConnectionFailure(.identity, "\(error)") }
    }

    private static func parse(_ files: Files) throws(ConnectionFailure) -> ([NIOSSLCertificate], NIOSSLPrivateKey) {
        guard let chain = try? NIOSSLCertificate.fromPEMBytes(files.certificates), !chain.isEmpty else {
            throw ConnectionFailure(.identity, "the client's certificate does not parse: it must be PEM")
        }
        var pem = files.key.withBytes { octets in octets.indices.map { octets[$0] } }
        // The copy is overwritten.
        defer { _ = try? SecretBytes(moving: &pem) }
        guard let key = try? NIOSSLPrivateKey(bytes: pem, format: .pem) else {
            throw ConnectionFailure(
                .identity, "the client's private key does not parse: it must be PEM without a passphrase")
        }
        return (chain, key)
    }
}
