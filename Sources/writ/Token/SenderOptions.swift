import AccessToken
import ArgumentParser
import TokenVerifier

/// What the sender of a token has shown beside it, for a token that is bound to a key.
struct SenderOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "A file with the DPoP proof of the request (RFC 9449), which needs --method and --url.", valueName: "file"))
    var proof: String?

    @Option(help: "The method of the request with the proof.")
    var method: String?

    @Option(help: "The URL of the request with the proof.")
    var url: String?

    @Option(
        help: ArgumentHelp("A file with the certificate, in PEM, that the client has shown in TLS.", valueName: "file"))
    var certificate: String?

    func validate() throws {
        guard (proof == nil) == (method == nil), (proof == nil) == (url == nil) else {
            throw ValidationError("--proof, --method and --url belong together")
        }
    }

    /// The scheme with which a request presents the token.
    var scheme: AuthorizationScheme { proof == nil ? .bearer : .dpop }

    /// What a token must be bound to, for the options to show anything.
    var rules: ConfirmationRules { ConfirmationRules(required: certificate == nil ? nil : .certificate) }

    func request() throws -> ProtectedResourceRequest {
        let certificate = try certificate.map { path in
            let pem = try TextFile.read(path)
            do throws(InvalidValue) { return try ClientCertificate(pem: pem) } catch {
                throw Failure("\(path) \(error)")
            }
        }
        return ProtectedResourceRequest(
            method: method ?? "", url: url, authorization: [], dpop: try proof.map { [try TextFile.read($0)] } ?? [],
            clientCertificate: certificate)
    }
}
