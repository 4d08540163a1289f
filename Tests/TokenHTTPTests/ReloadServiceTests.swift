import JOSE
import Libcrypto
import OAuth
import ServiceFixture
import Testing

@testable import LiveState
@testable import Signing
@testable import TokenHTTP

@Suite struct ReloadServiceTests {
    @Test("A change is loaded within two seconds, also of files that never stand still")
    func aChangeIsTakenUpWithinTwoSeconds() {
        // The last of these checks loads it, which leaves half a second for loading.
        #expect(ReloadService.interval * ReloadPolicy<Int>.checksOfChanging <= .milliseconds(1500))
    }

    @Test("Signers drop the copies of keys that are not in the folder after each look at the files")
    func signersDropKeysThatAreGone() async throws {
        let fixture = try ServiceFixture()
        let signers = SignerPool(threadCount: 1, wait: .seconds(60))
        let signer = try #require(signers.allSigners.first)
        _ = try signer.signature(over: [1], with: .generate(on: .p256), .ecdsa(.p256, .sha256))
        let (hangups, continuation) = AsyncStream<Void>.makeStream()
        let service = ReloadService(
            reloader: try fixture.reloader(), files: FilesThread(), signers: signers, hangups: hangups)
        let running = Task { await service.run() }
        continuation.yield()
        while signer.contextCount > 0 { await Task.yield() }
        running.cancel()
        await running.value
    }
}
