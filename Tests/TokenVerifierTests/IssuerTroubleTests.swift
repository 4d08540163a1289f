import AccessToken
import Foundation
import HTTPTypes
import Hummingbird
import JOSE
import Libcrypto
import LoopbackServer
import RemoteKeys
import Synchronization
import TestSupport
import Testing

@testable import TokenVerifier

/// What the verifier does during faults of the issuer, over real sockets: the table of Documentation/Verifying.md.
@Suite struct IssuerTroubleTests {
    private enum Trouble: String, CaseIterable {
        case none = "answers"
        case down = "is down"
        case slow = "never answers"
        case failing = "answers 500"
        case rubbish = "answers rubbish"
        case empty = "answers an empty set"
        case rotated = "has another key, the token too"
        case replaced = "has another key, the token not"
    }

    /// The age of the cached set, in seconds. It is fresh for 100, and may be used stale for 1000 more.
    private static let ages: [Int?] = [nil, 10, 150, 2000]

    private let old: TokenMint
    private let new: TokenMint

    init() throws {
        old = try TokenMint()
        new = try TokenMint(.generateRSA(bits: 2048))
    }

    @Test("The verifier handles faults of the issuer as Documentation/Verifying.md says")
    func theTableOfTheDocumentationIsTrue() async throws {
        let router = Router()
        let (sets, rubbish) = (try keySets(), "<html>")
        router.get("**") { request, _ in
            switch Trouble(rawValue: String(request.uri.path.dropFirst()).replacing("_", with: " ")) {
            case .slow: try await Task.sleep(for: .seconds(3600))
            case .failing: return Response(status: .internalServerError)
            case .rubbish: return Response(status: .ok, body: .init(byteBuffer: ByteBuffer(string: rubbish)))
            case let trouble?:
                return Response(
                    status: .ok, headers: [.cacheControl: "max-age=100"],
                    body: .init(byteBuffer: ByteBuffer(bytes: sets[trouble.rawValue] ?? [])))
            case nil: break
            }
            return Response(status: .notFound)
        }
        let rows = Mutex<[String]>([])
        try await LoopbackServer.serve(router) { origin in
            for trouble in Trouble.allCases {
                var cells = ["The issuer \(trouble.rawValue)"]
                for age in Self.ages { cells.append(try await outcome(of: trouble, age: age, origin)) }
                rows.withLock { $0.append("| " + cells.joined(separator: " | ") + " |") }
            }
        }
        let documentation = try String(
            contentsOf: TestVectors.url("../../Documentation/Verifying.md").standardized, encoding: .utf8)
        for row in rows.withLock({ $0 }) { #expect(documentation.contains(row)) }
    }

    private func keySets() throws -> [String: [UInt8]] {
        let others = JWKSet([JWK(try new.key.publicKey, keyID: "k2", algorithm: .rs256)]).json()
        return [
            Trouble.none.rawValue: try old.keys.json(), Trouble.empty.rawValue: JWKSet([]).json(),
            Trouble.rotated.rawValue: others, Trouble.replaced.rawValue: others,
        ]
    }

    /// The result of verifying one token, with a set that was fetched before the fault began.
    private func outcome(of trouble: Trouble, age: Int?, _ origin: String) async throws -> String {
        let clock = Mutex(ContinuousClock.now)
        let source = Mutex((url: Self.url(.none, origin), requests: 0))
        let caching = DocumentCaching(maximumStaleness: .seconds(1000))
        let set = RemoteDocument.keySet(caching: caching, now: { clock.withLock { $0 } }) {
            () throws(DocumentFetchError) in
            let url = source.withLock { source in
                source.requests += 1
                return source.url
            }
            // The time limit is short only if no answer is expected.
            let isSilent = url != Self.url(.none, origin) && (trouble == .slow || trouble == .down)
            let timeout: Duration = isSilent ? .milliseconds(200) : .seconds(20)
            return try await DocumentDownload(url: url, through: .verifier, timeout: timeout).fetchKeySet()
        }
        let verifier = try TokenMint.verifier(.remote(set))
        if let age {
            _ = try await verifier.verify(old.token())
            clock.withLock { $0 = $0.advanced(by: .seconds(age)) }
        }
        let url = Self.url(trouble, origin)
        source.withLock { $0 = (url, 0) }
        let token =
            try trouble == .rotated ? new.token(header: TokenMint.header.replacing("k1", with: "k2")) : old.token()
        let result: String
        do throws(AccessTokenVerificationError) {
            _ = try await verifier.verify(token)
            result = "verified"
        } catch {
            switch error {
            case .rejected: result = "refused"
            case .noKeys: result = "no keys"
            case .noStatusList, .cannotVerify, .invalidProof, .nonceRequired, .tooManyProofs: result = "failed"
            }
        }
        return source.withLock { $0.requests } == 0 ? result : "\(result), asked"
    }

    private static func url(_ trouble: Trouble, _ origin: String) -> String {
        trouble == .down ? "http://127.0.0.1:1/" : "\(origin)/\(trouble.rawValue.replacing(" ", with: "_"))"
    }
}
