import AccessToken
import CoreMetrics
import JOSE
import RemoteKeys
import WireText

/// Checks that no Status List says that a token was revoked. It holds for every request, also for one with a token that is
/// cached, so that a newer list counts at once.
struct StatusCheck: Sendable {
    /// `nil` if the claim is not read.
    let lists: StatusLists?
    /// That of the issuer; `nil` if it has none that is fetched from.
    private let origin: ExactText?
    private let now: @Sendable () -> NumericDate

    init(
        _ rules: VerificationRules, issuer: Issuer, keys: KeySource, metrics: any MetricsFactory,
        now: @escaping @Sendable () -> NumericDate
    ) {
        self.now = now
        origin = Self.origin(of: issuer.description)
        let statusLists = rules.statusLists
        let staleness: Duration
        switch statusLists.mode {
        case .ignored:
            lists = nil
            return
        case .required: staleness = .zero
        case .tolerating(let tolerated): staleness = tolerated
        }
        lists = StatusLists(
            staleness: staleness,
            source: StatusListSource(
                statusLists, keys: keys, algorithms: rules.algorithms, leeway: rules.leeway, now: now),
            telemetry: StatusListTelemetry(
                issuer: issuer.description, logger: statusLists.logger, metrics: metrics),
            clock: statusLists.clock)
    }

    /// Checks a token by the list that there is.
    ///
    /// - Returns: whether the token is good; `false` if its list must be fetched first: then call ``check(_:)``.
    func isGood(_ token: VerifiedAccessToken) throws(AccessTokenVerificationError) -> Bool {
        guard let lists, let place = try place(of: token) else { return true }
        guard let answer = lists.cached(place.uri) else {
            try checkURI(place.uri)
            return false
        }
        return try isGood(place, by: answer)
    }

    /// Checks a token, and waits for its list.
    func check(_ token: VerifiedAccessToken) async throws(AccessTokenVerificationError) {
        guard let lists, try !isGood(token), let place = try place(of: token) else { return }
        let answer: StatusListAnswer
        do throws(DocumentFetchError) { answer = try await lists.current(place.uri) } catch {
            throw .noStatusList(error)
        }
        guard try isGood(place, by: answer) else {
            throw .noStatusList(DocumentFetchError(.malformed, "a status list that has expired"))
        }
    }

    private func place(of token: VerifiedAccessToken) throws(AccessTokenVerificationError) -> StatusListReference? {
        do throws(AccessTokenRejection) {
            return try StatusListReference(withUncheckedURIOf: token.payload)
        } catch {
            throw .rejected(error)
        }
    }

    /// Checks the URI of a list that is not known yet. What a token says must not choose the server that is asked.
    private func checkURI(_ uri: String) throws(AccessTokenVerificationError) {
        guard (try? AbsoluteURI(uri)) != nil else { throw .rejected(.missingClaim("status")) }
        guard let origin, Self.origin(of: uri) == origin else { throw .rejected(.unknownStatus) }
    }

    /// - Returns: `false` if the list has expired.
    private func isGood(
        _ place: StatusListReference, by answer: StatusListAnswer
    ) throws(AccessTokenVerificationError) -> Bool {
        guard case .list(let token) = answer else { throw .rejected(.unknownStatus) }
        // Section 8.3, step 4: nothing is known from `exp` on.
        guard token.expiresAt.map({ now() < $0 }) ?? true else { return false }
        // Section 8.3, step 6: there is no statement about an index out of bounds.
        guard let status = token.list.status(at: Int(clamping: place.index)) else { throw .rejected(.unknownStatus) }
        guard status == 0 else { throw .rejected(.revoked) }
        return true
    }

    /// Scheme, host and port; `nil` for a URI that is not fetched.
    private static func origin(of uri: String) -> ExactText? {
        guard (try? RemoteURL(uri)) != nil, let uri = try? AbsoluteURI(uri), let origin = try? HTTPOrigin(of: uri)
        else { return nil }
        return ExactText(origin.withoutDefaultPort)
    }
}
