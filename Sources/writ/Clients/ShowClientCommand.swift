import AccessToken
import ArgumentParser
import JOSE
import OAuth
import ServiceFiles

extension ClientsCommand {
    struct Show: ParsableCommand, ExemplaryCommand {
        static let configuration = CommandConfiguration(commandName: "show", abstract: "Show one client.")

        static let examples = ["writ clients show demo"]

        @OptionGroup var configurationOption: ConfigurationOption

        @Argument(help: "The client identifier.")
        var id: String

        @Flag(help: "Print one JSON object.")
        var json = false

        func run() throws {
            let id = try ClientsCommand.id(id)
            let configuration = try configurationOption.read()
            let reading = try configuration.clients.read(context: configuration.clientsContextToShow)
            let client = try reading.client(id)
            let isDisabled = reading.disabled.contains(client)
            if json {
                var writer = JSONWriter()
                client.write(to: &writer, isDisabled: isDisabled)
                Terminal.print(writer)
            } else {
                let place = reading.place(of: id).map { [["file", "\($0)"]] } ?? []
                let state = isDisabled ? [["disabled", "true"]] : []
                Terminal.print(Terminal.table(Self.rows(client, configuration) + state + place))
            }
        }

        private static func rows(_ client: Client, _ configuration: ServiceConfiguration) -> [[String]] {
            var rows = [["client_id", client.id.description]]
            if let name = client.name { rows.append(["client_name", name]) }
            rows.append(["methods", client.authenticationMethods.map(\.rawValue).joined(separator: " ")])
            for secret in client.secrets { rows.append(["secret", "\(secret.kind), \(secret.end)"]) }
            switch client.keys {
            case .fixed(let keys): rows += keys.keys.map { ["key", $0.keyID.map { "kid \($0)" } ?? "without kid"] }
            case .remote(let location):
                rows.append(["jwks_uri", location.url])
                if let caFile = location.caFile { rows.append(["ca_file", caFile]) }
            case nil: break
            }
            rows += client.identities.map { ["identity", $0.description] }
            rows += client.copiedClaims.map { ["claim", "\($0.name) from \($0.path)"] }
            rows += client.certificateRows
            if client.keys != nil {
                let rules = client.assertionRules.over(configuration.assertionRules)
                let use = rules.isSingleUse ? "accepted once" : "accepted until they expire"
                rows.append(["assertions", "\(DurationText.format(rules.longestLifetime)) at most, \(use)"])
            }
            rows.append(["grant_types", client.grantTypes.map(\.rawValue).sorted().joined(separator: " ")])
            rows.append(["scope", client.scope.description])
            rows += client.resources.map { ["resource", $0.description] }
            rows += client.audiences.map { ["audience", $0.description] }
            if client.tokenShape != .standard { rows.append(["token_shape", client.tokenShape.text]) }
            let lifetime = client.accessTokenLifetime ?? configuration.accessTokenLifetime
            rows.append(["access_token_lifetime", DurationText.format(lifetime)])
            let reuse = client.accessTokenReuse ?? configuration.accessTokenReuse
            if reuse > .zero { rows.append(["access_token_reuse", DurationText.format(reuse)]) }
            if let limit = client.requestsPerMinute { rows.append(["requests_per_minute", String(limit)]) }
            rows += client.revocationRows
            if client.requiresProof { rows.append(["dpop_bound_access_tokens", "true"]) }
            return rows + client.introspection.texts.map { ["introspect", $0] }
        }
    }
}
