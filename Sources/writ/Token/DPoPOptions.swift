import ArgumentParser
import Libcrypto
import ServiceFiles
import SystemPackage
import TokenSource

/// The DPoP key that a token is bound to, RFC 9449.
struct DPoPOptions: ParsableArguments {
    @Flag(name: .customLong("dpop"), help: "Bind the token to a DPoP key (RFC 9449).")
    var isBound = false

    @Option(
        name: .customLong("dpop-key"),
        help: ArgumentHelp(
            "The DPoP key, in PEM; it implies --dpop. Without it a key is made, which is gone after the command.",
            valueName: "file"))
    var keyFile: String?

    /// - Returns: `nil` for a token that is bound to no DPoP key.
    func key() throws -> DPoPKey? {
        guard let keyFile else { return isBound ? try DPoPKey.generate() : nil }
        return try Self.key(inFile: keyFile)
    }

    static func key(inFile path: String) throws -> DPoPKey {
        let key = try PrivateKeyFile.read(FilePath(path))
        do { return try DPoPKey(key) } catch { throw Failure("the key in \(path) \(error)") }
    }

    /// Says what a bound token is good for.
    func note(_ key: DPoPKey) {
        Terminal.note("token_type is DPoP: the token is good with proofs by the key \(key.thumbprint) alone.")
        guard keyFile == nil else { return }
        Terminal.note(
            """
            That key was made for this command and is gone, so no proof can be made for the token. To keep the key:
              openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out dpop.pem
              writ token request --dpop-key dpop.pem ...
            """)
    }
}
