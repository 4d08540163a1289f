import AsyncHTTPClient
import Foundation
import TokenSource

/// A program that needs tokens, as another package would write it: it prints one for the issuer and the credential of its
/// arguments, and with a URL the status of a request with the token. With `dpop` behind the URL tokens are bound to a key.
@main
struct TokenSourceProgram {
    static func main() async {
        do { try await run() } catch {
            // An error that leaves main is a crash, with a search of the stack that takes seconds.
            FileHandle.standardError.write(Data("\(error)\n".utf8))
            exit(1)
        }
    }

    private static func run() async throws {
        var arguments = CommandLine.arguments.dropFirst()
        func next() -> String { arguments.popFirst() ?? "" }
        let (method, value) = (next(), next())
        let issuer = try Issuer(next())
        let client = try? ClientID(next())
        let scope = try Scope(next())
        let url = next()
        let key = next() == "dpop" ? try DPoPKey.generate() : nil
        let authorities = next()

        let source = AccessTokenSource(
            issuer: issuer, credential: try credential(method, value, client), dpopKey: key,
            authoritiesFile: authorities.isEmpty ? nil : authorities)
        let access = RequestedAccess(scope: scope)
        let token = try await source.token(for: access)
        print(token.value)
        if !url.isEmpty {
            let response = try await HTTPClient.shared.execute(
                HTTPClientRequest(url: url), authorizedBy: source, for: access)
            print(response.status)
        }
    }

    private static func credential(_ method: String, _ value: String, _ client: ClientID?) throws -> ClientCredential {
        guard let client else { return .assertionFile(value) }
        switch method {
        case "basic": return try .secret(value, of: client)
        case "post": return try .secret(value, of: client, method: .clientSecretPost)
        case "secret-file": return .secretFile(value, of: client)
        // A file with the certificate and its key.
        case "certificate": return .certificateFile(value, privateKeyFile: value, of: client)
        case "assertion-file": return .assertionFile(value, of: client)
        // The name of an algorithm.
        default: return try .privateKeyFile(value, of: client, algorithm: method)
        }
    }
}
