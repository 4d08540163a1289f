import NIOPosix
package import NIOSSL
import Synchronization

/// The certificate authorities that servers are trusted by, in place of those of the system: `ca_file`. They are read again
/// for each exchange, so that a change counts for the next one.
package final class CertificateAuthorities: Sendable {
    /// A text in PEM, and where it is from.
    struct Source: Sendable, Equatable {
        let octets: [UInt8]
        /// Begins an error about the text: `SSL_CERT_FILE: `.
        var name = ""
        /// Whether a text that does not parse is skipped, and no reason to trust no server at all.
        var isOptional = false
    }

    private struct Parsed {
        let sources: [Source]
        let certificates: [NIOSSLCertificate]
    }

    private let name: String
    private let read: @Sendable () throws -> [Source]
    private let last = Mutex<Parsed?>(nil)

    /// - Parameter read: reads the certificates, texts in PEM. It may block. Its error is a reason for operators.
    package convenience init(_ read: @escaping @Sendable () throws -> [[UInt8]]) {
        self.init(name: "") { try read().map { Source(octets: $0) } }
    }

    /// - Parameter name: begins the error for sources without a certificate.
    init(name: String, reading read: @escaping @Sendable () throws -> [Source]) {
        self.name = name
        self.read = read
    }

    /// Reads them, on a thread that may wait for a file.
    func tlsConfiguration() async throws -> TLSConfiguration {
        try await NIOThreadPool.singleton.runIfActive { try self.readConfiguration() }
    }

    /// Reads them. It may block.
    package func readConfiguration() throws(ConnectionFailure) -> TLSConfiguration {
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.trustRoots = .certificates(try certificates())
        return configuration
    }

    /// Reads them, to find out whether they can be used.
    package func check() throws(ConnectionFailure) { _ = try certificates() }

    private func certificates() throws(ConnectionFailure) -> [NIOSSLCertificate] {
        let sources: [Source]
        do { sources = try read() } catch { throw ConnectionFailure(.authorities, "\(error)") }
        if let last = last.withLock({ $0 }), last.sources == sources { return last.certificates }
        var certificates: [NIOSSLCertificate] = []
        for source in sources {
            do { certificates += try NIOSSLCertificate.fromPEMBytes(source.octets) } catch {
                if source.isOptional { continue }
                throw ConnectionFailure(.authorities, "\(source.name)a certificate in PEM does not parse")
            }
        }
        guard !certificates.isEmpty else {
            throw ConnectionFailure(.authorities, "\(name)there is no certificate in PEM")
        }
        last.withLock { $0 = Parsed(sources: sources, certificates: certificates) }
        return certificates
    }
}
