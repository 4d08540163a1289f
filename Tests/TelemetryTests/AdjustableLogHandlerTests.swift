import Logging
import Synchronization
import Testing

@testable import Telemetry

@Suite struct AdjustableLogHandlerTests {
    private final class Lines: Sendable {
        let count = Mutex(0)
    }

    @Test("A level that changes counts for every copy of the logger")
    func theLevelIsShared() {
        let lines = Lines()
        let threshold = LogThreshold(.info)
        let logger = Logger(label: "test") { _ in
            AdjustableLogHandler(ServiceLogHandler(.json) { _ in lines.count.withLock { $0 += 1 } }, threshold)
        }
        let copy = logger
        logger.debug("no")
        copy.info("yes")
        #expect(lines.count.withLock { $0 } == 1)
        threshold.level = .debug
        copy.debug("yes")
        threshold.level = .error
        logger.warning("no")
        #expect(lines.count.withLock { $0 } == 2)
    }
}
