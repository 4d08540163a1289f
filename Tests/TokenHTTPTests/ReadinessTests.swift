import Testing

@testable import TokenHTTP

@Suite struct ReadinessTests {
    @Test("The service is ready from the moment that it listens until it is asked to stop")
    func isReadyWhileItServes() {
        let readiness = Readiness()
        #expect(!readiness.isReady)
        #expect(!readiness.isStopping)
        readiness.begin()
        #expect(readiness.isReady)
        readiness.end()
        #expect(!readiness.isReady)
        #expect(readiness.isStopping)
    }

    @Test("A service that is asked to stop before it listens is never ready")
    func stoppingIsFinal() {
        let readiness = Readiness()
        readiness.end()
        readiness.begin()
        #expect(!readiness.isReady)
        #expect(readiness.isStopping)
    }
}
