import AccessToken
import ArgumentParser
import Foundation
import JOSE
import RemoteKeys
import ServiceFiles
import SystemPackage
import TokenVerifier
import WireText

extension TokenCommand {
    struct Verify: AsyncParsableCommand, ExemplaryCommand {
        static let configuration = CommandConfiguration(
            commandName: "verify", abstract: "Verify an access token as a resource server would, and show its claims.",
            discussion: """
                The keys are those of --jwks, else those that the metadata of the issuer names. Nothing is fetched from \
                an issuer that only the token names. A token that is bound to a key is refused unless --proof or --certificate \
                shows that its sender has the key. With --certificate a token that is not bound to a certificate is refused.

                If the token names a status list of the issuer, the list is fetched, and a revoked token is refused. With a \
                file as --jwks nothing is fetched.
                """)

        static let examples = [
            "writ token verify --issuer http://127.0.0.1:8080 --audience https://api.example.com < token.txt",
            "writ keys export > jwks.json && "
                + "writ token verify --audience https://api.example.com --jwks jwks.json < token.txt",
        ]

        @Argument(help: "The token. Without it, standard input is read.")
        var token: String?

        @Option(help: "The issuer that the token must come from. Default: that of the configuration.")
        var issuer: String?

        @Option(help: "The audience that the token must name.")
        var audience: String

        @Option(
            help: ArgumentHelp(
                "The type that the token must have: the header parameter typ.",
                discussion: """
                    Beside at+jwt another type, such as JWT, is accepted with this option, and client_id, iat, jti and sub may \
                    be missing. With none the header must have no typ.
                    """))
        var type = "at+jwt"

        @Option(
            help: ArgumentHelp(
                "The claim with the scope, as a string or an array. Default: scope, as a string.",
                valueName: "name"))
        var scopeClaim: String?

        @Option(help: "The issuer's keys: a file or a URL. Default: those of the issuer's metadata.")
        var jwks: String?

        @Flag(help: "Do not fetch the status list that the token names: a revoked token is accepted.")
        var ignoreStatusList = false

        @Option(help: "The tolerated difference between clocks, such as 30s.")
        var leeway = "30s"

        @OptionGroup var senderOptions: SenderOptions

        @OptionGroup var authoritiesOption: AuthoritiesOption

        @OptionGroup var configurationOption: ConfigurationOption

        func run() async throws {
            let audience = try OptionValue.parse(audience, "--audience") { text throws(InvalidValue) in
                try Audience(text)
            }
            let given = try issuer.map { try OptionValue.parse($0, "--issuer", Issuer.init) }
            let leeway = try Duration(option: leeway)
            let configuration = given == nil ? try configuration() : nil
            guard let issuer = given ?? configuration?.issuer else { throw Self.noIssuer }
            let request = try senderOptions.request()
            let token = try token ?? Terminal.readToken()
            let http = authoritiesOption.http(configuration)
            let keys = try await keys(of: issuer, through: http)
            let verifier = AccessTokenVerifier(
                issuer: issuer, audience: audience, keys: .fixed(keys),
                rules: VerificationRules(
                    profile: profile, leeway: leeway, confirmation: senderOptions.rules,
                    statusLists: statusLists(through: http)))
            let verified: VerifiedAccessToken
            do throws(AccessTokenVerificationError) {
                verified = try await verifier.verify(token, as: senderOptions.scheme, in: request)
            } catch {
                throw Failure(error.description, hint: hint(for: error))
            }
            if verified.payload["status"] != nil, !looksAtStatusList {
                Terminal.note("Whether the token was revoked is not known: its status list was not looked at.")
            }
            var writer = JSONWriter()
            writer.value(.object(verified.payload))
            Terminal.print(writer)
        }

        private var profile: TokenProfile {
            if type.isSameText(as: "at+jwt") { return scopeClaim.map(TokenProfile.rfc9068(scopeClaim:)) ?? .rfc9068 }
            return .jwt(type: type.isSameText(as: "none") ? nil : type, scopeClaim: scopeClaim)
        }

        /// With keys of a file, nothing is fetched.
        private var looksAtStatusList: Bool { !ignoreStatusList && (jwks.map(Self.isURL) ?? true) }

        private func statusLists(through http: OutgoingHTTP) -> StatusListRules {
            guard looksAtStatusList else { return .ignored }
            return StatusListRules(.required, logger: .silent) { uri in
                try await DocumentDownload(url: uri, through: http).fetchStatusListToken()
            }
        }

        private func hint(for error: AccessTokenVerificationError) -> String? {
            switch error {
            case .rejected(.wrongType): "--type names the expected type; `writ token inspect` shows that of the token"
            case .rejected(.boundToKey): "--proof, --method and --url say with what request the token came"
            case .rejected(.notBoundToKey): "`writ token inspect` shows what the token is bound to, in cnf"
            case .rejected(.wrongCertificate): "--certificate names the certificate that the client has shown"
            case .rejected(.revoked), .rejected(.unknownStatus), .noStatusList:
                "--ignore-status-list verifies the token without its status list"
            case .rejected(.missingClaim("scope")): "--scope-claim names the claim with the scope, and accepts an array"
            default: nil
            }
        }

        private static let noIssuer = Failure(
            "no issuer is named", hint: "--issuer URL, or --config PATH for that of a configuration")

        private func configuration() throws -> ServiceConfiguration {
            guard configurationOption.isNamed || FileManager.default.fileExists(atPath: configurationOption.path.string)
            else { throw Self.noIssuer }
            return try configurationOption.read()
        }

        private func keys(of issuer: Issuer, through http: OutgoingHTTP) async throws -> JWKSet {
            guard let jwks else {
                do throws(DocumentFetchError) {
                    return try await IssuerMetadata.discover(issuer, through: http).keySet.fetchKeySet().value
                } catch {
                    throw Failure("no keys of \(issuer): \(error)", hint: "--jwks names a file or a URL of its keys")
                }
            }
            guard Self.isURL(jwks) else { return try keys(inFile: jwks) }
            do throws(DocumentFetchError) {
                return try await DocumentDownload(url: jwks, through: http).fetchKeySet().value
            } catch {
                throw Failure("no keys from \(jwks): \(error)")
            }
        }

        private static func isURL(_ text: String) -> Bool {
            let scheme = Octets(text).split(at: ":").head
            return scheme.isSameIgnoringCase(as: "https") || scheme.isSameIgnoringCase(as: "http")
        }

        private func keys(inFile path: String) throws -> JWKSet {
            let octets = try TextFile.octets(path)
            do throws(JWKSetError) { return try JWKSet(reading: octets) } catch { throw Failure("\(path) is \(error)") }
        }
    }
}
