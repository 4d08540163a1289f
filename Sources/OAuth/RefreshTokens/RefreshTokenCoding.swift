import AccessToken

/// The octets of a refresh token before it is sealed: a version, numbers of fixed size, texts prefixed with their
/// lengths, and zeros up to a size that most tokens share, so that the length of a token does not show its scope.
enum RefreshTokenCoding {
    static let familySize = 16
    /// In octets. With nonce, hint, tag and prefix, this becomes 392 characters in base64url.
    static let padding = 240
    private static let version: UInt8 = 1

    /// - Returns: `nil` if a text has more than 65,535 octets, or if there are more than 65,535 audiences.
    static func encode(_ token: RefreshToken) -> [UInt8]? {
        var octets: [UInt8] = [version]
        octets += token.family
        append(token.generation, to: &octets)
        for date in [token.firstIssuedAt, token.issuedAt, token.expiresAt] { append(date.seconds, to: &octets) }
        let texts = [token.clientID.description, token.scope.description] + token.audience.map(\.description)
        guard let count = UInt16(exactly: token.audience.count) else { return nil }
        append(count, to: &octets)
        for text in texts {
            guard let count = UInt16(exactly: text.utf8.count) else { return nil }
            append(count, to: &octets)
            octets += text.utf8
        }
        let missing = (padding - octets.count % padding) % padding
        return octets + [UInt8](repeating: 0, count: missing)
    }

    /// - Returns: `nil` for anything that ``encode(_:)`` does not produce.
    static func decode(_ octets: [UInt8]) -> RefreshToken? {
        var reader = Reader(octets: octets[...])
        guard reader.take(1)?.first == version, let family = reader.take(familySize),
            let generation = reader.integer(UInt32.self), let firstIssuedAt = reader.integer(Int64.self),
            let issuedAt = reader.integer(Int64.self), let expiresAt = reader.integer(Int64.self),
            let count = reader.integer(UInt16.self), let clientID = reader.text().flatMap({ try? ClientID($0) }),
            let scopeText = reader.text(), let scope = try? Scope(scopeText), scope.description == scopeText
        else { return nil }
        var audience: [Audience] = []
        for _ in 0..<count {
            guard let element = reader.text().flatMap({ try? Audience($0) }) else { return nil }
            audience.append(element)
        }
        guard octets.count % padding == 0, reader.octets.count < padding, reader.octets.allSatisfy({ $0 == 0 }) else {
            return nil
        }
        return RefreshToken(
            clientID: clientID, scope: scope, audience: audience, firstIssuedAt: NumericDate(firstIssuedAt),
            issuedAt: NumericDate(issuedAt), expiresAt: NumericDate(expiresAt), family: family, generation: generation)
    }

    /// Appends the most significant octet first.
    private static func append(_ integer: some FixedWidthInteger, to octets: inout [UInt8]) {
        for shift in stride(from: integer.bitWidth - 8, through: 0, by: -8) {
            octets.append(UInt8(truncatingIfNeeded: integer >> shift))
        }
    }

    private struct Reader {
        var octets: ArraySlice<UInt8>

        mutating func take(_ count: Int) -> [UInt8]? {
            guard octets.count >= count else { return nil }
            defer { octets = octets.dropFirst(count) }
            return Array(octets.prefix(count))
        }

        mutating func integer<Integer: FixedWidthInteger>(_: Integer.Type) -> Integer? {
            take(Integer.bitWidth / 8)?.reduce(0) { $0 << 8 | Integer(truncatingIfNeeded: $1) }
        }

        mutating func text() -> String? {
            integer(UInt16.self).flatMap { take(Int($0)) }.flatMap { String(validating: $0, as: UTF8.self) }
        }
    }
}
