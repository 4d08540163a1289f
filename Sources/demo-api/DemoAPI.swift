import AccessToken
import ArgumentParser
import Hummingbird
import TokenVerifier
import TokenVerifierHummingbird

/// A resource server with one page, which requires a token with the scope `site.read`, and a form for it that requires
/// `site.write` too.
@main
struct DemoAPI: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "demo-api")

    @Option(help: "The issuer whose tokens are accepted.")
    var issuer = "http://127.0.0.1:8080"

    @Option(help: "The audience that a token must name: the identifier of this API.")
    var audience = "https://api.example.com"

    @Option(
        help: "The URL at which clients reach this API, for DPoP proofs. Default: the address that it listens on.")
    var publicURL: String?

    @Flag(name: .customLong("require-dpop"), help: "Accept no token that is not bound to a DPoP key.")
    var requireDPoP = false

    @Flag(help: "Ask for a nonce of this API in DPoP proofs.")
    var nonces = false

    @Option(help: "The tolerated difference between the clocks of issuer and API, in seconds.")
    var leeway = 30

    @Option(
        help: ArgumentHelp(
            "Whether revoked tokens are refused, by the status lists that tokens name.",
            discussion: """
                With required a token whose list cannot be fetched is answered 503. With tolerating the last list is used \
                meanwhile, for --staleness. Default: no list is fetched.
                """))
    var statusLists: StatusListChoice?

    @Option(
        help: "How long a list is used with --status-lists tolerating while it cannot be fetched again, in seconds.")
    var staleness = 300

    @Option(help: "The address to listen on.")
    var host = "127.0.0.1"

    @Option(help: "The port to listen on.")
    var port = 8090

    func run() async throws {
        let issuer = try Issuer(issuer)
        let confirmation = ConfirmationRules(
            required: requireDPoP ? .dpop : nil, nonces: nonces ? try DPoPNonces() : nil)
        let verifier = AccessTokenVerifier(
            issuer: issuer, audience: try Audience(audience), keys: .discovery(from: issuer),
            rules: VerificationRules(
                leeway: .seconds(leeway), confirmation: confirmation, statusLists: statusListRules))
        var metadata = try ProtectedResourceMetadata(resource: audience, authorizationServers: [issuer])
        metadata.proofAlgorithms = confirmation.proofAlgorithms
        metadata.requiresDPoP = requireDPoP
        // RFC 3986 section 3.2.2: an IPv6 address is in brackets.
        let authority = "\(host.utf8.contains(UInt8(ascii: ":")) ? "[\(host)]" : host):\(port)"
        let space = ProtectionSpace(metadata, publicURL: try PublicURL(publicURL ?? "http://\(authority)"))

        let router = Router(context: BasicAccessTokenRequestContext.self)
        router.get(metadata)
        router.get("/ready") { _, _ in
            verifier.hasKeys ? HTTPResponse.Status.ok : .serviceUnavailable
        }
        router.group()
            .add(
                middleware: BearerTokenMiddleware(verifier, requiring: try Scope("site.read"), in: space)
            )
            .group(context: AuthorizedRequestContext.self)
            .get("/site") { _, context in "Hello, \(context.accessToken.claims.subject ?? "client").\n" }
            .post("/site") { _, context in
                try context.accessToken.require(scope: "site.write")
                return "Written.\n"
            }
        let application = Application(
            router: router, configuration: ApplicationConfiguration(address: .hostname(host, port: port)),
            services: [verifier])
        try await application.runService()
    }

    private var statusListRules: StatusListRules {
        switch statusLists {
        case nil: .ignored
        case .required: .required
        case .tolerating: .tolerating(staleness: .seconds(staleness))
        }
    }
}

/// `--status-lists`
enum StatusListChoice: String, ExpressibleByArgument, CaseIterable {
    case required
    case tolerating
}
