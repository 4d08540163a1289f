import Testing

@testable import LiveState
@testable import TokenHTTP

@Suite struct ReloadServiceTests {
    @Test("A change is loaded within two seconds, also of files that never stand still")
    func aChangeIsTakenUpWithinTwoSeconds() {
        // The last of these checks loads it, which leaves half a second for loading.
        #expect(ReloadService.interval * ReloadPolicy<Int>.checksOfChanging <= .milliseconds(1500))
    }
}
