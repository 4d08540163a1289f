import ServiceFixture
import Testing

@testable import LiveState

/// Snapshots that were replaced.
@Suite struct FormerSnapshotsTests {
    @Test("A snapshot that was replaced is kept while a request uses it, and freed at the next check")
    func keptWhileUsed() throws {
        let fixture = try ServiceFixture()
        var former = FormerSnapshots()
        var used: Snapshot? = try fixture.snapshot()
        former.add(try #require(used))
        former.add(try fixture.snapshot())
        #expect(former.count == 2)
        for _ in 0..<5 { former.freeUnused() }
        #expect(former.count == 1 && used != nil)
        used = nil
        former.freeUnused()
        #expect(former.count == 0)
    }
}
