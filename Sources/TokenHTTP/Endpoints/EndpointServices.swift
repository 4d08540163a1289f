import AccessToken
import Hummingbird
import JOSE
import OAuth
import Signing
import Tracing

/// What the endpoints for authenticated clients share.
struct EndpointServices: Sendable {
    /// A client that was let in, with what its request is answered from.
    struct Admission {
        let client: AuthenticatedClient
        let snapshot: Snapshot
        let now: NumericDate
    }

    let snapshots: SnapshotStore
    let gate: ClientAuthenticator
    let trustedProxies: TrustedProxies
    let signers: SignerPool
    let now: @Sendable () -> NumericDate
    /// Seconds after which a client that could not be served should come back: not the same for all, so that those who came
    /// together do not come back together.
    var retryDelay: @Sendable () -> Int = { .random(in: 1...4) }
    /// Told why an answer is `server_error`; clients are not.
    let reportFailure: @Sendable (any Error) -> Void
    /// nil where nobody wants traces.
    var tracer: (any Tracer)?
    /// Told of every request when it has its answer.
    let report: @Sendable (RequestEvent) -> Void

    /// - Parameter event: gets the client that the credentials are for.
    func admit(
        _ credentials: PresentedCredentials, of request: Request, event: inout RequestEvent
    ) async throws(ClientAuthenticator.Refusal) -> Admission {
        // Not before the body is there: a request that comes slowly must not see old clients, or an old time.
        let snapshot = snapshots.current
        let now = now()
        event.client = credentials.clientIDs.lazy.compactMap { snapshot.clients[$0] }.first
        let address = event.address?.block
        let client = try await event.trace.step("authenticate") { () async throws(ClientAuthenticator.Refusal) in
            try await gate.authenticate(credentials, from: address, in: snapshot.clients, now: now)
        }
        event.client = client.client
        return Admission(client: client, snapshot: snapshot, now: now)
    }

    /// A request that has just come.
    func event(_ endpoint: Endpoint, of request: Request, in context: ConnectionContext) -> RequestEvent {
        let trace = RequestTrace(tracer, path: request.uri.path, headers: request.headers)
        var event = RequestEvent(endpoint, requestID: context.requestID, trace: trace)
        event.address = context.address.map { trustedProxies.origin(of: $0, request.headers) }
        return event
    }

    /// The answer to a refused request; everybody is told what there is to tell.
    func refuse(_ refusal: ClientAuthenticator.Refusal, _ event: RequestEvent) -> Response {
        var event = event
        event.error = refusal.error
        finish(event)
        guard refusal.error == .overloaded else { return .refusal(refusal) }
        return .refusal(ClientAuthenticator.Refusal(.overloaded, retryAfter: retryDelay()))
    }

    /// For each request once, when it has its answer.
    func finish(_ event: RequestEvent) {
        event.trace.end(event)
        report(event)
    }

    func sign(
        _ input: JWSSigningInput, with key: SigningKey, for client: AuthenticatedClient
    ) async throws(TokenError) -> [UInt8] {
        do throws(SigningError) { return try await signers.sign(input, with: key, for: client.client.id) } catch {
            switch error {
            case .queueFull: throw .overloaded
            case .failed(let cause): throw failure(cause)
            }
        }
    }

    /// What goes wrong in `body`, as the refusal that the client gets.
    func refusing<Result>(
        _ body: () async throws(TokenError) -> Result
    ) async throws(ClientAuthenticator.Refusal) -> Result {
        do throws(TokenError) { return try await body() } catch { throw ClientAuthenticator.Refusal(error) }
    }

    /// Runs a rule; where it is libcrypto that fails in it, operators are told.
    func reporting<Result>(_ rule: () throws(TokenError) -> Result) throws(TokenError) -> Result {
        do throws(TokenError) { return try rule() } catch {
            throw error == .serverError ? failure(error) : error
        }
    }

    /// Tells operators why, and clients that.
    func failure(_ cause: any Error) -> TokenError {
        reportFailure(cause)
        return .serverError
    }
}
