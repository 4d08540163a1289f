import HTTPTypes
import Hummingbird
import JOSE
import Libcrypto
import LoopbackServer
import NIOCore
import OAuth
import RemoteKeys
import Synchronization
import WireText

@testable import VaultTransit

/// A server of Vault for one test, with one key. It answers as OpenBao 2.7 does, unless the test says otherwise.
final class TransitStub: Sendable {
    enum Operation: Sendable, Hashable, CaseIterable {
        case login
        case read
        case create
        case rotate
        case sign
    }

    struct Call: Sendable {
        let operation: Operation
        let path: String
        let headers: HTTPFields
        let body: JSONObject

        var token: String? { headers[TransitStub.tokenField] }
    }

    /// An answer in place of the right one.
    enum Reply: Sendable {
        case status(Int, String)
        /// With status 200.
        case text(String)
        case redirect(String)
        /// The beginning of the right answer, after which the connection ends.
        case half
        /// None.
        case hang
    }

    struct State: Sendable {
        var type: String
        /// No version: there is no key.
        var versions: [Int: PrivateKey] = [:]
        var latest = 0
        var members = ""
        var minimumSigningVersion = 0
        /// The tokens that Vault accepts.
        var tokens: Set<String> = ["root"]
        var lease = 3600
        var logins = 0
        var replies: [Operation: [Reply]] = [:]
        var calls: [Call] = []
        var heldOperations: Set<Operation> = []
        var held: [CheckedContinuation<Void, Never>] = []
    }

    static let message = Array("header.payload".utf8)
    static let tokenField = HTTPField.Name("X-Vault-Token") ?? .accept
    static let requestField = HTTPField.Name("X-Vault-Request") ?? .accept
    static let namespaceField = HTTPField.Name("X-Vault-Namespace") ?? .accept

    let algorithm: SignatureAlgorithm
    private let state: Mutex<State>

    /// - Parameter versions: how many versions the key has; 0 for no key.
    init(_ algorithm: SignatureAlgorithm = .es256, versions: Int = 1) throws {
        self.algorithm = algorithm
        state = Mutex(State(type: algorithm.transitKeyType ?? "ecdsa-p521"))
        for _ in 0..<versions { try addVersion() }
    }

    func change<Value: Sendable, Failure: Error>(
        _ body: (inout State) throws(Failure) -> Value
    ) throws(Failure) -> Value {
        try state.withLock { (state) throws(Failure) in try body(&state) }
    }

    /// Whether it is the key's signature over ``message``.
    func isSignature(_ signature: [UInt8], of key: PublicKey) throws -> Bool {
        let message = Self.message
        return try key.isValid(signature.span, for: message.span, scheme: algorithm.scheme)
    }

    func calls(_ operation: Operation) -> [Call] { change { $0.calls.filter { $0.operation == operation } } }

    /// The next answers to requests of a kind.
    func reply(to operation: Operation, _ replies: Reply...) {
        change { $0.replies[operation, default: []] += replies }
    }

    func addVersion() throws {
        let key = try algorithm.makeKey()
        change { state in
            state.latest += 1
            state.versions[state.latest] = key
        }
    }

    /// The public half of a version.
    func publicKey(_ version: Int = 1) throws -> PublicKey? { try change { $0.versions[version] }?.publicKey }

    // MARK: Answers held back

    func hold(_ operations: Operation...) {
        change { $0.heldOperations = operations.isEmpty ? Set(Operation.allCases) : Set(operations) }
    }

    func release() {
        let held = change { state in
            defer { state.held = [] }
            state.heldOperations = []
            return state.held
        }
        for continuation in held { continuation.resume() }
    }

    var heldCount: Int { change { $0.held.count } }

    private func waitWhileHeld(_ operation: Operation) async {
        await withCheckedContinuation { continuation in
            let isHeld = change { state in
                let isHeld = state.heldOperations.contains(operation)
                if isHeld { state.held.append(continuation) }
                return isHeld
            }
            if !isHeld { continuation.resume() }
        }
    }

    // MARK: Serving

    /// Runs `body` with a store and the URI of the key.
    ///
    /// - Parameter limit: the time for a signature.
    func serve(
        login: VaultLogin = .tokenFile { try SecretBytes(copying: "root\n".utf8.span) }, limit: Duration = .seconds(60),
        namespace: String? = nil, clock: StubClock = StubClock(),
        _ body: @escaping @Sendable (TransitStore, TransitKeyURI) async throws -> Void
    ) async throws {
        let router = Router()
        router.get("v1/**") { request, _ in try await self.answer(request) }
        router.post("v1/**") { request, _ in try await self.answer(request) }
        try await LoopbackServer.serve(router) { origin in
            let server = VaultServer(http: .writ(), authorities: nil, namespace: namespace)
            let store = TransitStore(server, login, limit: limit, now: { clock.now })
            try await body(store, try TransitKeyURI(Octets("vault+\(origin)/team/transit/keys/writ")))
        }
    }

    private func answer(_ request: Request) async throws -> Response {
        let octets = Array(buffer: try await request.body.collect(upTo: 1 << 20))
        let body = (octets.isEmpty ? nil : try JSONReader.read(octets).object) ?? JSONObject()
        let operation = Self.operation(request)
        let reply: Reply? = change { state in
            state.calls.append(
                Call(operation: operation, path: request.uri.path, headers: request.headers, body: body))
            return state.replies[operation]?.isEmpty == false ? state.replies[operation]?.removeFirst() : nil
        }
        await waitWhileHeld(operation)
        switch reply {
        case nil: return Self.response(try rightAnswer(operation, request, body))
        case .status(let status, let text): return Self.response((status, text))
        case .text(let text): return Self.response((200, text))
        case .redirect(let location): return Response(status: .temporaryRedirect, headers: [.location: location])
        case .half:
            return Response(
                status: .ok, headers: [.contentLength: "4000"],
                body: ResponseBody { writer in
                    try await writer.write(ByteBuffer(string: #"{"data":{"signature":"vault:v1:"#))
                    throw CancellationError()
                })
        case .hang:
            try await Task.sleep(for: .seconds(3600))
            return Response(status: .ok)
        }
    }

    private static func response(_ answer: (Int, String)) -> Response {
        Response(
            status: .init(code: answer.0), headers: [.contentType: "application/json"],
            body: .init(byteBuffer: ByteBuffer(string: answer.1)))
    }

    private static func operation(_ request: Request) -> Operation {
        let parts = Octets(request.uri.path).parts(between: "/").map(\.text)
        if parts.contains("login") { return .login }
        if parts.contains("sign") { return .sign }
        if parts.last == "rotate" { return .rotate }
        return request.method == .post ? .create : .read
    }
}

/// A clock that stands still until a test advances it.
final class StubClock: Sendable {
    private let elapsed = Mutex(Duration.zero)
    private let start = ContinuousClock.now

    var now: ContinuousClock.Instant { start.advanced(by: elapsed.withLock { $0 }) }
    func advance(by duration: Duration) { elapsed.withLock { $0 += duration } }
}

/// Waits until something is so that needs no more than other tasks to run. The time limit of the suite ends it.
func eventually(_ condition: () async throws -> Bool) async throws {
    while try await !condition() { await Task.yield() }
}
