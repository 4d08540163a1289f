import JOSE
import Libcrypto
import OAuth
import WireText

/// What `keys/NAME` says about a key: its versions with their public halves.
struct TransitKey: Sendable {
    private let uri: TransitKeyURI
    /// Transit's name of the type, or a text in its place that can be shown.
    private let type: String
    private let versions: [Int: PublicKey]
    let latestVersion: Int
    /// The lowest version that may sign.
    private let minimumSigningVersion: Int
    /// Whether Transit can give the private key out.
    private let canLeave: Bool
    /// Whether each signature is made with a key that is derived from this one, for a context.
    private let isDerived: Bool
    /// Whether the key is marked as deleted.
    private let isDeleted: Bool

    /// - Parameter data: the member `data` of the answer.
    /// - Returns: `nil` if the answer has another form.
    init?(_ data: JSONObject, _ uri: TransitKeyURI) {
        guard let type = data["type"]?.string, let keys = data["keys"]?.object,
            let latest = data["latest_version"]?.integer, latest > 0
        else { return nil }
        self.uri = uri
        self.type = Octets(type).isVisibleASCII && type.utf8.count <= 32 ? type : "unknown"
        // A symmetric key has times in place of public keys.
        let pairs = keys.members.compactMap { member -> (Int, PublicKey)? in
            guard let number = Octets(member.name).decimal, let text = member.value.object?["public_key"]?.string,
                let key = Self.publicKey(text)
            else { return nil }
            return (number, key)
        }
        versions = Dictionary(pairs) { first, _ in first }
        latestVersion = Int(latest)
        minimumSigningVersion = Int(data["min_encryption_version"]?.integer ?? 0)
        canLeave = data["exportable"] == true || data["allow_plaintext_backup"] == true
        isDerived = data["derived"] == true
        isDeleted = data["soft_deleted"] == true
    }

    /// The version that has this public half.
    ///
    /// - Throws: ``RemoteKeyError/Code/wrongKey`` if none has it; ``RemoteKeyError/Code/noSuchKey`` if it may not sign.
    func version(of key: PublicKey) throws(RemoteKeyError) -> Int {
        guard let number = versions.first(where: { $0.value.components == key.components })?.key else {
            throw RemoteKeyError(
                .wrongKey, "no version of \(uri) has the public key that is pinned",
                hint:
                    "\(uri.name) has \(numbers); min_decryption_version hides older ones, and a key that was deleted and"
                    + " made again has new ones")
        }
        guard number >= minimumSigningVersion else {
            throw RemoteKeyError(
                .noSuchKey, "version \(number) of \(uri) may not sign",
                hint: "set min_encryption_version of \(uri.name) to \(number) or 0; it is \(minimumSigningVersion)")
        }
        return number
    }

    /// The public half of the newest version.
    ///
    /// - Throws: ``RemoteKeyError/Code/unsupported`` if no algorithm can use it.
    func newest() throws(RemoteKeyError) -> PublicKey {
        guard !isDerived, !isDeleted else {
            throw RemoteKeyError(
                .unsupported, "\(uri) is \(isDeleted ? "marked as deleted" : "for derived keys alone")")
        }
        guard let key = versions[latestVersion], SignatureAlgorithm.offered.contains(where: { $0.accepts(key.type) })
        else {
            throw RemoteKeyError(
                .unsupported, "\(uri) is of the type \(type), which signs no tokens",
                hint: "usable are rsa-2048, rsa-3072, rsa-4096, ecdsa-p256, ecdsa-p384 and ed25519")
        }
        return key
    }

    /// Checks that a new version is a key for the algorithm, and that it cannot leave Transit.
    func checkNextVersion(for algorithm: SignatureAlgorithm) throws(RemoteKeyError) {
        guard algorithm.accepts(try newest().type) else {
            throw RemoteKeyError(
                .unsupported, "\(uri) is there, and is of the type \(type), which does not sign \(algorithm)",
                hint: "choose another name")
        }
        guard !canLeave else {
            throw RemoteKeyError(
                .unsupported, "\(uri) is there, and Transit can give its private key out",
                hint: "choose another name: exportable and allow_plaintext_backup of a key cannot be taken back")
        }
    }

    private var numbers: String {
        let numbers = versions.keys.sorted()
        guard let first = numbers.first, let last = numbers.last else { return "no version" }
        return first == last ? "version \(first)" : "versions \(first) to \(last)"
    }

    /// PEM; for Ed25519 the 32 octets of RFC 8032 in base64.
    private static func publicKey(_ text: String) -> PublicKey? {
        if let octets = Base64.decode(text) { return try? PublicKey(.ed25519(octets)) }
        return try? PublicKey(pem: text.utf8.span)
    }
}
