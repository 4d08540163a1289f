import AccessToken
import Libcrypto
import NIOSSL
import SystemPackage

/// What the service shows to those who connect: its certificates, and the private key that goes with the first of them.
final class TLSIdentity: Sendable {
    /// RFC 9325: TLS 1.2 and 1.3, and of 1.2 what has forward secrecy and authenticated encryption.
    let configuration: TLSConfiguration
    /// When the first certificate ends (`notAfter`, RFC 5280 section 4.1.2.5).
    let end: NumericDate

    /// - Throws: what is wrong with either file, or with both together.
    init(certificate: FilePath, privateKey: FilePath) throws(InvalidConfiguration) {
        var problems: [Problem] = []
        let chain = Self.read(certificate, isSecret: false, &problems, ifUnusable: "is no certificate in PEM") {
            octets in
            let chain = try NIOSSLCertificate.fromPEMBytes(octets)
            return chain.isEmpty ? nil : chain
        }
        let key = Self.read(
            privateKey, isSecret: true, &problems, ifUnusable: "is no private key in PEM, or an encrypted one"
        ) {
            try NIOSSLPrivateKey(bytes: $0, format: .pem)
        }
        guard let chain, let key else { throw InvalidConfiguration(problems) }
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: chain.map { .certificate($0) }, privateKey: .privateKey(key))
        configuration.minimumTLSVersion = .tlsv12
        configuration.cipherSuiteValues = Self.cipherSuites
        // The only place where a key and a certificate are held against each other.
        guard (try? NIOSSLContext(configuration: configuration)) != nil else {
            throw InvalidConfiguration([
                Problem(
                    .file(privateKey.string, line: nil), "is not the key of the first certificate in \(certificate)")
            ])
        }
        self.configuration = configuration
        end = NumericDate(Int64(chain[0].notValidAfter))
    }

    /// Of TLS 1.2; those of 1.3 are all good.
    private static let cipherSuites: [NIOTLSCipher] = [
        .TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, .TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
        .TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, .TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
        .TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256, .TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
    ]

    /// - Parameter parse: throws, or gives nil, for what is `message`.
    private static func read<Value>(
        _ path: FilePath, isSecret: Bool, _ problems: inout [Problem], ifUnusable message: String,
        _ parse: ([UInt8]) throws -> Value?
    ) -> Value? {
        let place = Problem.Place.file(path.string, line: nil)
        do {
            let value = try KeyFile.contents(of: path, isSecret: isSecret).withBytes { bytes in
                try? parse(
                    [UInt8](capacity: bytes.count) { octets in
                        for index in bytes.indices { octets.append(bytes[index]) }
                    })
            }
            if let value { return value }
            problems.append(Problem(place, message))
        } catch let error as KeyFileError {
            problems.append(Problem(place, error.description, hint: error.hint(for: path)))
        } catch {
            problems.append(Problem(place, "cannot be read: \(error)"))
        }
        return nil
    }
}

extension ServiceConfiguration {
    /// nil where the service does not end TLS.
    func tlsIdentity() throws(InvalidConfiguration) -> TLSIdentity? {
        guard case .here(let certificate, let privateKey) = tls else { return nil }
        return try TLSIdentity(certificate: certificate, privateKey: privateKey)
    }
}
