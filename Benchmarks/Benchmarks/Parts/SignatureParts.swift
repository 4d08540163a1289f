import Libcrypto
import OAuth

extension Part {
    static let signatures = [
        Part("RS256 signature", isQuick: false) { try signing(SampleKey.rsa()) },
        Part("PS256 signature", isQuick: false) { try signing(SampleKey.rsa(.ps256)) },
        Part("ES256 signature", isQuick: false) { try signing(SampleKey.p256()) },
        Part("EdDSA signature", isQuick: false) { try signing(SampleKey.ed25519()) },
    ]

    private static func signing(_ key: SigningKey) throws -> Work {
        let input = try SampleService().unsignedToken(key).signingInput
        let context = try SigningContext(key: key.key, scheme: key.algorithm.scheme)
        return { keep(try context.sign(input.octets.span)) }
    }
}
