import AccessToken
import Admission
import Hummingbird
import HummingbirdCore
import JOSE
import Logging
import NIOCore
import OAuth
import OTLPTracing
import Signing
import Synchronization
import SystemPackage
import Telemetry

@testable import LiveState
@testable import ServiceFiles
@testable import TokenHTTP

/// What comes over a connection to the token listener: request lines, fields, bodies, one request behind the other.
final class HTTPTarget: FuzzTarget {
    private let connection: HTTPConnection

    init() throws {
        let folder = try ServiceFolder()
        let configuration = try ServiceConfiguration(reading: FilePath(folder.configuration), environment: [:])
        // Nobody sends its spans; but the fields that it reads are anybody's.
        let tracer = OTLPTracer(serviceVersion: "fuzz", capacity: 16) { _ in }
        // It reads everything now, and looks for no changes.
        let service = try withExtendedLifetime(folder) {
            try TokenService(configuration, logger: Self.logger, tracer: tracer)
        }
        let authenticator = try ClientAuthenticator(
            limits: configuration.throttle, audiences: configuration.assertionAudiences,
            passwordChecks: PasswordChecks(threadCount: 1, capacity: 8),
            verifiedSecrets: VerifiedSecretCache().secrets, keySets: ClientKeySets { _, _ in },
            start: NumericDate(.min))
        let readiness = Readiness()
        readiness.begin()
        connection = try HTTPConnection(
            to: service.tokenRouter(authenticator, SignerPool(threadCount: 1, wait: .seconds(60)), readiness))
    }

    func parse(_ octets: [UInt8]) { _ = connection.answers(to: [octets]) }

    func run(_ input: Input) throws {
        let answers = HTTPAnswers(connection.answers(to: [input.octets]))
        answers.check()
        let inPieces = HTTPAnswers(connection.answers(to: pieces(of: input)))
        inPieces.check()
        require(answers.agrees(with: inPieces), "it does not matter in which pieces a request comes")
    }

    private func pieces(of input: Input) -> [[UInt8]] {
        let cuts = (1...3).map { input.choice($0, below: input.octets.count + 1) }.sorted()
        return zip([0] + cuts, cuts + [input.octets.count]).map { Array(input.octets[$0..<$1]) }
    }

    /// Each line must be JSON whatever is in the request.
    private static let logger = Logger(label: "fuzz") { _ in
        ServiceLogHandler(.json) { line in
            require((try? JSONReader.read(line))?.object != nil, "a line of the log is JSON")
            require(line.allSatisfy { $0 >= 0x20 }, "a line of the log is one line")
        }
    }
}
