import AccessToken
import Foundation
import HTTPTypes
import Hummingbird
import JOSE
import LoopbackServer
import RemoteKeys
import Synchronization
import TestSupport
import Testing
import TokenVerifierTesting

@testable import TokenVerifier

/// What the verifier does on bad days of the server of a Status List, over real sockets: the table of
/// Documentation/Verifying.md.
@Suite struct StatusListTroubleTests {
    private enum Trouble: String, CaseIterable {
        case none = "answers"
        case revoked = "answers, and the token is revoked"
        case down = "is down"
        case slow = "never answers"
        case failing = "answers 500"
        case missing = "answers 404"
        case rubbish = "answers rubbish"
        case otherKey = "answers with a list that is not signed by it"
        case otherList = "answers with another list"
        case expired = "answers with a list that has expired"
        case otherBits = "answers with a list of 3 bits"
        case bomb = "answers with a list of 2 MiB"
        case short = "answers with a list without the token"
    }

    /// A list that was fetched before the trouble began. It is fresh for 100 seconds, and its `exp` is at 3000.
    private struct Column {
        let age: Int?
        var modes: [StatusListRules.Mode] = [.required, .tolerating(staleness: .seconds(1000))]
        var lifetime = 3000
    }

    private static let columns = [
        Column(age: nil), Column(age: 10), Column(age: 150, modes: [.required]),
        Column(age: 150, modes: [.tolerating(staleness: .seconds(1000))]), Column(age: 150, lifetime: 140),
        Column(age: 2000),
    ]

    private static let now = NumericDate(1_795_000_000)

    @Test(
        "The verifier handles bad days of a list's server as Documentation/Verifying.md says", .timeLimit(.minutes(1)))
    func theTableOfTheDocumentationIsTrue() async throws {
        let router = Router()
        let answers = Mutex<[String: [UInt8]]>([:])
        router.get("**") { request, _ in
            switch Trouble(rawValue: String(request.uri.path.dropFirst()).replacing("_", with: " ")) {
            case .slow: try await Task.sleep(for: .seconds(3600))
            case .failing: return Response(status: .internalServerError)
            case .rubbish: return Response(status: .ok, body: .init(byteBuffer: ByteBuffer(string: "<html>")))
            case let trouble?:
                guard let answer = answers.withLock({ $0[trouble.rawValue] }) else { break }
                return Response(status: .ok, body: .init(byteBuffer: ByteBuffer(bytes: answer)))
            case nil: break
            }
            return Response(status: .notFound)
        }
        let rows = Mutex<[String]>([])
        try await LoopbackServer.serve(router) { origin in
            let issuer = try TestIssuer(origin)
            let lists = try Self.lists(of: issuer)
            answers.withLock { $0 = lists }
            for trouble in Trouble.allCases {
                var cells = ["The issuer \(trouble.rawValue)"]
                for column in Self.columns { cells.append(try await outcome(of: trouble, column, issuer)) }
                rows.withLock { $0.append("| " + cells.joined(separator: " | ") + " |") }
            }
        }
        let documentation = try String(
            contentsOf: TestVectors.url("../../Documentation/Verifying.md").standardized, encoding: .utf8)
        for row in rows.withLock({ $0 }) {
            let isThere = documentation.contains(row)
            #expect(isThere, "\(row)")
        }
    }

    private static func uri(of issuer: TestIssuer) -> String { "\(issuer.issuer.origin)/list" }

    private static func list(
        of issuer: TestIssuer, uri: String? = nil, entryCount: Int = 1 << 10, revoked: [Int] = [],
        from issuedAt: NumericDate = now, lifetime: Int = 3000, bits: Int = 1
    ) throws -> [UInt8] {
        var list = StatusList(entryCount: entryCount)
        for index in revoked { list.set(index) }
        let content = StatusListToken(
            uri: uri ?? Self.uri(of: issuer), issuedAt: issuedAt, expiresAt: issuedAt + .seconds(lifetime),
            timeToLive: .seconds(100), list: list)
        let payload = String(decoding: try content.json(), as: UTF8.self).replacing(
            #""bits":1"#, with: #""bits":\#(bits)"#)
        return Array(try issuer.token(payload: Array(payload.utf8), type: "statuslist+jwt").utf8)
    }

    private static func lists(of issuer: TestIssuer) throws -> [String: [UInt8]] {
        let forger = try TestIssuer(issuer.issuer.description)
        return [
            Trouble.none.rawValue: try list(of: issuer),
            Trouble.revoked.rawValue: try list(of: issuer, revoked: [7]),
            Trouble.otherKey.rawValue: try list(of: forger),
            Trouble.otherList.rawValue: try list(of: issuer, uri: "\(uri(of: issuer))2"),
            Trouble.expired.rawValue: try list(of: issuer, from: now - .seconds(3000)),
            Trouble.otherBits.rawValue: try list(of: issuer, bits: 3),
            Trouble.bomb.rawValue: try list(of: issuer, entryCount: 16 << 20),
            Trouble.short.rawValue: try list(of: issuer, entryCount: 0),
        ]
    }

    /// The result of verifying one token; it is the same in all modes of the column.
    private func outcome(of trouble: Trouble, _ column: Column, _ issuer: TestIssuer) async throws -> String {
        var results: Set<String> = []
        for mode in column.modes { results.insert(try await outcome(of: trouble, column, mode, issuer)) }
        return results.sorted().joined(separator: " or ")
    }

    private func outcome(
        of trouble: Trouble, _ column: Column, _ mode: StatusListRules.Mode, _ issuer: TestIssuer
    ) async throws -> String {
        let start = ContinuousClock.now
        let state = Mutex((trouble: Trouble?.none, requests: 0, seconds: 0))
        let first = try Self.list(of: issuer, lifetime: column.lifetime)
        var rules = StatusListRules(mode, logger: .silent) { _ in
            let trouble = state.withLock { state in
                state.requests += 1
                return state.trouble
            }
            guard let trouble else { return FetchedDocument(first, maximumAge: .seconds(100)) }
            let path = trouble.rawValue.replacing(" ", with: "_")
            let url = trouble == .down ? "http://127.0.0.1:1/" : "\(issuer.issuer.origin)/\(path)"
            // The time limit is short only if no answer is expected.
            let timeout: Duration = trouble == .slow ? .milliseconds(200) : .seconds(20)
            return try await DocumentDownload(url: url, through: .verifier, timeout: timeout).fetchStatusListToken()
        }
        rules.clock = { start.advanced(by: .seconds(state.withLock { $0.seconds })) }
        let verifier = try issuer.verifier(rules: VerificationRules(statusLists: rules)) {
            Self.now + .seconds(state.withLock { $0.seconds })
        }
        let place = StatusListReference(index: 7, uri: Self.uri(of: issuer))
        let token = try issuer.token(lifetime: .seconds(3600), now: Self.now, claims: ["status": place.json])
        if let age = column.age {
            _ = try await verifier.verify(token)
            state.withLock { $0.seconds = age }
        }
        state.withLock { $0 = (trouble, 0, $0.seconds) }
        let result: String
        do throws(AccessTokenVerificationError) {
            _ = try await verifier.verify(token)
            result = "verified"
        } catch {
            switch error {
            case .rejected: result = "refused"
            case .noStatusList: result = "no list"
            case .noKeys, .cannotVerify, .invalidProof, .nonceRequired, .tooManyProofs: result = "failed"
            }
        }
        return state.withLock { $0.requests } == 0 ? result : "\(result), asked"
    }
}
