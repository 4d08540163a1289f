import Foundation
import Libcrypto

@testable import AccessToken
@testable import JOSE

/// A DPoP proof, and the URL that it names.
///
/// An input is a proof; a URL; and where there is a line feed in it, a header and claims to be signed, in which `@` stands for
/// the public key.
final class DPoPProofTarget: FuzzTarget {
    private let signer: DPoPProofSigner
    private let key: PrivateKey
    private let publicKey: [UInt8]
    private let target: TargetURI
    private let token = "a token"
    private static let now = NumericDate(1_795_000_000)

    init() throws {
        key = try PrivateKey.generate(on: .p256)
        signer = try DPoPProofSigner(key)
        var writer = JSONWriter()
        let jwk = JWK(try key.publicKey, keyID: nil, algorithm: nil)
        writer.object { jwk.writeRequiredMembers(to: &$0) }
        publicKey = writer.bytes
        target = try TargetURI("https://tokens.example.com/oauth2/token")
    }

    func parse(_ octets: [UInt8]) {
        let text = String(decoding: octets, as: UTF8.self)
        _ = try? read(text)
        _ = try? TargetURI(text)
        _ = try? TargetURI("https://tokens.example.com/" + text)
    }

    func run(_ input: Input) throws {
        let text = String(decoding: input.octets, as: UTF8.self)
        require((try? read(text)) == nil, "no client can sign without a key")
        for url in [text, "https://tokens.example.com/\(text)"] { try TargetURIModel(url)?.check(input) }
        if let (header, claims) = input.halves { try checkSigned(inserted(header), inserted(claims), input) }
    }

    private func read(
        _ text: String, method: String = "POST", target: TargetURI? = nil, accessToken: String? = nil,
        now: NumericDate = now
    ) throws(DPoPProofError) -> DPoPProof {
        try DPoPProof(
            fields: [text], method: method, target: target ?? self.target, accessToken: accessToken, now: now)
    }

    private func inserted(_ octets: [UInt8]) -> [UInt8] {
        octets.flatMap { $0 == UInt8(ascii: "@") ? publicKey : [$0] }
    }

    private func checkSigned(_ header: [UInt8], _ claims: [UInt8], _ input: Input) throws {
        let signed = JWSSigningInput(encodedHeader: Array(Base64URL.encode(header).utf8), payload: claims)
        let signature = try SigningContext(key: key, scheme: SignatureAlgorithm.es256.scheme).sign(signed.octets.span)
        let text = signed.compactText(with: signature)
        let bound = try? read(text, accessToken: token)
        guard let proof = try? read(text) else {
            require(bound == nil, "what is no proof for the token endpoint is none for an API")
            return
        }
        require(bound == nil || bound == proof, "a proof has one meaning")
        require(try read(text) == proof, "and has it again")
        require(proof.thumbprint == signer.thumbprint, "a proof is of the key that signed it")
        require(abs(proof.issuedAt.seconds - Self.now.seconds) <= 60, "its time is near")
        checkModel(proof, claims, isBound: bound != nil)
        checkOthers(text)
        checkChanged(text, input)
        try checkMadeAgain(proof, text)
    }

    /// Foundation reads the same claims.
    private func checkModel(_ proof: DPoPProof, _ claims: [UInt8], isBound: Bool) {
        guard let members = try? JSONSerialization.jsonObject(with: Data(claims)) as? [String: Any] else { return }
        func octets(_ name: String) -> [UInt8]? { (members[name] as? String).map { Array($0.utf8) } }
        require(octets("jti") == Array(proof.tokenID.utf8), "its jti is that of the claims")
        require((1...256).contains(proof.tokenID.utf8.count), "which is neither empty nor long")
        require(octets("nonce") == proof.nonce.map { Array($0.utf8) }, "and so is its nonce")
        require(octets("htm") == Array("POST".utf8), "htm is the method")
        let digest = try? DPoPProof.digest(of: token)
        if isBound { require(octets("ath") == digest.map { Array($0.utf8) }, "ath is the digest of the token") }
    }

    /// A proof is for one request, and one of them is for the request.
    private func checkOthers(_ text: String) {
        require((try? read(text, method: "GET")) == nil, "a proof is for one method")
        require((try? read(text, method: "post")) == nil, "in its letter case")
        for url in ["http://tokens.example.com/oauth2/token", "https://tokens.example.com/oauth2/token/"] {
            require((try? TargetURI(url)).flatMap { try? read(text, target: $0) } == nil, "a proof is for one URL")
        }
        require((try? read(text, accessToken: "another token")) == nil, "a proof is for one token")
        for seconds: Int64 in [-121, 121] {
            require((try? read(text, now: NumericDate(Self.now.seconds + seconds))) == nil, "a proof is for one time")
        }
        require((try? read("\(text), \(text)")) == nil, "two proofs are none")
        require((try? read(" \(text)")) == nil, "a proof has nothing around it")
        let twice = try? DPoPProof(
            fields: [text, text], method: "POST", target: target, accessToken: nil, now: Self.now)
        require(twice == nil, "a request has one proof")
    }

    /// With one other character anywhere.
    private func checkChanged(_ text: String, _ input: Input) {
        var characters = Array(text.utf8)
        let place = input.choice(3, below: characters.count)
        let others = Array("AQgw_-9.".utf8).filter { $0 != characters[place] }
        characters[place] = others[input.choice(4, below: others.count)]
        require((try? read(String(decoding: characters, as: UTF8.self))) == nil, "a changed proof is none")
    }

    /// A proof that is made for the same request is accepted too.
    private func checkMadeAgain(_ proof: DPoPProof, _ text: String) throws {
        let made = try signer.proof(
            method: "POST", target: target, accessToken: token, nonce: proof.nonce, now: proof.issuedAt)
        guard made.utf8.count <= DPoPProof.maximumLength else { return }
        let again = try read(made, accessToken: token)
        require(again.thumbprint == proof.thumbprint && again.issuedAt == proof.issuedAt, "the same key and time")
        require(again.nonce.map { Array($0.utf8) } == proof.nonce.map { Array($0.utf8) }, "and the same nonce")
        require(again.tokenID.utf8.count == 22, "a jti has 128 bits of chance")
    }
}
