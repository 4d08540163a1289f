import Logging
import OAuth
import Testing

@testable import Telemetry

@Suite("What the log tells of the places of keys")
struct RemotePlacesTests {
    private let start = ContinuousClock.now
    private var places = RemotePlaces()

    private static let sealed = RemoteKeyError(.unavailable, "it is sealed")
    private static let late = RemoteKeyError(.timedOut, "there was no answer in time")

    private func outcome(_ error: RemoteKeyError?) -> RemoteSignatureOutcome {
        RemoteSignatureOutcome(place: .vault, error: error, duration: .zero)
    }

    private func instant(_ milliseconds: Int) -> ContinuousClock.Instant { start + .milliseconds(milliseconds) }

    @Test("the log has each reason of an outage once, also if they alternate and some signatures are made")
    mutating func reasons() {
        var told: [RemoteKeyError?] = []
        for number in 0..<20 {
            let error = [Self.sealed, Self.late, nil][number % 3]
            if let change = places.note(outcome(error), now: instant(number * 10)) { told.append(change.error) }
            told += places.takeRecoveries(now: instant(number * 10)).map(\.error)
        }
        #expect(told == [Self.sealed, Self.late])
    }

    @Test("the log has the end of an outage once, a second after the last failure")
    mutating func recovery() {
        let changes = [outcome(Self.sealed), outcome(nil)].map { places.note($0, now: instant(0)) }
        #expect(changes == [RemotePlaces.Change(place: .vault, error: Self.sealed), nil])
        let recoveries = [999, 1000, 2000].map { places.takeRecoveries(now: instant($0)) }
        #expect(recoveries == [[], [RemotePlaces.Change(place: .vault, error: nil)], []])
        let next = places.note(outcome(Self.sealed), now: instant(3000))
        #expect(next?.error == Self.sealed)
    }

    @Test("a place that makes no signature has not recovered, however long none failed")
    mutating func silence() {
        _ = places.note(outcome(Self.sealed), now: instant(0))
        let recoveries = places.takeRecoveries(now: instant(100_000))
        #expect(recoveries.isEmpty)
    }

    @Test("of texts that differ each time, the log has four")
    mutating func manyTexts() {
        let told = (0..<20).compactMap { number in
            places.note(outcome(RemoteKeyError(.unavailable, "request \(number)")), now: instant(number))
        }
        #expect(told.count == RemotePlaces.mostErrors)
    }

    @Test("each place is counted for itself, and one that has too much to do has not failed")
    mutating func differentPlaces() {
        let overloaded = places.note(outcome(RemoteKeyError(.overloaded, "wait")), now: instant(0))
        #expect(overloaded == nil)
        let failed = places.note(outcome(Self.sealed), now: instant(0))
        #expect(failed?.message == "No signature from Vault: it is sealed")
        _ = places.note(RemoteSignatureOutcome(place: .pkcs11, error: nil, duration: .zero), now: instant(10))
        let others = places.takeRecoveries(now: instant(2000))
        #expect(others.isEmpty)
        _ = places.note(outcome(nil), now: instant(2000))
        let messages = places.takeRecoveries(now: instant(2000)).map(\.message)
        #expect(messages == ["Signatures come again from Vault"])
    }
}
