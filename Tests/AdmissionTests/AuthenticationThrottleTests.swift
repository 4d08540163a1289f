import AccessToken
import Admission
import OAuth
import Testing
import WireText

@Suite struct AuthenticationThrottleTests {
    private var throttle = AuthenticationThrottle(.standard)
    private let now = NumericDate(1_795_000_000)
    private let client: ClientID
    private let here: AddressBlock
    private let elsewhere: AddressBlock

    init() throws {
        client = try ClientID("reporting")
        here = try AddressBlock("192.0.2.1")
        elsewhere = try AddressBlock("192.0.2.2")
    }

    /// Refuses wrong credentials and counts them.
    private mutating func refuse(
        _ failure: AuthenticationFailure = .wrongCredentials, _ client: ClientID? = nil,
        from address: AddressBlock? = nil,
        now: NumericDate? = nil
    ) -> TokenRefusal {
        throttle.refusal(failure, of: [client ?? self.client], from: address ?? here, now: now ?? self.now)
    }

    private func wait(
        _ client: ClientID? = nil, from address: AddressBlock? = nil, now: NumericDate? = nil
    ) -> Int? {
        throttle.waitForPasswordCheck(of: [client ?? self.client], from: address ?? here, now: now ?? self.now)
    }

    @Test("RFC 6749 section 2.3.1: failures delay one client from one address, and no other pair")
    mutating func slowsDownAPairAndNobodyElse() throws {
        for _ in 0..<10 {
            #expect(wait() == nil)
            #expect(refuse().code == .invalidClient)
        }
        #expect(wait() == 6)
        #expect(wait(from: elsewhere) == nil)
        #expect(wait(try ClientID("other")) == nil)
        #expect(wait(now: now + .seconds(5)) == 1)
        #expect(wait(now: now + .seconds(6)) == nil)
    }

    @Test("Over the limit a refusal is 429 with the time to wait, and does not count")
    mutating func refusesOtherwiseOverTheLimit() {
        for _ in 0..<10 { _ = refuse() }
        for _ in 0..<100 {
            let refusal = refuse()
            #expect(refusal.code == .tooManyFailures)
            #expect(refusal.retryAfter == 6)
        }
        #expect(wait(now: now + .seconds(6)) == nil)
        #expect(refuse(now: now + .seconds(6)).code == .invalidClient)
        #expect(refuse(now: now + .seconds(6)).code == .tooManyFailures)
    }

