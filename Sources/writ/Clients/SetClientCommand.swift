import AccessToken
import ArgumentParser
import JOSE
import OAuth
import ServiceFiles

extension ClientsCommand {
    struct Change: ParsableCommand, ExemplaryCommand {
        static let configuration = CommandConfiguration(
            commandName: "set", abstract: "Change a client.",
            discussion: """
                What is not named stays as it is, with comments and order. --resource, --audience and --grant-type replace the \
                whole list. --jwks, --jwks-uri, --identity, --certificate-subject and --certificate replace all credentials of \
                the client, its secrets included. Access tokens that are out keep what they have until they expire: writ \
                clients revoke ends them. --disable ends them too, and the client gets no further ones until --enable.
                """)

        static let examples = [
            "writ clients set reporting --add-scope site.write --dry-run",
            "writ clients set reporting --access-token-lifetime 5m --yes", "writ clients set reporting --disable --yes",
        ]

        @OptionGroup var configurationOption: ConfigurationOption

        @OptionGroup var confirmation: ConfirmationOptions

        @Argument(help: "The client identifier.")
        var id: String

        @OptionGroup var options: ClientOptions

        @Option(help: "Scope tokens that it may request besides its present ones, separated by spaces.")
        var addScope: String?

        @Option(help: "Scope tokens that it may no longer request, separated by spaces.")
        var removeScope: String?

        @Option(
            help: ArgumentHelp(
                "A member to take out of its entry: \(Clearable.allCases.map(\.rawValue).joined(separator: ", ")). May be repeated.",
                valueName: "member"))
        var clear: [Clearable] = []

        @Flag(help: "Give it no further tokens, and revoke those that it has.")
        var disable = false

        @Flag(help: "Give it tokens again.")
        var enable = false

        @Flag(help: "Print one JSON object with what changes.")
        var json = false

        enum Clearable: String, CaseIterable, ExpressibleByArgument {
            case name = "client_name"
            case scope
            case resources
            case audiences
            case grantTypes = "grant_types"
            case lifetime = "access_token_lifetime"
            case requestsPerMinute = "requests_per_minute"

            fileprivate var change: ClientChange {
                switch self {
                case .name: .name(nil)
                case .scope: .scope(.empty)
                case .resources: .resources([])
                case .audiences: .audiences([])
                case .grantTypes: .grantTypes([.clientCredentials])
                case .lifetime: .accessTokenLifetime(nil)
                case .requestsPerMinute: .requestsPerMinute(nil)
                }
            }
        }

        func validate() throws {
            if disable && enable { throw ValidationError("--disable and --enable exclude each other") }
            if options.scope != nil, addScope != nil || removeScope != nil {
                throw ValidationError("--scope excludes --add-scope and --remove-scope")
            }
            if addScope != nil && removeScope != nil {
                throw ValidationError("--add-scope and --remove-scope exclude each other: --scope sets all of it")
            }
        }

        func run() throws {
            let id = try ClientsCommand.id(id)
            let configuration = try configurationOption.read()
            let changes = try changes(configuration)
            guard !changes.isEmpty else {
                throw ValidationError("nothing is said to change: `writ clients set --help` lists the options")
            }
            let editor = configuration.clientsEditor
            let trial = try editor.set(changes, of: id, isTrial: true, now: .now)
            guard !confirmation.dryRun else { return show(trial, "Would change") }
            if disable {
                try confirmation.confirm("Disable \(id)? It gets no further tokens, and its tokens are revoked.")
            } else if try options.credential(configuration) != nil {
                try confirmation.confirm("Replace the credentials of \(id)? Its present ones are refused at once.")
            }
            show(try editor.set(changes, of: id, now: .now), "Changed")
            if disable { try RevocationCheck.checkDisabling(of: id, configuration) }
        }

        private func changes(_ configuration: ServiceConfiguration) throws -> [ClientChange] {
            var changes = clear.map(\.change)
            if let name = options.name { changes.append(.name(name)) }
            if let scope = try options.parsedScope() { changes.append(.scope(scope)) }
            if let addScope { changes.append(.addScope(try OptionValue.parse(addScope, "--add-scope", Scope.init))) }
            if let removeScope {
                changes.append(.removeScope(try OptionValue.parse(removeScope, "--remove-scope", Scope.init)))
            }
            if !options.resource.isEmpty { changes.append(.resources(try options.resources())) }
            if !options.audience.isEmpty { changes.append(.audiences(try options.audiences())) }
            if !options.grantType.isEmpty { changes.append(.grantTypes(try options.grantTypes())) }
            if let lifetime = try options.lifetime() { changes.append(.accessTokenLifetime(lifetime)) }
            if let limit = options.requestsPerMinute { changes.append(.requestsPerMinute(limit)) }
            if let isOn = options.dpopBound { changes.append(.requiresProof(isOn)) }
            if let isOn = options.certificateBound { changes.append(.bindsAccessTokens(isOn)) }
            if let isOn = options.introspect { changes.append(.mayIntrospect(isOn)) }
            if let credential = try options.credential(configuration) { changes.append(.credential(credential)) }
            if disable { changes.append(.disable) }
            if enable { changes.append(.enable) }
            return changes
        }

        private func show(_ difference: ClientDifference, _ verb: String) {
            if json {
                var writer = JSONWriter()
                difference.write(to: &writer)
                Terminal.print(writer)
            } else {
                Terminal.print("\(verb) \(difference.id):\n\(difference.lines.joined(separator: "\n"))")
            }
        }
    }
}
