import AccessToken
import ArgumentParser
import JOSE
import TokenSource
import WireText

extension TokenCommand {
    struct Proof: ParsableCommand, ExemplaryCommand {
        static let configuration = CommandConfiguration(
            commandName: "proof", abstract: "Make a DPoP proof for a request with a token (RFC 9449).",
            discussion: """
                The proof is good for one request, for a minute. The token belongs into the field Authorization behind DPoP, and the \
                proof into the field DPoP.
                """)

        static let examples = [
            "openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out dpop.pem",
            "writ token proof --dpop-key dpop.pem --url https://api.example.com/site < token.txt > proof.txt",
        ]

        @Argument(help: "The token. Without it, standard input is read.")
        var token: String?

        @Option(
            name: .customLong("dpop-key"),
            help: ArgumentHelp("The key that the token is bound to, in PEM.", valueName: "file"))
        var keyFile: String

        @Option(help: "The method of the request.")
        var method = "GET"

        @Option(help: "The URL of the request.")
        var url: String

        @Option(help: "The nonce that the server gave in the field DPoP-Nonce.")
        var nonce: String?

        func run() throws {
            let key = try DPoPOptions.key(inFile: keyFile)
            let token = try token ?? Terminal.readToken()
            guard !token.isEmpty else { throw Failure("there is no token") }
            Self.warn(ofAnotherKeyThan: key, keyFile, in: token)
            let target = try OptionValue.parse(url, "--url", TargetURI.init)
            Terminal.print(
                try key.signer.proof(method: method, target: target, accessToken: token, nonce: nonce, now: .now))
        }

        /// Of a token that is no JWT nothing is known.
        private static func warn(ofAnotherKeyThan key: DPoPKey, _ keyFile: String, in token: String) {
            let claims = try? CompactJWS.unverifiedClaims(of: token)
            guard let thumbprint = claims?["cnf"]?.object?["jkt"]?.string,
                !thumbprint.isSameText(as: key.thumbprint)
            else { return }
            Terminal.warn(
                "the token is bound to another key than that of \(keyFile): servers refuse it with this proof",
                hint: "the thumbprint of this key is \(key.thumbprint), and jkt of the token \(thumbprint)")
        }
    }
}
