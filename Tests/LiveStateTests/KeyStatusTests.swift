import AccessToken
import OAuth
import ServiceFixture
import Testing

@testable import LiveState

@Suite struct KeyStatusTests {
    /// The fixture's key signs, and an announced key takes over after 1000 seconds.
    private func snapshot() throws -> Snapshot {
        let fixture = try ServiceFixture(keyFile: "p256.pem")
        let start = ServiceFixture.now + .seconds(1000)
        let name = start.rfc3339.filter { $0 != "-" && $0 != ":" }
        try fixture.copyKey("rsa-2048.pem", as: "first.pem")
        try fixture.copyKey("rsa-3072.pem", as: "\(name)-next.pem")
        return try fixture.snapshot()
    }

    @Test("A key takes over at its time, even if no newer snapshot was made")
    func keysChangeOverByTheClock() throws {
        let snapshot = try snapshot()
        func states(_ seconds: Int64) -> [KeySchedule.State] {
            snapshot.keyStates(at: ServiceFixture.now + .seconds(seconds)).filter { $0.use == "signing" }.map(\.state)
        }
        #expect(states(0) == [.signing, .next])
        #expect(states(999) == [.signing, .next])
        // Nothing was reloaded.
        #expect(states(1000) == [.published, .signing])
        #expect(snapshot.keyStates.filter { $0.use == "sealing" }.map(\.state) == [.signing])
    }

    @Test("A key's status has the time of its next change, and only changed keys are reported")
    func saysWhenKeysChange() throws {
        let keys = try snapshot().keyStates.filter { $0.use == "signing" }
        #expect(keys.map(\.nextChange) == [ServiceFixture.now + .seconds(1000), ServiceFixture.now + .seconds(1000)])
        let changes = KeyChange.changes(from: [], to: keys)
        #expect(changes.map(\.former) == [nil, nil])
        #expect(KeyChange.changes(from: keys, to: keys).isEmpty)
        #expect(KeyChange.changes(from: keys, to: [keys[0]]) == [KeyChange(former: keys[1], current: nil)])
    }
}
