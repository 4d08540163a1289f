package import AccessToken
import Libcrypto
import NIOCore
package import NIOSSL
package import ServiceFiles
import Synchronization
import SystemPackage

/// The certificate chain that the service presents to clients, with the private key of the first certificate.
package final class TLSIdentity: Sendable {
    /// For connections with HTTP/2 or HTTP/1.1. RFC 9325: TLS 1.3, and TLS 1.2 with the cipher suites that have forward
    /// secrecy and authenticated encryption.
    package let context: NIOSSLContext
    /// When the first certificate expires (`notAfter`, RFC 5280 section 4.1.2.5).
    package let end: NumericDate

    /// The digests of both files. Two identities with the same digests are equal.
    private let digest: [UInt8]

    /// - Parameter former: returned if the files are unchanged, so that connections continue to use it.
    /// - Throws: all problems with either file, or with both together.
    static func load(
        certificate: FilePath, privateKey: FilePath, _ access: FileAccess, former: TLSIdentity?
    ) throws(InvalidConfiguration) -> TLSIdentity {
        var problems: [Problem] = []
        let certificateFile = contents(of: certificate, isSecret: false, access, &problems)
        let keyFile = contents(of: privateKey, isSecret: true, access, &problems)
        guard let certificateFile, let keyFile else { throw InvalidConfiguration(problems) }
        if let former, let digest = try? digest(of: certificateFile, keyFile), digest == former.digest { return former }
        return try TLSIdentity(certificate, certificateFile, privateKey, keyFile)
    }

    private init(
        _ certificate: FilePath, _ certificateFile: SecretBytes, _ privateKey: FilePath, _ keyFile: SecretBytes
    ) throws(InvalidConfiguration) {
        var problems: [Problem] = []
        let chain = try? NIOSSLCertificate.fromPEMBytes(Self.octets(of: certificateFile))
        if chain?.isEmpty ?? true { problems.append(Problem(Self.place(certificate), "is not a PEM certificate")) }
        let key = try? NIOSSLPrivateKey(bytes: Self.octets(of: keyFile), format: .pem)
        if key == nil {
            problems.append(Problem(Self.place(privateKey), "is not a PEM private key, or is encrypted"))
        }
        guard let chain, let first = chain.first, let key else { throw InvalidConfiguration(problems) }
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: chain.map { .certificate($0) }, privateKey: .privateKey(key))
        configuration.minimumTLSVersion = .tlsv12
        configuration.cipherSuiteValues = Self.cipherSuites
        configuration.applicationProtocols = ["h2", "http/1.1"]
        configuration.shutdownTimeout = .seconds(1)
        // Only a context checks that the key belongs to the certificate.
        guard let context = try? NIOSSLContext(configuration: configuration),
            let digest = try? Self.digest(of: certificateFile, keyFile)
        else {
            let message = "is not the key of the first certificate in \(certificate), or cannot be used with it"
            throw InvalidConfiguration([Problem(Self.place(privateKey), message)])
        }
        self.context = context
        self.digest = digest
        end = NumericDate(Int64(first.notValidAfter))
    }

    /// The cipher suites of TLS 1.2. Those of TLS 1.3 are all secure.
    private static let cipherSuites: [NIOTLSCipher] = [
        .TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, .TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
        .TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, .TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
        .TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256, .TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
    ]

    private static func place(_ path: FilePath) -> Problem.Place { .file(path.string, line: nil) }

    private static func contents(
        of path: FilePath, isSecret: Bool, _ access: FileAccess, _ problems: inout [Problem]
    ) -> SecretBytes? {
        do { return try KeyFile.contents(of: path, isSecret: isSecret, access) } catch {
            problems.append(KeyFile.problem(with: path, error))
            return nil
        }
    }

    /// A copy for BoringSSL, which accepts only arrays.
    private static func octets(of file: SecretBytes) -> [UInt8] {
        file.withBytes { bytes in
            [UInt8](capacity: bytes.count) { octets in
                for index in bytes.indices { octets.append(bytes[index]) }
            }
        }
    }

    private static func digest(of first: SecretBytes, _ second: SecretBytes) throws(LibcryptoError) -> [UInt8] {
        try first.withBytes { (bytes) throws(LibcryptoError) in try HashFunction.sha256.digest(of: bytes) }
            + second.withBytes { (bytes) throws(LibcryptoError) in try HashFunction.sha256.digest(of: bytes) }
    }
}

extension ServiceConfiguration {
    /// Loads the TLS identity, or returns `nil` if the service does not end TLS.
    package func tlsIdentity(former: TLSIdentity? = nil) throws(InvalidConfiguration) -> TLSIdentity? {
        guard case .here(let certificate, let privateKey) = tls else { return nil }
        return try TLSIdentity.load(certificate: certificate, privateKey: privateKey, access, former: former)
    }
}

/// Holds the identity for new connections. It is replaced separately from the snapshots: an invalid certificate must
/// not keep a removed client in use, and an invalid client must not keep an old certificate in use.
package final class TLSIdentityStore: Sendable {
    private let configuration: ServiceConfiguration
    private let identity: Mutex<TLSIdentity?>

    /// - Throws: all problems with the files.
    init(_ configuration: ServiceConfiguration) throws(InvalidConfiguration) {
        self.configuration = configuration
        identity = Mutex(try configuration.tlsIdentity())
    }

    /// The identity for new connections, or `nil` if the service does not end TLS.
    package var current: TLSIdentity? { identity.withLock { $0 } }

    /// Reloads the files.
    ///
    /// - Returns: the problems with the files. If there are any, the old identity stays in use.
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
