import AccessToken
import Admission
import OAuth
import Testing
import WireText

@Suite struct AttemptLimiterTests {
    private let here = AddressBlock(octets: [192, 0, 2, 1])
    private let elsewhere = AddressBlock(octets: [192, 0, 2, 2])

    @Test("Attempts that wait are limited for a client with an address, and for an address")
    func pairAndAddress() throws {
        var pending = AttemptLimiter(.init(failures: 2, addressFailures: 4, window: .seconds(60)))
        let client = try ClientID("reporting")
        let begun = (0..<20).map { _ in pending.begin(client, from: here) }
        #expect(begun.count { $0 } == 8)
        let fromElsewhere = pending.begin(client, from: elsewhere)
        #expect(fromElsewhere)
        let others = try (0..<20).map { pending.begin(try ClientID("client-\($0)"), from: here) }
        #expect(others.count { $0 } == 8)
        pending.end(client, from: here)
        let second = [pending.begin(client, from: here), pending.begin(client, from: here)]
        #expect(second == [true, false])
    }

    @Test("No address takes more than a quarter of the room")
    func aQuarterOfTheRoom() throws {
        var pending = AttemptLimiter(.init(failures: nil, addressFailures: 100, window: .seconds(60)), room: 32)
        let begun = try (0..<20).map { pending.begin(try ClientID("client-\($0)"), from: here) }
        #expect(begun.count { $0 } == 8)
        let fromElsewhere = pending.begin(try ClientID("reporting"), from: elsewhere)
        #expect(fromElsewhere)
    }

    @Test("Any number of attempts may wait if there are no limits")
    func withoutLimits() throws {
        var pending = AttemptLimiter(.init(failures: nil, addressFailures: nil, window: .seconds(60)))
        let client = try ClientID("reporting")
        let begun = (0..<1000).map { _ in pending.begin(client, from: here) }
        #expect(begun.allSatisfy { $0 })
    }
}
