import AccessToken
import ArgumentParser
import Foundation
import JOSE
import OAuth
import ServiceFiles
import SystemPackage

/// The options that say what a client is, of `clients add` and `clients set`.
struct ClientOptions: ParsableArguments {
    @Option(help: "A human-readable name.")
    var name: String?

    @Option(help: "The scope that it may request: scope tokens, separated by spaces.")
    var scope: String?

    @Option(help: "A resource that it may request; the first is the default. May be repeated.")
    var resource: [String] = []

    @Option(help: "A name that is no URI and that it may request as audience, such as rabbitmq. May be repeated.")
    var audience: [String] = []

    @Option(
        help: ArgumentHelp(
            "A grant type that it may use besides client_credentials: refresh_token, or \(GrantType.jwtBearer.rawValue). "
                + "May be repeated."))
    var grantType: [String] = []

    @Option(help: "How long its access tokens live, such as 5m.")
    var accessTokenLifetime: String?

    @Option(help: "How many token requests it may make in a minute, at each replica.")
    var requestsPerMinute: Int?

    @Option(help: ArgumentHelp("A file with its public keys: a JWK Set or PEM.", valueName: "file"))
    var jwks: String?

    @Option(help: ArgumentHelp("The URL of its public keys: a JWK Set.", valueName: "url"))
    var jwksURI: String?

    @Option(
        help: ArgumentHelp(
            "A file with the certificates of the authorities that the server of its public keys is trusted by.",
            valueName: "file"))
    var caFile: String?

    @Option(
        help: ArgumentHelp(
            "What a token of its platform must say: issuer=NAME of an entry of issuers.yaml, subject=TEXT, CLAIM=TEXT, "
                + "CLAIM:=JSON, separated by commas. May be repeated: each is enough.", valueName: "pins"))
    var identity: [String] = []

    @Flag(
        inversion: .prefixedNo,
        help: "Require a DPoP proof of each of its token requests, so that its tokens are bound to its key (RFC 9449).")
    var dpopBound: Bool?

    @Option(
        help: ArgumentHelp(
            "The subject of its certificate, which an authority of tls.client_ca signs: subject_dn=, san_dns=, san_uri=, "
                + "san_ip= or san_email= and the value.", valueName: "subject"))
    var certificateSubject: String?

    @Option(help: ArgumentHelp("A file with its self-signed certificate in PEM.", valueName: "file"))
    var certificate: String?

    @Flag(inversion: .prefixedNo, help: "Bind its access tokens to the certificate that it presents (RFC 8705).")
    var certificateBound: Bool?

    @Flag(inversion: .prefixedNo, help: "Allow it to introspect tokens: for a resource server (RFC 7662).")
    var introspect: Bool?

    func validate() throws {
        if let requestsPerMinute, !Client.requestRates.contains(requestsPerMinute) {
            throw ValidationError("--requests-per-minute is not between 1 and \(Client.requestRates.upperBound)")
        }
        if jwks != nil && jwksURI != nil { throw ValidationError("--jwks and --jwks-uri exclude each other") }
        if caFile != nil && jwksURI == nil { throw ValidationError("--ca-file comes without --jwks-uri") }
        let others = [certificateSubject, certificate, jwks, jwksURI].compactMap(\.self)
        if certificateSubject != nil || certificate != nil, others.count > 1 || !identity.isEmpty {
            throw ValidationError(
                "--certificate-subject and --certificate exclude each other, --jwks, --jwks-uri and --identity")
        }
        if !identity.isEmpty && (jwks != nil || jwksURI != nil) {
            throw ValidationError("--identity excludes --jwks and --jwks-uri: add the others in the clients file")
        }
    }

    /// `nil` if it is not given.
    func parsedScope() throws -> Scope? { try scope.map { try OptionValue.parse($0, "--scope", Scope.init) } }

    func resources() throws -> [Audience] {
        try resource.map { try OptionValue.parse($0, "--resource", Audience.init(resource:)) }
    }

    func audiences() throws -> [Audience] {
        try audience.map { try OptionValue.parse($0, "--audience", Audience.init(name:)) }
    }

    func lifetime() throws -> Duration? {
        try accessTokenLifetime.map {
            try OptionValue.parse($0, "--access-token-lifetime", DurationText.parseAccessTokenLifetime)
        }
    }

    /// `client_credentials` is always included: no other grant issues a first refresh token.
    func grantTypes() throws -> [GrantType] {
        let others = try grantType.map { try OptionValue.parse($0, "--grant-type", GrantType.init(parsing:)) }
        return [.clientCredentials] + GrantType.allCases.filter { $0 != .clientCredentials && others.contains($0) }
    }

    /// The credential that is not a secret; `nil` if none is given. Identities are checked against the trusted issuers.
    func credential(_ configuration: ServiceConfiguration) throws -> NewClient.Credential? {
        try keys() ?? identities(configuration) ?? certificateCredential()
    }

    private func identities(_ configuration: ServiceConfiguration) throws -> NewClient.Credential? {
        guard !identity.isEmpty else { return nil }
        let identities = try identity.map { try OptionValue.parse($0, "--identity", IdentityText.parse) }
        for warning in try configuration.issuers.read().check(identities, at: .option("--identity")) {
            Terminal.warn(warning)
        }
        return .identities(identities)
    }

    private func certificateCredential() throws -> NewClient.Credential? {
        if let certificateSubject {
            return .certificateSubject(
                try OptionValue.parse(certificateSubject, "--certificate-subject", CertificateSubject.init(option:)))
        }
        return try certificate.map { .certificate(try ClientCertificateFile(FilePath($0))) }
    }

    private func keys() throws -> NewClient.Credential? {
        if let jwksURI {
            guard TransportSecurity.isAcceptable(jwksURI) else {
                throw ValidationError("--jwks-uri is neither https nor http on a loopback host")
            }
            return .keysURL(jwksURI, caFile: try caFile.map(checkedPath))
        }
        return try jwks.map { path in
            let file = try ClientKeysFile(FilePath(path))
            file.warnings.forEach(Terminal.warn)
            return .keys(file.keys)
        }
    }

    /// The path from the root, since those in the clients file are relative to its folder.
    private func checkedPath(_ text: String) throws -> String {
        let path = URL(filePath: text).path(percentEncoded: false)
        _ = try CertificateAuthoritiesFile(FilePath(path), .command).contents()
        return path
    }

    /// The method of a client without a secret.
    var method: TokenEndpointAuthenticationMethod {
        if certificateSubject != nil { return .tlsClientAuth }
        return certificate == nil ? .privateKeyJWT : .selfSignedTLSClientAuth
    }
}
