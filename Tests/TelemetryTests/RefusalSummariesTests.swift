import AccessToken
import JOSE
import OAuth
import Testing
import WireText

@testable import Telemetry

@Suite struct RefusalSummariesTests {
    private func address(_ text: String) throws -> IPAddress { try #require(IPAddress(text)) }

    /// `#expect` has no mutating calls.
    private func add(_ address: IPAddress, _ client: ClientID?, _ summaries: inout RefusalSummaries) -> Bool {
        summaries.add(.tooManyFailures, address, client)
    }

    private func take(_ summaries: inout RefusalSummaries) -> [RefusalSummaries.Summary] { summaries.take() }

    @Test("The first refusal of an address is a line, and those of a second are one line with their number")
    func oneLineASecond() throws {
        var summaries = RefusalSummaries()
        let address = try self.address("192.0.2.1")
        #expect(add(address, nil, &summaries))
        for _ in 0..<50 { #expect(!add(address, nil, &summaries)) }
        #expect(take(&summaries).map(\.count) == [50])
        // It goes on: one line each second, and no other.
        for _ in 0..<7 { #expect(!add(address, nil, &summaries)) }
        #expect(take(&summaries).map(\.count) == [7])
        #expect(take(&summaries).isEmpty)
        #expect(add(address, nil, &summaries))
        #expect(take(&summaries).isEmpty)
    }

    @Test("An IPv6 /64 is one address")
    func aNetworkIsOneAddress() throws {
        var summaries = RefusalSummaries()
        let addresses = try ["2001:db8::1", "2001:db8::2", "2001:db8:0:1::1"].map(address)
        #expect(add(addresses[0], nil, &summaries))
        #expect(!add(addresses[1], nil, &summaries))
        #expect(add(addresses[2], nil, &summaries))
        #expect(take(&summaries).map { $0.address?.description } == ["2001:db8::1"])
    }

    @Test("A summary names the client if all of its refusals name the same")
    func aSummaryNamesTheClient() throws {
        var summaries = RefusalSummaries()
        let (first, second) = try (self.address("192.0.2.1"), self.address("192.0.2.2"))
        let (a, b) = try (ClientID("a"), ClientID("b"))
        for address in [first, second] { _ = summaries.add(.tooManyFailures, address, a) }
        for client in [a, a] { _ = summaries.add(.tooManyFailures, first, client) }
        for client in [a, b, a] { _ = summaries.add(.tooManyFailures, second, client) }
        let taken = summaries.take()
        #expect(taken.first { $0.address == first }?.client == a)
        #expect(taken.first { $0.address == second }?.client == nil)
    }

    @Test("Any number of addresses takes a bounded number of lines, and each refusal is in one")
    func linesAreBounded() throws {
        var summaries = RefusalSummaries()
        var lineCount = 0
        for number in 0..<10_000 {
            let address = try #require(IPAddress(octets: [10, 0, UInt8(number >> 8), UInt8(number & 255)]))
            if summaries.add(.tooManyFailures, address, nil) { lineCount += 1 }
        }
        #expect(lineCount == RefusalSummaries.capacity)
        let taken = summaries.take()
        #expect(taken.count == 1)
        #expect(taken.first?.address == nil)
        #expect(lineCount + taken.reduce(0) { $0 + $1.count } == 10_000)
    }
}
