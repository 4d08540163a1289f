package import JOSE
import WireText

/// A Status List Token in JWT format, draft-ietf-oauth-status-list-21 section 5.1.
package struct StatusListToken: Sendable {
    /// `typ` of the header.
    package static let type: StaticString = "statuslist+jwt"

    /// `sub`: the URI of the list, as tokens name it.
    package let uri: String
    /// `iat`
    package let issuedAt: NumericDate
    /// `exp`: from then on the list says nothing; `nil` if it does not expire.
    package let expiresAt: NumericDate?
    /// `ttl`: how long after it was fetched the list is fresh; `nil` if it does not say.
    package let timeToLive: Duration?
    /// `status_list`
    package let list: StatusList

    package init(
        uri: String, issuedAt: NumericDate, expiresAt: NumericDate?, timeToLive: Duration?, list: StatusList
    ) {
        self.uri = uri
        self.issuedAt = issuedAt
        self.expiresAt = expiresAt
        self.timeToLive = timeToLive
        self.list = list
    }

    /// The payload, with the whole seconds of `ttl`.
    ///
    /// - Throws: ``StatusListError/compression(_:)``.
    package func json() throws(StatusListError) -> [UInt8] {
        let lst = Base64URL.encode(try list.compressed())
        var writer = JSONWriter(reservingCapacity: 160 + uri.utf8.count + lst.utf8.count)
        writer.object { claims in
            claims.member("sub", uri)
            claims.member("iat", issuedAt.seconds)
            if let expiresAt { claims.member("exp", expiresAt.seconds) }
            if let timeToLive { claims.member("ttl", timeToLive.components.seconds) }
            claims.name("status_list")
            claims.object { statusList in
                statusList.member("bits", Int64(list.bits))
                statusList.member("lst", lst)
            }
        }
        return writer.bytes
    }
}

extension StatusListToken: Equatable {
    /// Compares the octets of the URIs.
    package static func == (first: StatusListToken, second: StatusListToken) -> Bool {
        first.uri.isSameText(as: second.uri) && first.issuedAt == second.issuedAt
            && first.expiresAt == second.expiresAt && first.timeToLive == second.timeToLive && first.list == second.list
    }
}

extension StatusListToken {
    /// Reads a Status List Token, whose signature was checked with a key of the issuer, as section 8.3 says.
    ///
    /// - Parameters:
    ///   - uri: the list that was asked for.
    ///   - maximumOctets: how many octets the list may have. No memory is allocated for more.
    ///   - leeway: the tolerated difference between the clocks of issuer and verifier. `exp` has none.
    package init(
        _ verified: VerifiedJWS, of uri: String, maximumOctets: Int, now: NumericDate, leeway: Duration
    ) throws(StatusListError) {
        // Section 5.1; RFC 8725 section 3.11.
        guard verified.header.hasType(Self.type.description) else { throw .wrongType }
        guard let claims = (try? JSONReader.read(verified.payload))?.object else { throw .malformed(.payload) }
        guard let subject = claims["sub"]?.string else { throw .malformed(.sub) }
        // Section 8.3, step 4.
        guard subject.isSameText(as: uri) else { throw .otherList }
        guard let issuedAt = try Self.date(.iat, of: claims) else { throw .malformed(.iat) }
        let notBefore = try Self.date(.nbf, of: claims) ?? issuedAt
        guard max(issuedAt, notBefore) <= now + leeway else { throw .notYetValid }
        let expiresAt = try Self.date(.exp, of: claims)
        guard expiresAt.map({ now < $0 }) ?? true else { throw .expired }
        let timeToLive = try Self.timeToLive(of: claims)
        let list = try Self.list(of: claims, maximumOctets: maximumOctets)
        self.init(uri: uri, issuedAt: issuedAt, expiresAt: expiresAt, timeToLive: timeToLive, list: list)
    }

    private static func date(
        _ name: StatusListError.Claim, of claims: JSONObject
    ) throws(StatusListError) -> NumericDate? {
        guard let value = claims[name.rawValue] else { return nil }
        guard let date = NumericDate(value) else { throw .malformed(name) }
        return date
    }

    /// A longer `ttl` is read as this many seconds, so that sums of durations do not overflow.
    private static let longestTimeToLive: Int64 = 1_000_000_000

    /// Section 5.1: a positive number of seconds.
    private static func timeToLive(of claims: JSONObject) throws(StatusListError) -> Duration? {
        switch claims["ttl"] {
        case nil: return nil
        case .integer(let seconds)? where seconds > 0: return .seconds(min(seconds, longestTimeToLive))
        case .number(let seconds)? where seconds > 0: return .seconds(min(seconds, Double(longestTimeToLive)))
        default: throw .malformed(.ttl)
        }
    }

    /// Section 4.2.
    private static func list(of claims: JSONObject, maximumOctets: Int) throws(StatusListError) -> StatusList {
        guard let statusList = claims["status_list"]?.object else { throw .malformed(.statusList) }
        guard let bits = statusList["bits"]?.integer else { throw .malformed(.bits) }
        guard let text = statusList["lst"]?.string, let compressed = Base64URL.decode(text) else {
            throw .malformed(.lst)
        }
        return try StatusList(compressed: compressed, bits: Int(clamping: bits), maximumOctets: maximumOctets)
    }
}
