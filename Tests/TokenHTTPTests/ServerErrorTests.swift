import Logging
import HTTPEdge
import Libcrypto
import NIOHTTP1
import OAuth
import ServiceFixture
import Synchronization
import Telemetry
import Testing

@testable import TokenHTTP

@Suite struct ServerErrorTests {
    /// Makes a call that libcrypto rejects, and returns its error.
    private static func failure() -> LibcryptoError? {
        do throws(LibcryptoError) {
            let secret: [UInt8] = [1]
            _ = try PasswordDerivation.pbkdf2(.sha256, iterations: 0).derive(16, from: secret.span, salt: secret.span)
            return nil
        } catch {
            return error
        }
    }

    @Test("RFC 6749 section 5.2: libcrypto's error is logged, and the client gets a fixed text")
    func theCauseIsForTheLog() async throws {
        let failure = try #require(Self.failure())
        let reason = try #require(failure.reasons.first).description
        let events = Mutex<[RequestEvent]>([])
        let router = try ServiceFixture().tokenRouter(
            makeTokenID: { () throws(LibcryptoError) in throw failure },
            report: { event in events.withLock { $0.append(event) } })
        let response = try await send(
            Request(
                .POST, "/oauth2/token", fields: ["Content-Type": "application/x-www-form-urlencoded"],
                body: "grant_type=client_credentials&client_id=tenant&client_secret=\(ServiceFixture.secret)"),
            to: router.reply)
        #expect(response.status == 500)
        #expect(response.body == #"{"error":"server_error","error_description":"The server could not answer."}"#)
        #expect(response.fields.allSatisfy { !$0.value.contains(reason) })
        let event = try #require(events.withLock { $0.first })
        #expect(event.description.contains(#""cause":"server_error""#))
        #expect(event.description.contains(#""failure":"\#(failure.description)""#))
        #expect("\(try #require(event.refusal?.underlyingError))".contains(reason))
    }
}
