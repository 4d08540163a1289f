import AccessToken
import ArgumentParser
import JOSE
import TokenSource

extension TokenCommand {
    struct Introspect: AsyncParsableCommand, ExemplaryCommand {
        static let configuration = CommandConfiguration(
            commandName: "introspect", abstract: "Ask the issuer whether a token is active (RFC 7662).",
            discussion:
                """
                The client must be allowed to introspect. Its secret is read from --secret-file or WRIT_CLIENT_SECRET, \
                never from an argument.
                """)

        static let examples = [
            "writ token introspect --issuer http://127.0.0.1:8080 --client-id api --secret-file api.txt < token.txt"
        ]

        @Argument(help: "The token. Without it, standard input is read.")
        var token: String?

        @Option(help: "The issuer. The introspection endpoint is that of its metadata.")
        var issuer: String

        @OptionGroup var credentialOptions: CredentialOptions

        @OptionGroup var authoritiesOption: AuthoritiesOption

        func run() async throws {
            let issuer = try OptionValue.parse(issuer, "--issuer", Issuer.init)
            // A secret that comes on standard input comes before nothing else.
            let credential = try credentialOptions.credential()
            let token = try token ?? Terminal.readToken()
            guard !token.isEmpty else { throw Failure("there is no token") }
            let member = "introspection_endpoint"
            let endpoint = IssuerEndpoint(named: member, of: issuer, credential, through: authoritiesOption.http())
            let answer: JSONObject
            do throws(TokenSourceError) {
                answer = try await endpoint.post([(name: "token", value: token)])
            } catch {
                throw Failure(error, at: member, of: issuer)
            }
            var writer = JSONWriter()
            writer.value(.object(answer))
            Terminal.print(writer)
        }
    }
}
