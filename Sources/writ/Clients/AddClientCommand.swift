import AccessToken
import ArgumentParser
import JOSE
import OAuth
import ServiceFiles
import SystemPackage

extension ClientsCommand {
    struct Add: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "add", abstract: "Add a client and print its secret, once.",
            discussion: "With --jwks or --jwks-uri it has no secret: it signs assertions with its own key (RFC 7523).")

        @OptionGroup var configurationOption: ConfigurationOption

        @Argument(help: "The client identifier.")
        var id: String

        @Option(help: "A human-readable name.")
        var name: String?

        @Option(help: "The scope that it may request: scope tokens, separated by spaces.")
        var scope = ""

        @Option(help: "A resource that it may request; the first is the default. May be repeated.")
        var resource: [String] = []

        @Option(help: "A grant type that it may use besides client_credentials: refresh_token. May be repeated.")
        var grantType: [String] = []

        @Option(help: ArgumentHelp("A file with its public keys: a JWK Set or PEM.", valueName: "file"))
        var jwks: String?

        @Option(help: ArgumentHelp("The URL of its public keys: a JWK Set.", valueName: "url"))
        var jwksURI: String?

        @Flag(help: "Allow it to introspect tokens: for a resource server (RFC 7662).")
        var introspect = false

        @Flag(help: "Print one JSON object.")
        var json = false

        func validate() throws {
            if jwks != nil && jwksURI != nil { throw ValidationError("--jwks and --jwks-uri exclude each other") }
        }

        func run() throws {
            let id = try ClientsCommand.id(id)
            let scope = try OptionValue.parse(scope, "--scope", Scope.init)
            let resources = try resource.map {
                try OptionValue.parse($0, "--resource") { text throws(InvalidValue) in try Audience(text) }
            }
            let configuration = try configurationOption.read()
            let secret = try GeneratedClientSecret()
            let keys = try keys()
            try configuration.clientsEditor.add(
                NewClient(
                    id: id, name: name, credential: keys ?? .secret(secret.hash),
                    grantTypes: try grantTypes(),
                    scope: scope, resources: resources, mayIntrospect: introspect))
            if keys == nil { secret.show(for: id, scope: scope, asJSON: json) } else { show(id, scope) }
        }

        /// `client_credentials` is always included: no other grant issues a first refresh token.
        private func grantTypes() throws -> [GrantType] {
            let others = try grantType.map { try OptionValue.parse($0, "--grant-type", GrantType.init(parsing:)) }
            return [.clientCredentials] + GrantType.allCases.filter { $0 != .clientCredentials && others.contains($0) }
        }

        private func keys() throws -> NewClient.Credential? {
            if let jwksURI {
                guard TransportSecurity.isAcceptable(jwksURI) else {
                    throw ValidationError("--jwks-uri is neither https nor http on a loopback host")
                }
                return .keysURL(jwksURI)
            }
            return try jwks.map { .keys(try ClientKeysFile.read(FilePath($0))) }
        }

        /// Prints a client that has no secret.
        private func show(_ id: ClientID, _ scope: Scope) {
            guard json else { return Terminal.print("client_id      \(id)") }
            var writer = JSONWriter()
            writer.object { object in
                object.member("client_id", id.description)
                object.member("token_endpoint_auth_method", TokenEndpointAuthenticationMethod.privateKeyJWT.rawValue)
                object.member("scope", scope.description)
            }
            Terminal.print(writer)
        }
    }
}
