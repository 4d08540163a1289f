import Testing

@testable import TokenHTTP

@Suite struct ReloadServiceTests {
    @Test("A change is loaded within two seconds")
    func aChangeIsTakenUpWithinTwoSeconds() {
        // One check sees the change and the next one loads it, which leaves a second for loading.
        #expect(ReloadService.interval * 2 <= .seconds(1))
    }
}
