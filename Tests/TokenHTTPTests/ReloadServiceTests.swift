import Testing

@testable import TokenHTTP

@Suite struct ReloadServiceTests {
    @Test("A change is taken up within two seconds")
    func aChangeIsTakenUpWithinTwoSeconds() {
        // Seen by one look and read by the next, with a second to spare for reading.
        #expect(ReloadService.interval * 2 <= .seconds(1))
    }
}
