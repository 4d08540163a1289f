import AccessToken
import ArgumentParser
import JOSE
import TokenSource

extension TokenCommand {
    struct Request: AsyncParsableCommand, ExemplaryCommand {
        static let configuration = CommandConfiguration(
            commandName: "request", abstract: "Request an access token with the client credentials grant.",
            discussion:
                """
                The secret is read from --secret-file, WRIT_CLIENT_SECRET or standard input, never from an argument. \
                With --private-key the client signs an assertion instead (RFC 7523), and with --certificate too it \
                authenticates by TLS (RFC 8705). With --dpop the token is bound to a key, and token_type is DPoP.
                """)

        static let examples = [
            "writ token request --issuer http://127.0.0.1:8080 --client-id demo --secret-file secret.txt > token.txt"
        ]

        @Option(help: "The issuer. The token endpoint is that of its metadata.")
        var issuer: String

        @OptionGroup var credentialOptions: CredentialOptions

        @Option(help: "The scope to request. Without it, the whole scope of the client.")
        var scope: String?

        @Option(help: "A resource that the token is for. May be repeated.")
        var resource: [String] = []

        @Option(
            help: ArgumentHelp(
                "A resource server that the token is for, by a name that is no URI. May be repeated.", valueName: "name"
            ))
        var audience: [String] = []

        @OptionGroup var dpopOptions: DPoPOptions

        @OptionGroup var authoritiesOption: AuthoritiesOption

        @Flag(help: "Print the whole answer.")
        var json = false

        func run() async throws {
            let issuer = try OptionValue.parse(issuer, "--issuer", Issuer.init)
            let credential = try credentialOptions.credential()
            let member = "token_endpoint"
            let key = try dpopOptions.key()
            let endpoint = IssuerEndpoint(
                named: member, of: issuer, credential, through: authoritiesOption.http(), boundTo: key)
            do throws(TokenSourceError) {
                let answer = try await endpoint.post(form)
                try show(answer, boundTo: key)
            } catch {
                throw Failure(error, at: member, of: issuer)
            }
            if let key { dpopOptions.note(key) }
        }

        private func show(_ answer: JSONObject, boundTo key: DPoPKey?) throws(TokenSourceError) {
            // A client that asks for a bound token and gets another must not use it.
            if !json || key != nil {
                let token = try TokenAnswer(answer, isBound: key != nil)
                guard json else { return Terminal.print(token.accessToken) }
            }
            var writer = JSONWriter()
            writer.value(.object(answer))
            Terminal.print(writer)
        }

        /// RFC 6749 section 4.4.2. What is malformed is refused by the issuer, with its error.
        private var form: [(name: String, value: String)] {
            var form = [(name: "grant_type", value: "client_credentials")]
            if let scope { form.append((name: "scope", value: scope)) }
            form += resource.map { (name: "resource", value: $0) }
            form += audience.map { (name: "audience", value: $0) }
            return form
        }
    }
}
