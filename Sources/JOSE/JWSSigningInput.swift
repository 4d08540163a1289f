/// The signing input of a compact JWS, RFC 7515 section 5.1: header and payload in base64url with a dot between them.
public struct JWSSigningInput: Sendable {
    /// The octets to sign.
    public let octets: [UInt8]

    /// - Parameters:
    ///   - encodedHeader: the header in base64url. It is the same for every token of a key.
    ///   - payload: the octets of the payload.
    public init(encodedHeader: [UInt8], payload: [UInt8]) {
        var octets: [UInt8] = []
        octets.reserveCapacity(encodedHeader.count + 1 + Base64URL.encodedCount(payload.count))
        octets.append(contentsOf: encodedHeader)
        octets.append(UInt8(ascii: "."))
        Base64URL.append(payload.span, to: &octets)
        self.octets = octets
    }

    /// The whole JWS in compact serialization.
    public func compact(with signature: [UInt8]) -> [UInt8] {
        var compact: [UInt8] = []
        compact.reserveCapacity(octets.count + 1 + Base64URL.encodedCount(signature.count))
        compact.append(contentsOf: octets)
        compact.append(UInt8(ascii: "."))
        Base64URL.append(signature.span, to: &compact)
        return compact
    }

    /// The same as text.
    package func compactText(with signature: [UInt8]) -> String {
        String(decoding: compact(with: signature), as: UTF8.self)
    }
}
