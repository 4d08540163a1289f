import AccessToken
import Admission
import OAuth
import Testing
import WireText

@Suite struct AuthenticationThrottleTests {
    private var throttle = AuthenticationThrottle(.standard)
    private let now = NumericDate(1_795_000_000)
    private let here = AddressBlock(octets: [192, 0, 2, 1])
    private let elsewhere = AddressBlock(octets: [192, 0, 2, 2])

    @Test("RFC 6749 section 2.3.1: failures delay one client from one address, and no other pair")
    mutating func slowsDownAPairAndNobodyElse() throws {
        let client = try ClientID("reporting")
        for _ in 0..<10 {
            #expect(throttle.wait(for: client, from: here, now: now) == nil)
            throttle.fail(client, from: here, now: now)
        }
        #expect(throttle.wait(for: client, from: here, now: now) == 6)
        #expect(throttle.wait(for: client, from: elsewhere, now: now) == nil)
        #expect(throttle.wait(for: try ClientID("other"), from: here, now: now) == nil)
        #expect(throttle.wait(for: client, from: here, now: now + .seconds(5)) == 1)
        #expect(throttle.wait(for: client, from: here, now: now + .seconds(6)) == nil)
    }

    @Test("A success drops the failures of the client from that address")
    mutating func aSuccessForgetsTheFailures() throws {
        let client = try ClientID("reporting")
        for _ in 0..<10 { throttle.fail(client, from: here, now: now) }
        throttle.succeed(client, from: here)
        #expect(throttle.wait(for: client, from: here, now: now) == nil)
    }

    @Test("An address has a limit of its own, whichever clients it tries")
    mutating func anAddressHasItsOwnCeiling() throws {
        for number in 0..<100 { throttle.fail(try ClientID("client-\(number)"), from: here, now: now) }
        let innocent = try ClientID("innocent")
        #expect(throttle.wait(for: innocent, from: here, now: now) == 1)
        #expect(throttle.wait(for: innocent, from: elsewhere, now: now) == nil)
    }

    @Test("A clock that is set back does not lengthen a delay")
    mutating func aClockThatIsSetBackLocksNobodyOutForLonger() throws {
        let client = try ClientID("reporting")
        for _ in 0..<10 { throttle.fail(client, from: here, now: now + .seconds(86400)) }
        #expect(throttle.wait(for: client, from: here, now: now) == nil)
    }

    @Test("A failure of a request that was overtaken does not lower the count")
    mutating func aRequestThatWasOvertakenLeaksNothing() throws {
        let client = try ClientID("reporting")
        for _ in 0..<9 { throttle.fail(client, from: here, now: now) }
        throttle.fail(client, from: here, now: now - .seconds(60))
        #expect(throttle.wait(for: client, from: here, now: now) == 6)
    }

    @Test("Failures beyond the limit that come at once lengthen the delay")
    mutating func failuresThatCameAtOnceAreWaitedForToo() throws {
        let client = try ClientID("reporting")
        for _ in 0..<40 { throttle.fail(client, from: here, now: now) }
        #expect(throttle.wait(for: client, from: here, now: now) == 186)
    }

    @Test("Without limits, no attempt is delayed")
    func offIsOff() throws {
        var throttle = AuthenticationThrottle(.init(failures: nil, addressFailures: nil, window: .seconds(60)))
        let client = try ClientID("reporting")
        for _ in 0..<1000 { throttle.fail(client, from: here, now: now) }
        #expect(throttle.wait(for: client, from: here, now: now) == nil)
    }

    @Test("IPv6 addresses with the same first 64 bits count as one")
    func anIPv6NetworkIsOneParty() {
        var octets = [UInt8](repeating: 0x20, count: 16)
        let first = AddressBlock(octets: octets)
        octets[15] = 1
        #expect(AddressBlock(octets: octets) == first)
        octets[7] = 1
        #expect(AddressBlock(octets: octets) != first)
    }

    @Test("The memory for counts is bounded: a flood of addresses drops the oldest counts")
    func forgetsTheOldestOfAFlood() throws {
        var throttle = AuthenticationThrottle(.standard, capacity: 100)
        let client = try ClientID("reporting")
        for _ in 0..<10 { throttle.fail(client, from: here, now: now) }
        for number in 0..<1000 {
            let address = AddressBlock(octets: [10, 0, UInt8(number / 250), UInt8(number % 250)])
            throttle.fail(client, from: address, now: now)
        }
        #expect(throttle.wait(for: client, from: here, now: now) == nil)
    }

    /// An attacker that keeps the service busy must not guess verified secrets at no cost meanwhile.
    @Test("A secret that was not fully checked counts for the client with its address, not for the address alone")
    func whatWasMissedCountsForThePairAlone() throws {
        var throttle = AuthenticationThrottle(.init(failures: 2, addressFailures: 1, window: .seconds(60)))
        let client = try ClientID("reporting")
        for _ in 0..<2 { throttle.missed(client, from: here, now: now) }
        #expect(throttle.wait(for: client, from: here, now: now) != nil)
        #expect(throttle.wait(for: try ClientID("other"), from: here, now: now) == nil)
    }

    @Test("A limit of zero or less counts as one, and does not end the process", arguments: [0, -1, Int.min])
    func noLimitIsTooLow(limit: Int) throws {
        var throttle = AuthenticationThrottle(.init(failures: limit, addressFailures: limit, window: .seconds(60)))
        let client = try ClientID("reporting")
        #expect(throttle.wait(for: client, from: here, now: now) == nil)
        throttle.fail(client, from: here, now: now)
        #expect(throttle.wait(for: client, from: here, now: now) == 60)
    }
}