    @Test("Each reading of the credentials counts as an attempt")
    mutating func countsEachReading() throws {
        let both = [client, try ClientID("other")]
        for _ in 0..<10 { _ = throttle.refusal(.wrongCredentials, of: both, from: here, now: now) }
        for id in both { #expect(wait(id) == 6) }
    }

    @Test("A success drops the failures of the client from that address")
    mutating func aSuccessForgetsTheFailures() throws {
        for _ in 0..<10 { _ = refuse() }
        throttle.succeed(client, from: here)
        #expect(wait() == nil)
    }

    @Test("An address has a limit of its own, whichever clients it tries")
    mutating func anAddressHasItsOwnCeiling() throws {
        for number in 0..<100 { _ = refuse(.wrongCredentials, try ClientID("client-\(number)")) }
        let innocent = try ClientID("innocent")
        #expect(wait(innocent) == 1)
        #expect(wait(innocent, from: elsewhere) == nil)
    }

    @Test("A secret that the client knows counts for the client with its address, and not for the address")
    mutating func whatIsNoGuess() throws {
        for number in 0..<1000 { _ = refuse(.notAccepted, try ClientID("client-\(number % 100)")) }
        #expect(wait(try ClientID("other")) == nil)
        #expect(refuse(.wrongCredentials, try ClientID("other")).code == .invalidClient)
        #expect(wait(try ClientID("client-7")) != nil)
    }

    @Test("A clock that is set back does not lengthen a delay")
    mutating func aClockThatIsSetBackLocksNobodyOutForLonger() throws {
        for _ in 0..<10 { _ = refuse(now: now + .seconds(86400)) }
        #expect(wait() == nil)
    }

    @Test("A failure of a request that was overtaken does not lower the count")
    mutating func aRequestThatWasOvertakenLeaksNothing() throws {
        for _ in 0..<9 { _ = refuse() }
        _ = refuse(now: now - .seconds(60))
        #expect(wait() == 6)
    }

    @Test("Password checks that fail beyond the limit, since they began at once, lengthen the delay")
    mutating func failuresThatCameAtOnceAreWaitedForToo() throws {
        for _ in 0..<40 { #expect(refuse(.wrongPassword).code == .invalidClient) }
        #expect(wait() == 186)
    }

    @Test("Without limits, no attempt is delayed")
    mutating func offIsOff() throws {
        throttle = AuthenticationThrottle(
            .init(failures: nil, addressFailures: nil, clientFailures: nil, window: .seconds(60)))
        for _ in 0..<1000 { #expect(refuse(.wrongPassword).code == .invalidClient) }
        #expect(wait() == nil)
    }

    @Test("The memory for counts is bounded: a flood of addresses drops the oldest counts")
    mutating func forgetsTheOldestOfAFlood() throws {
        throttle = AuthenticationThrottle(.standard, capacity: 100)
        for _ in 0..<10 { _ = refuse() }
        for number in 0..<1000 { _ = refuse(from: try AddressBlock("10.0.\(number / 250).\(number % 250)")) }
        #expect(wait() == nil)
    }

    @Test("A limit of zero or less counts as one, and does not end the process", arguments: [0, -1, Int.min])
    mutating func noLimitIsTooLow(limit: Int) throws {
        throttle = AuthenticationThrottle(
            .init(failures: limit, addressFailures: limit, clientFailures: limit, window: .seconds(60)))
        #expect(wait() == nil)
        _ = refuse(.wrongPassword)
        #expect(wait() == 60)
    }
}

/// The limit of a client over all addresses.
@Suite struct PasswordGuessingTests {
    private var throttle = AuthenticationThrottle(.standard)
    private let now = NumericDate(1_795_000_000)
    private let client: ClientID

    init() throws { client = try ClientID("reporting") }

    /// One guess, if the throttle allows it.
    private mutating func guess(from address: String, of client: ClientID? = nil) throws -> Bool {
        let (claimed, address) = ([client ?? self.client], try AddressBlock(address))
        guard throttle.waitForPasswordCheck(of: claimed, from: address, now: now) == nil else { return false }
        _ = throttle.refusal(.wrongPassword, of: claimed, from: address, now: now)
        return true
    }

    @Test("An IPv6 site with 65,536 addresses guesses a hundred times in a window, not ten times from each")
    mutating func aSiteOfManyAddresses() throws {
        var count = 0
        for number in 0..<2000 {
            if try guess(from: "2001:db8:1:\(String(number, radix: 16))::1") { count += 1 }
        }
        #expect(count == 100)
    }

    @Test("Over the limit of a client, each site that has not failed yet has one guess")
    mutating func manySites() throws {
        for number in 0..<100 { _ = try guess(from: "2001:db8:\(String(number, radix: 16))::1") }
        var count = 0
        for number in 0..<50 {
            for _ in 0..<5 where try guess(from: "198.51.100.\(number)") { count += 1 }
        }
        #expect(count == 50)
    }

    @Test("Guesses from elsewhere never keep the client itself, another client, or a digest out")
    mutating func noLockOut() throws {
        for number in 0..<500 { _ = try guess(from: "2001:db8:1:\(String(number, radix: 16))::1") }
        let home = try AddressBlock("192.0.2.1")
        #expect(throttle.waitForPasswordCheck(of: [client], from: home, now: now) == nil)
        let neighbour = try AddressBlock("2001:db8:1:2::1")
        #expect(throttle.waitForPasswordCheck(of: [client], from: neighbour, now: now) != nil)
        let other = try ClientID("other")
        #expect(throttle.waitForPasswordCheck(of: [other], from: neighbour, now: now) == nil)
        #expect(throttle.refusal(.wrongCredentials, of: [client], from: home, now: now).code == .invalidClient)
    }

    @Test("Only checks of password hashes count for a client over all addresses")
    mutating func digestsDoNotCount() throws {
        for number in 0..<500 {
            let address = try AddressBlock("198.51.\(number / 250).\(number % 250)")
            _ = throttle.refusal(.wrongCredentials, of: [client], from: address, now: now)
        }
        #expect(try throttle.waitForPasswordCheck(of: [client], from: AddressBlock("198.51.0.1"), now: now) == nil)
    }
}

extension AuthenticationFailure {
    static let wrongCredentials = AuthenticationFailure(.wrongCredentials, cause: .wrongSecret)
    static let wrongPassword = AuthenticationFailure(.wrongPassword, cause: .wrongSecret)
    static let notAccepted = AuthenticationFailure(.notAccepted, cause: .expiredSecret)
}
