package import AccessToken
import Libcrypto
import NIOCore
package import NIOSSL
package import ServiceFiles
import SystemPackage

/// The certificate chain that the service presents to clients, with the private key of the first certificate.
package final class TLSIdentity: Sendable {
    /// For connections with HTTP/2 or HTTP/1.1. RFC 9325: TLS 1.3, and TLS 1.2 with the cipher suites that have forward
    /// secrecy and authenticated encryption.
    package let context: NIOSSLContext
    /// The same, and clients are asked for certificates. Every one is accepted: ``ClientAuthorities`` verifies it for each
    /// request that needs it. Sessions of the other context are not resumed here.
    package let contextWithCertificates: NIOSSLContext
    /// When the first certificate expires (`notAfter`, RFC 5280 section 4.1.2.5).
    package var end: NumericDate { NumericDate(certificates.first?.end ?? 0) }
    /// The certificates of the file, the service's own first.
    let certificates: [Certificate]
    /// The file of the certificates.
    let certificateFile: FilePath

    private let configuration: TLSConfiguration
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
        let certificates = InvalidConfiguration.collect(&problems) { () throws(InvalidConfiguration) in
            try Self.certificates(certificateFile, certificate)
        }
        let key = InvalidConfiguration.collect(&problems) { () throws(InvalidConfiguration) in
            try Self.key(keyFile, privateKey)
        }
        guard let certificates, let key else { throw InvalidConfiguration(problems) }
        let configuration = Self.configuration(certificates.chain, key)
        // Only a context checks that the key belongs to the certificate.
        guard let context = try? NIOSSLContext(configuration: configuration),
            let contextWithCertificates = try? NIOSSLContext(configuration: configuration.askingForCertificates),
            let digest = try? Self.digest(of: certificateFile, keyFile)
        else {
            let reason = TLSKeyMismatch.reason(keyFile, certificates.parsed, certificate)
            throw InvalidConfiguration([Problem(Self.place(privateKey), reason)])
        }
        self.configuration = configuration
        self.context = context
        self.contextWithCertificates = contextWithCertificates
        self.digest = digest
        self.certificates = certificates.parsed
        self.certificateFile = certificate
    }

    /// With ``contextWithCertificates`` made anew.
    private init(_ other: TLSIdentity, contextWithCertificates: NIOSSLContext) {
        configuration = other.configuration
        context = other.context
        self.contextWithCertificates = contextWithCertificates
        digest = other.digest
        certificates = other.certificates
        certificateFile = other.certificateFile
    }

    /// The same identity, with which no session of a client with a certificate is resumed; `nil` if there is no memory.
    func withoutSessions() -> TLSIdentity? {
        (try? NIOSSLContext(configuration: configuration.askingForCertificates)).map {
            TLSIdentity(self, contextWithCertificates: $0)
        }
    }

    private static func configuration(
        _ chain: [NIOSSLCertificate], _ key: NIOSSLPrivateKey
    ) -> TLSConfiguration {
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: chain.map { .certificate($0) }, privateKey: .privateKey(key))
        configuration.minimumTLSVersion = .tlsv12
        configuration.cipherSuiteValues = cipherSuites
        configuration.applicationProtocols = ["h2", "http/1.1"]
        configuration.shutdownTimeout = .seconds(1)
        return configuration
    }

    private static func certificates(
        _ file: SecretBytes, _ path: FilePath
    ) throws(InvalidConfiguration) -> (parsed: [Certificate], chain: [NIOSSLCertificate]) {
        let parsed: [Certificate]
        do throws(CertificateError) {
            parsed = try file.withBytes { (pem) throws(CertificateError) in try Certificate.readAll(pem: pem) }
        } catch {
            throw InvalidConfiguration([Problem(place(path), error.description)])
        }
        guard let chain = try? NIOSSLCertificate.fromPEMBytes(octets(of: file)), !chain.isEmpty else {
            throw InvalidConfiguration([Problem(place(path), "is not a certificate that TLS can use")])
        }
        return (parsed, chain)
    }

    private static func key(_ file: SecretBytes, _ path: FilePath) throws(InvalidConfiguration) -> NIOSSLPrivateKey {
        if let key = try? NIOSSLPrivateKey(bytes: octets(of: file), format: .pem) { return key }
        do throws(KeyError) { _ = try PrivateKey(pem: file) } catch {
            let hint = error == .encrypted ? "openssl pkey -in \(path) decrypts it; chmod 600 the result" : error.hint
            throw InvalidConfiguration([Problem(place(path), error.description, hint: hint)])
        }
        throw InvalidConfiguration([Problem(place(path), "is a kind of key that TLS cannot use here")])
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

extension TLSConfiguration {
    /// The same, and clients are asked for certificates. Those of no authority are accepted too: there is no trust root, and
    /// the listener does not use BoringSSL's verification.
    fileprivate var askingForCertificates: TLSConfiguration {
        var configuration = self
        configuration.certificateVerification = .optionalVerification
        configuration.trustRoots = .certificates([])
        return configuration
    }
}

extension ServiceConfiguration {
    /// Loads the TLS identity, or returns `nil` if the service does not end TLS.
    package func tlsIdentity(former: TLSIdentity? = nil) throws(InvalidConfiguration) -> TLSIdentity? {
        guard case .here(let certificate, let privateKey) = tls else { return nil }
        return try TLSIdentity.load(certificate: certificate, privateKey: privateKey, access, former: former)
    }
}
