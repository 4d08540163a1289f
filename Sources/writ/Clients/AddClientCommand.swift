import AccessToken
import ArgumentParser
import JOSE
import OAuth
import ServiceFiles

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

        @OptionGroup var options: ClientOptions

        @Option(
            help: ArgumentHelp(
                "The name of the file to add it to, if clients are in a folder of files.", valueName: "file"))
        var into: String?

        @Flag(help: "Check everything, and change nothing.")
        var dryRun = false

        @Flag(help: "Print one JSON object.")
        var json = false

        func run() throws {
            let id = try ClientsCommand.id(id)
            let scope = try options.parsedScope() ?? .empty
            let resources = try options.resources()
            let audiences = try options.audiences()
            let configuration = try configurationOption.read()
            let secret = try GeneratedClientSecret()
            try check(against: configuration)
            let keys = try options.credential(configuration)
            let file = try configuration.clientsEditor.add(
                NewClient(
                    id: id, name: options.name, credential: keys ?? .secret(secret.hash),
                    grantTypes: try options.grantTypes(),
                    scope: scope, resources: resources, audiences: audiences,
                    requiresProof: options.dpopBound == true, bindsAccessTokens: options.certificateBound == true,
                    mayIntrospect: options.introspect == true, accessTokenLifetime: try options.lifetime(),
                    requestsPerMinute: options.requestsPerMinute),
                into: into, isTrial: dryRun, now: .now)
            guard !dryRun else { return Terminal.note("Would add \(id) to \(file).") }
            if keys == nil { secret.show(for: id, scope: scope, asJSON: json) } else { show(id, scope) }
            if keys == nil, let warning = id.colonWarning {
                Terminal.warn("client_id \(warning.message)", hint: warning.hint)
            }
        }

        /// Says in the words of the options what the profile forbids. The rest is checked as the file will have it.
        private func check(against configuration: ServiceConfiguration) throws {
            guard configuration.profile != .standard else { return }
            let forbids = configuration.profile.forbids
            if options.jwks == nil, options.jwksURI == nil, options.certificateSubject == nil,
                options.certificate == nil
            {
                let credential = options.identity.isEmpty ? "a secret" : "an identity of its platform"
                throw Failure(
                    "the client would have \(credential), \(forbids)",
                    hint: "--jwks, --jwks-uri, --certificate-subject or --certificate")
            }
            guard
                options.dpopBound == true || options.certificateBound == true || configuration.bindsTokensToCertificates
            else {
                throw Failure(
                    "the client would have bearer tokens, \(forbids)", hint: "--dpop-bound or --certificate-bound")
            }
        }

        /// Prints a client that has no secret.
        private func show(_ id: ClientID, _ scope: Scope) {
            guard json else { return Terminal.print("client_id      \(id)") }
            var writer = JSONWriter()
            writer.object { object in
                object.member("client_id", id.description)
                if options.identity.isEmpty {
                    object.member("token_endpoint_auth_method", options.method.rawValue)
                } else {
                    object.member("identities", options.identity)
                }
                object.member("scope", scope.description)
            }
            Terminal.print(writer)
        }
    }
}
