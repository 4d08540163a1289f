import AccessToken
import ArgumentParser
import Foundation
import JOSE
import Libcrypto
import OAuth
import ServiceFiles
import SystemPackage
import TokenSource

/// The client that a command authenticates as, and its credential.
struct CredentialOptions: ParsableArguments {
    @Option(help: "The client identifier.")
    var clientID: String

    @Option(help: ArgumentHelp("A file that contains the secret.", valueName: "file"))
    var secretFile: String?

    @Option(
        help: ArgumentHelp(
            "The client's private key, in PEM: private_key_jwt, or with --certificate the key of that.",
            valueName: "file"))
    var privateKey: String?

    @Option(
        help: ArgumentHelp(
            "The client's certificate for TLS, in PEM: tls_client_auth, or beside --secret-file a certificate to bind the token to.",
            valueName: "file"))
    var certificate: String?

    @Option(help: "The kid of the private key. Default: its RFC 7638 thumbprint.")
    var keyID: String?

    @Option(help: "The signature algorithm: \(SignatureAlgorithm.offeredNames("or")). Default: that of the key.")
    var algorithm: String?

    func credential() throws -> ClientCredential {
        let id = try OptionValue.parse(clientID, "--client-id", ClientID.init)
        if let certificate { return try credential(of: id, with: certificate) }
        if let privateKey { return .signer(try signer(FilePath(privateKey)), of: id) }
        return try .secret(try secret(), of: id)
    }

    /// RFC 8705
    private func credential(of id: ClientID, with certificate: String) throws -> ClientCredential {
        guard let privateKey else {
            throw Failure("--certificate needs the key of the certificate", hint: "--private-key FILE")
        }
        let key = try PrivateKeyFile.read(FilePath(privateKey))
        let isPair: Bool
        let pem = Array(try TextFile.read(certificate).utf8)
        do throws(CertificateError) {
            isPair = try Certificate.readAll(pem: pem.span).first?.isCertificate(of: key) ?? false
        } catch {
            throw Failure("\(certificate): \(error)")
        }
        guard isPair else { throw Failure("\(privateKey) is not the key of the certificate in \(certificate)") }
        guard secretFile != nil else {
            return .certificateFile(certificate, privateKeyFile: privateKey, of: id)
        }
        return try ClientCredential.secret(try secret(), of: id)
            .presenting(certificateFile: certificate, privateKeyFile: privateKey)
    }

    private func signer(_ path: FilePath) throws -> ClientAssertionSigner {
        let algorithm = try algorithm.map {
            try OptionValue.parse($0, "--algorithm", IssuancePolicy.algorithm(named:))
        }
        let key = try PrivateKeyFile.read(path)
        do { return try ClientAssertionSigner(key, algorithm: algorithm, keyID: keyID) } catch {
            throw Failure("the key in \(path) \(error)")
        }
    }

    private func secret() throws -> String {
        if let secretFile { return try SecretFile.read(FilePath(secretFile)) }
        let variable = ProcessInfo.processInfo.environment["WRIT_CLIENT_SECRET"]
        return SecretFile.withoutLineEnds(
            try variable ?? Terminal.readSecret("secret of \(clientID)", limit: SecretFile.maximumSize))
    }
}
