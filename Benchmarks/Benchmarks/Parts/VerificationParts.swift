import AccessToken
import JOSE
import Libcrypto
import OAuth
import TokenVerifier

extension Part {
    /// What a resource server does.
    static let verifications = [
        Part("JWK Set") {
            let keys = [try SampleKey.rsa(), try SampleKey.p256(), try SampleKey.ed25519()]
            let text = try JWKSet(publishing: keys).json()
            return { keep(try JWKSet(reading: text)) }
        },
        Part("compact JWS") {
            let input = try SampleService().unsignedToken(SampleKey.p256()).signingInput
            let token = String(decoding: input.compact(with: SampleService.signature), as: UTF8.self)
            return { keep(try CompactJWS(parsing: token)) }
        },
        Part("verified access token") {
            let sample = try SignedSample()
            let verifier = try sample.verifier()
            return { keep(try verifier.verifyUsingCachedKeys(sample.token)) }
        },
        Part("cached access token") {
            let sample = try SignedSample()
            let verifier = try sample.verifier(cacheCapacity: 1000)
            return { keep(try verifier.verifyUsingCachedKeys(sample.token)) }
        },
    ]
}

/// An access token with the usual signature, and the keys to verify it with.
private struct SignedSample {
    let token: String
    private let keys: JWKSet
    private let issuer: Issuer

    init() throws {
        let service = try SampleService()
        let key = try SampleKey.rsa()
        let input = try service.unsignedToken(key).signingInput
        let signature = try SigningContext(key: key.key, scheme: key.algorithm.scheme).sign(input.octets.span)
        token = String(decoding: input.compact(with: signature), as: UTF8.self)
        keys = try JWKSet(publishing: [key])
        issuer = service.issuer
    }

    func verifier(cacheCapacity: Int = 0) throws -> AccessTokenVerifier {
        AccessTokenVerifier(
            issuer: issuer, audience: try Audience(SampleService.resource), keys: .fixed(keys),
            cacheCapacity: cacheCapacity, now: { SampleService.now })
    }
}
