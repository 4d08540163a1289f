import JOSE
import Libcrypto
import OAuth
import WireText

/// What Transit is asked to sign, and how: the parameters of `sign/NAME`.
struct TransitInput: Sendable {
    /// The last segment of the path: the hash function. `nil` for Ed25519, which has its own.
    let hashName: String?
    let members: [JSONObject.Member]
    /// Whether the signature comes in base64url, as Transit writes those of JWS.
    private let isBase64URL: Bool

    /// - Throws: if libcrypto fails.
    init(_ message: [UInt8], _ algorithm: SignatureAlgorithm) throws(RemoteKeyError) {
        var members: [JSONObject.Member] = []
        var isBase64URL = false
        let hash: HashFunction?
        switch algorithm.scheme {
        case .rsaPKCS1(let function):
            hash = function
            members = [.init("signature_algorithm", "pkcs1v15")]
        case .rsaPSS(let function):
            hash = function
            // RFC 7518 section 3.5: the salt is as long as the digest.
            members = [.init("signature_algorithm", "pss"), .init("salt_length", "hash")]
        case .ecdsa(_, let function):
            hash = function
            members = [.init("marshaling_algorithm", "jws")]
            isBase64URL = true
        case .ed25519: hash = nil
        }
        let input: [UInt8]
        do throws(LibcryptoError) { input = try hash?.digest(of: message.span) ?? message } catch {
            throw RemoteKeyError(.unavailable, error.description)
        }
        members.append(.init("input", .string(Base64.encode(input))))
        if hash != nil { members.append(.init("prehashed", true)) }
        self.members = members
        self.isBase64URL = isBase64URL
        hashName = hash?.transitName
    }

    /// The octets of a signature as Transit writes it: `vault:vVERSION:base64`.
    ///
    /// - Returns: `nil` if it has another form, or is of another version.
    func signature(in text: String, version: Int) -> [UInt8]? {
        let parts = Octets(text).parts(between: ":")
        guard parts.count == 3, parts[0].isSame(as: "vault"), parts[1].isSame(as: "v\(version)") else { return nil }
        let octets = isBase64URL ? Base64URL.decode(parts[2].text) : Base64.decode(parts[2].text)
        return octets?.isEmpty == false ? octets : nil
    }
}

extension HashFunction {
    /// As Transit calls it.
    fileprivate var transitName: String {
        switch self {
        case .sha256: "sha2-256"
        case .sha384: "sha2-384"
        case .sha512: "sha2-512"
        }
    }
}

extension SignatureAlgorithm {
    /// Transit's name for the type of a new key; `nil` for an algorithm that Writ signs nothing with.
    var transitKeyType: String? {
        switch keyKind {
        case .rsa: "rsa-2048"
        case .ellipticCurve(.p256): "ecdsa-p256"
        case .ellipticCurve(.p384): "ecdsa-p384"
        case .ellipticCurve(.p521): nil
        case .ed25519: "ed25519"
        }
    }
}
