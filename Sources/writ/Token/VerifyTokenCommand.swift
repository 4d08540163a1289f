import AccessToken
import ArgumentParser
import Foundation
import JOSE
import RemoteKeys
import ServiceFiles
import TokenVerifier
import WireText

extension TokenCommand {
    struct Verify: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "verify", abstract: "Verify an access token as a resource server would, and show its claims.")

        @Argument(help: "The token. Without it, standard input is read.")
        var token: String?

        @Option(help: "The issuer that the token must come from.")
        var issuer: String

        @Option(help: "The audience that the token must name.")
        var audience: String

        @Option(help: "The issuer's keys: a file or a URL.")
        var jwks: String

        @Option(help: "The tolerated difference between clocks, such as 30s.")
        var leeway = "30s"

        func run() async throws {
            let issuer: Issuer
            let audience: Audience
            do throws(InvalidValue) {
                issuer = try Issuer(self.issuer)
                audience = try Audience(self.audience)
            } catch {
                throw ValidationError("--issuer or --audience \(error)")
            }
            let verifier = AccessTokenVerifier(
                issuer: issuer, audience: audience, keys: .fixed(try await keys()),
                rules: VerificationRules(leeway: try Duration(option: leeway)))
            let token = try token ?? Terminal.readInput()
            let verified: VerifiedAccessToken
            do throws(AccessTokenVerificationError) { verified = try await verifier.verify(token) } catch {
                throw Failure(error.description)
            }
            var writer = JSONWriter()
            writer.value(.object(verified.payload))
            Terminal.print(writer)
        }

        private func keys() async throws -> JWKSet {
            let scheme = Octets(jwks).split(at: ":").head
            let isURL = scheme.isSameIgnoringCase(as: "https") || scheme.isSameIgnoringCase(as: "http")
            guard isURL else { return try keysOfFile() }
            do throws(DocumentFetchError) { return try await DocumentDownload(url: jwks).fetchKeySet().value } catch {
                throw Failure("no keys from \(jwks): \(error)")
            }
        }

        private func keysOfFile() throws -> JWKSet {
            guard let data = FileManager.default.contents(atPath: jwks) else { throw Failure("\(jwks) cannot be read") }
            do throws(JWKSetError) { return try JWKSet(reading: Array(data)) } catch {
                throw Failure("\(jwks) is \(error)")
            }
        }
    }
}
