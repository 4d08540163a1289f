package import AccessToken
import JOSE
package import OAuth
import RemoteKeys
package import ServiceFiles
import SystemPackage

/// Tries a platform's token as the token endpoint would, with the files as they are and keys that are fetched now.
package struct IdentityTest: Sendable {
    private let issuers: [TrustedIssuer]
    private let clients: ClientRegistry
    private let registry: IdentityRegistry
    private let http: OutgoingHTTP
    private let access: FileAccess
    /// What does not check in the files: it is out, as at a start of the service.
    package let problems: [Problem]

    /// A client that a token is of.
    package struct Match: Sendable {
        package let client: Client
        /// What the log reports of it.
        package let identity: IdentityTrace
        /// The ways in which a request may have the token. Never empty.
        package let accepted: [IdentityWay]
        /// The ways in which it is refused, though its issuer is known then, with the word that the log has.
        package let refused: [(way: IdentityWay, cause: RefusalCause)]
    }

    /// Why a token is refused in every way.
    package struct Refusal: Error, Sendable {
        /// The word that the log has.
        package let cause: RefusalCause
        package let explanation: IdentityExplanation
        /// Whether the issuer was known when it was refused.
        fileprivate let knowsIssuer: Bool
    }

    /// Reads the trusted issuers and the clients.
    package init(_ configuration: ServiceConfiguration) throws(InvalidConfiguration) {
        let issuers = try configuration.issuers.read()
        let reading = try configuration.clients.read(
            issuers: issuers.names, context: configuration.clientsContext)
        do { clients = try ClientRegistry(reading.clients) } catch {
            throw InvalidConfiguration([Problem(.file(configuration.clientsPath.string, line: nil), "\(error)")])
        }
        self.issuers = issuers.issuers
        registry = IdentityRegistry(issuers.issuers, clients, of: configuration.issuer)
        http = OutgoingHTTP(configuration)
        access = configuration.access
        problems = issuers.problems + reading.problems
    }

    /// Nothing of the token is read before its signature is verified, but for what says who signed it.
    ///
    /// - Parameter client: the `client_id` that the request would have; `nil` for none.
    /// - Throws: the refusal of the first way in which the issuer of the token is known, else of the first way.
    package func run(_ token: String, client: ClientID?, now: NumericDate) async throws(Refusal) -> Match {
        var keys = FetchedKeys()
        var proven: AuthenticatedClient?
        var accepted: [IdentityWay] = []
        var refusals: [(way: IdentityWay, refusal: Refusal)] = []
        for way in IdentityWay.allCases {
            do throws(Refusal) {
                let check = try check(token, way, client, now: now)
                let found = try run(check, way, try await keys.keys(of: check.issuer, fetch: self.keys))
                proven = proven ?? found
                accepted.append(way)
            } catch {
                refusals.append((way, error))
            }
        }
        let known = refusals.filter(\.refusal.knowsIssuer)
        guard let proven, let identity = proven.evidence.identity else {
            guard let first = known.first ?? refusals.first else { preconditionFailure("no way was tried") }
            throw first.refusal.with(otherWays: known.filter { $0.refusal.cause != first.refusal.cause })
        }
        return Match(
            client: proven.client, identity: identity, accepted: accepted,
            refused: known.map { ($0.way, $0.refusal.cause) })
    }

    private func check(
        _ token: String, _ way: IdentityWay, _ client: ClientID?, now: NumericDate
    ) throws(Refusal) -> PendingIdentityCheck {
        do throws(TokenRefusal) {
            let credentials = try PresentedCredentials(trying: token, as: way, client: client)
            switch try clients.authenticate(credentials, identities: registry, verified: .none, now: now) {
            case .identity(let check): return check
            case .refused(let failure): throw failure.refusal
            case .proven, .password, .assertion: throw TokenRefusal(.invalidClient, cause: .assertionIssuer)
            }
        } catch {
            throw Refusal(error.cause, IdentityExplanation(error.cause, issuers: issuers), error.identity != nil)
        }
    }

    private func run(
        _ check: PendingIdentityCheck, _ way: IdentityWay, _ keys: JWKSet
    ) throws(Refusal) -> AuthenticatedClient {
        func refusal(_ cause: RefusalCause) -> Refusal {
            Refusal(cause, check.explanation(of: cause, keys: keys), true)
        }
        let result: Result<AuthenticatedClient, AuthenticationFailure>
        do throws(TokenRefusal) {
            result =
                switch try check.run(keys: keys) {
                case .refused(let failure): .failure(failure)
                case .accepted(let client): .success(client)
                case .unrecorded(let token): try token.conclude(.first)
                }
        } catch {
            throw refusal(error.cause)
        }
        switch result {
        case .failure(let failure): throw refusal(failure.cause)
        case .success(let client):
            guard way.isUseful(to: client.client) else { throw refusal(.grantTypeNotAllowed) }
            return client
        }
    }

    private func keys(of issuer: TrustedIssuer) async throws(Refusal) -> JWKSet {
        if case .fixed(let keys, _) = issuer.keys { return keys }
        do throws(DocumentFetchError) {
            return try await IssuerKeysSource(issuer, through: http, access).fetch().value
        } catch {
            throw Refusal(
                .issuerKeysUnavailable,
                IdentityExplanation(
                    "the keys of the issuer \(issuer.name) cannot be fetched: \(error)",
                    hint:
                        "the service answers 503 until they can, unless it has keys that it fetched less than a day ago"
                ),
                true)
        }
    }
}

/// The keys of each issuer, which are fetched once for all ways.
private struct FetchedKeys {
    private var results: [String: Result<JWKSet, IdentityTest.Refusal>] = [:]

    mutating func keys(
        of issuer: TrustedIssuer, fetch: (TrustedIssuer) async throws(IdentityTest.Refusal) -> JWKSet
    ) async throws(IdentityTest.Refusal) -> JWKSet {
        if let result = results[issuer.name] { return try result.get() }
        let result: Result<JWKSet, IdentityTest.Refusal>
        do throws(IdentityTest.Refusal) { result = .success(try await fetch(issuer)) } catch {
            result = .failure(error)
        }
        results[issuer.name] = result
        return try result.get()
    }
}

extension IdentityTest.Refusal {
    fileprivate init(_ cause: RefusalCause, _ explanation: IdentityExplanation, _ knowsIssuer: Bool) {
        self.cause = cause
        self.explanation = explanation
        self.knowsIssuer = knowsIssuer
    }

    /// Adds how other ways end.
    fileprivate func with(otherWays: [(way: IdentityWay, refusal: Self)]) -> Self {
        let lines = otherWays.map {
            "as \($0.way.name): \($0.refusal.explanation.message) (\($0.refusal.cause.rawValue))"
        }
        let explanation = IdentityExplanation(
            explanation.message, details: explanation.details + lines, hint: explanation.hint)
        return Self(cause, explanation, knowsIssuer)
    }
}
