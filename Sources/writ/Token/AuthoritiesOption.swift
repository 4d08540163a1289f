import ArgumentParser
import RemoteKeys
import ServiceFiles
import SystemPackage

/// The certificate authorities of the servers that a command talks to.
struct AuthoritiesOption: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "A file with the certificates, in PEM, of the authorities that the server is trusted by.",
            discussion: "Without it those of SSL_CERT_FILE and SSL_CERT_DIR, else those of the system.",
            valueName: "file"))
    var caFile: String?

    /// - Parameter configuration: names a file too, which counts if the option is not given.
    func http(_ configuration: ServiceConfiguration? = nil) -> OutgoingHTTP {
        let file =
            caFile.map { CertificateAuthoritiesFile(FilePath($0), .command) } ?? configuration?.certificateAuthorities
        return .writ(trusting: file.map { file in CertificateAuthorities { [try file.contents()] } })
    }
}
