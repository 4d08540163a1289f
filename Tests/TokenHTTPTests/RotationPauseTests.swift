import Testing

@testable import TokenHTTP

@Suite struct RotationPauseTests {
    @Test("The time between attempts to make a key in another place grows to an hour")
    func grows() {
        var pause = RotationPause()
        let start = ContinuousClock.now
        #expect(pause.hasEnded(at: start))
        var attempts: [Int] = []
        for minute in 0..<300 where pause.hasEnded(at: start + .seconds(minute * 60)) {
            attempts.append(minute)
            pause.lengthen(from: start + .seconds(minute * 60))
        }
        #expect(attempts == [0, 1, 3, 7, 15, 31, 63, 123, 183, 243])
    }
}
