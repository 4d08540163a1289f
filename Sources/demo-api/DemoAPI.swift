import AccessToken
import ArgumentParser
import Hummingbird
import TokenVerifier
import TokenVerifierHummingbird

/// A resource server with one route, which requires a token with the scope `site.read`.
@main
struct DemoAPI: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "demo-api")

    @Option(help: "The issuer whose tokens are accepted.")
    var issuer = "http://127.0.0.1:8080"

    @Option(help: "The audience that a token must name: the identifier of this API.")
    var audience = "https://api.example.com"

    @Option(help: "The tolerated difference between the clocks of issuer and API, in seconds.")
    var leeway = 30

    @Option(help: "The address to listen on.")
    var host = "127.0.0.1"

    @Option(help: "The port to listen on.")
    var port = 8090

    func run() async throws {
        let issuer = try Issuer(issuer)
        let verifier = AccessTokenVerifier(
            issuer: issuer, audience: try Audience(audience), keys: .discovery(from: issuer),
            leeway: .seconds(leeway))

        let router = Router(context: BasicAccessTokenRequestContext.self)
        router.add(middleware: BearerTokenMiddleware(verifier, requiring: try Scope("site.read")))
        router.get("/site") { _, context in
            "Hello, \(context.accessToken?.claims.clientID?.description ?? "nobody").\n"
        }
        let application = Application(
            router: router, configuration: ApplicationConfiguration(address: .hostname(host, port: port)))
        try await application.runService()
    }
}
