import AccessToken
import ArgumentParser
import Foundation
import JOSE
import OAuth
import ServiceFiles
import SystemPackage

extension ClientsCommand {
    struct Add: ParsableCommand, ExemplaryCommand {
        static let configuration = CommandConfiguration(
            commandName: "add", abstract: "Add a client and print its secret, once.",
            discussion: """
                With --jwks or --jwks-uri it has no secret: it signs assertions with its own key (RFC 7523). With --identity it \
                has none either: a token of the platform that it runs on says which client it is. With --certificate-subject or \
                --certificate its TLS certificate is its credential (RFC 8705).
                """)

        static let examples = [
            "writ clients add reporting --scope site.read --resource https://api.example.com",
            "writ clients add job --scope site.read --jwks job.pub.pem",
            "writ clients add courier --scope site.read --dpop-bound",
            "writ clients add deploy --scope site.read --identity issuer=github,repository_id=456",
            "writ clients add mesh --scope site.read --certificate-subject san_uri=spiffe://example.org/mesh",
        ]

        @OptionGroup var configurationOption: ConfigurationOption

        @Argument(help: "The client identifier.")
        var id: String

        @Option(help: "A human-readable name.")
        var name: String?

        @Option(help: "The scope that it may request: scope tokens, separated by spaces.")
        var scope = ""

        @Option(help: "A resource that it may request; the first is the default. May be repeated.")
        var resource: [String] = []

        @Option(help: "A name that is no URI and that it may request as audience, such as rabbitmq. May be repeated.")
        var audience: [String] = []

        @Option(
            help: ArgumentHelp(
                "A grant type that it may use besides client_credentials: refresh_token, or \(GrantType.jwtBearer.rawValue). "
                    + "May be repeated."))
        var grantType: [String] = []

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
            help:
                "Require a DPoP proof of each of its token requests, so that its tokens are bound to its key (RFC 9449)."
        )
        var dpopBound = false

        @Option(
            help: ArgumentHelp(
                "The subject of its certificate, which an authority of tls.client_ca signs: subject_dn=, san_dns=, san_uri=, "
                    + "san_ip= or san_email= and the value.", valueName: "subject"))
        var certificateSubject: String?

        @Option(help: ArgumentHelp("A file with its self-signed certificate in PEM.", valueName: "file"))
        var certificate: String?

        @Flag(help: "Bind its access tokens to the certificate that it presents (RFC 8705).")
        var certificateBound = false

        @Flag(help: "Allow it to introspect tokens: for a resource server (RFC 7662).")
        var introspect = false

        @Flag(help: "Print one JSON object.")
        var json = false

        func validate() throws {
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

        func run() throws {
            let id = try ClientsCommand.id(id)
            let scope = try OptionValue.parse(scope, "--scope", Scope.init)
            let resources = try resource.map { try OptionValue.parse($0, "--resource", Audience.init(resource:)) }
            let audiences = try audience.map { try OptionValue.parse($0, "--audience", Audience.init(name:)) }
            let configuration = try configurationOption.read()
            let secret = try GeneratedClientSecret()
            try check(against: configuration)
            let keys = try keys() ?? identities(configuration) ?? certificateCredential()
            try configuration.clientsEditor.add(
                NewClient(
                    id: id, name: name, credential: keys ?? .secret(secret.hash),
                    grantTypes: try grantTypes(),
                    scope: scope, resources: resources, audiences: audiences, requiresProof: dpopBound,
                    bindsAccessTokens: certificateBound,
                    mayIntrospect: introspect), now: .now)
            if keys == nil { secret.show(for: id, scope: scope, asJSON: json) } else { show(id, scope) }
            if keys == nil, let warning = id.colonWarning {
                Terminal.warn("client_id \(warning.message)", hint: warning.hint)
            }
        }

        /// Says in the words of the options what the profile forbids. The rest is checked as the file will have it.
        private func check(against configuration: ServiceConfiguration) throws {
            guard configuration.profile != .standard else { return }
            let forbids = configuration.profile.forbids
            if jwks == nil, jwksURI == nil, certificateSubject == nil, certificate == nil {
                let credential = identity.isEmpty ? "a secret" : "an identity of its platform"
                throw Failure(
                    "the client would have \(credential), \(forbids)",
                    hint: "--jwks, --jwks-uri, --certificate-subject or --certificate")
            }
            guard dpopBound || certificateBound || configuration.bindsTokensToCertificates else {
                throw Failure(
                    "the client would have bearer tokens, \(forbids)", hint: "--dpop-bound or --certificate-bound")
            }
        }

        /// `client_credentials` is always included: no other grant issues a first refresh token.
        private func grantTypes() throws -> [GrantType] {
            let others = try grantType.map { try OptionValue.parse($0, "--grant-type", GrantType.init(parsing:)) }
            return [.clientCredentials] + GrantType.allCases.filter { $0 != .clientCredentials && others.contains($0) }
        }

        /// The identities, checked against the trusted issuers.
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
                    try OptionValue.parse(certificateSubject, "--certificate-subject", CertificateSubject.init(option:))
                )
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

        private var method: TokenEndpointAuthenticationMethod {
            if certificateSubject != nil { return .tlsClientAuth }
            return certificate == nil ? .privateKeyJWT : .selfSignedTLSClientAuth
        }

        /// Prints a client that has no secret.
        private func show(_ id: ClientID, _ scope: Scope) {
            guard json else { return Terminal.print("client_id      \(id)") }
            var writer = JSONWriter()
            writer.object { object in
                object.member("client_id", id.description)
                if identity.isEmpty {
                    object.member("token_endpoint_auth_method", method.rawValue)
                } else {
                    object.member("identities", identity)
                }
                object.member("scope", scope.description)
            }
            Terminal.print(writer)
        }
    }
}
