import AccessToken
import Admission
import OAuth
import Testing
import WireText

@Suite struct AttemptLimiterTests {
    private let here: AddressBlock
    private let elsewhere: AddressBlock

    init() throws {
        here = try AddressBlock("192.0.2.1")
        elsewhere = try AddressBlock("192.0.2.2")
    }

    private static func limits(_ failures: Int?, _ addressFailures: Int?) -> FailureLimits {
        FailureLimits(failures: failures, addressFailures: addressFailures, clientFailures: nil, window: .seconds(60))
    }

    @Test("Attempts that wait are limited for a client with an address, and for an address")
    func pairAndAddress() throws {
        var pending = AttemptLimiter(Self.limits(2, 4))
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
        var pending = AttemptLimiter(Self.limits(nil, 100), room: 32)
        let begun = try (0..<20).map { pending.begin(try ClientID("client-\($0)"), from: here) }
        #expect(begun.count { $0 } == 8)
        let fromElsewhere = pending.begin(try ClientID("reporting"), from: elsewhere)
        #expect(fromElsewhere)
    }

    @Test("No IPv6 site takes more than half of the room, however many addresses it has")
    func halfOfTheRoom() throws {
        var pending = AttemptLimiter(Self.limits(nil, 100), room: 32)
        let begun = try (0..<40).map {
            pending.begin(try ClientID("client-\($0)"), from: try AddressBlock("2001:db8:1:\($0)::1"))
        }
        #expect(begun.count { $0 } == 16)
        let fromElsewhere = pending.begin(try ClientID("reporting"), from: try AddressBlock("2001:db8:2::1"))
        #expect(fromElsewhere)
        for number in 0..<16 {
            pending.end(try ClientID("client-\(number)"), from: try AddressBlock("2001:db8:1:\(number)::1"))
        }
        let again = pending.begin(try ClientID("client-0"), from: try AddressBlock("2001:db8:1:ffff::1"))
        #expect(again)
    }

    @Test("Any number of attempts may wait if there are no limits")
    func withoutLimits() throws {
        var pending = AttemptLimiter(Self.limits(nil, nil))
        let client = try ClientID("reporting")
        let begun = (0..<1000).map { _ in pending.begin(client, from: here) }
        #expect(begun.allSatisfy { $0 })
    }
}
