import TestSupport
import Testing

@testable import Signing

@Suite struct FairQueueTests {
    private typealias Queue = FairQueue<String, Int>

    private func drain(_ line: inout Queue) -> [Int] {
        var all: [Int] = []
        while let element = line.popFirst() { all.append(element) }
        return all
    }

    @Test("Owners are served in turn, and the elements of each owner in their order")
    func ownersTakeTurns() {
        var line = Queue()
        for element in 0..<5 { _ = line.add(element, of: "many", room: 10) }
        _ = line.add(100, of: "few", room: 10)
        _ = line.add(200, of: "other", room: 10)
        #expect(drain(&line) == [0, 100, 200, 1, 2, 3, 4])
        #expect(line.count == 0)
    }

    @Test("An owner with many elements takes only the room that no other owner needs")
    func aStampedeStarvesNobody() {
        var line = Queue()
        for element in 0..<100 { _ = line.add(element, of: "stampede", room: 10) }
        #expect(line.count == 10)
        guard case .admittedInsteadOf(9) = line.add(100, of: "b", room: 10) else {
            Issue.record("the last element of the stampede should have been removed")
            return
        }
        #expect(line.count == 10)
        #expect(line.popFirst() == 0)
        #expect(line.popFirst() == 100)
        #expect(drain(&line) == [1, 2, 3, 4, 5, 6, 7, 8])
    }

    @Test("An owner that has its share is refused, and an owner with less displaces an element of another")
    func nobodyGetsMoreThanOthersByComingLater() {
        var line = Queue()
        for owner in ["a", "b"] { for element in 0..<5 { _ = line.add(element, of: owner, room: 10) } }
        for owner in ["a", "b"] {
            guard case .refused = line.add(9, of: owner, room: 10) else {
                Issue.record("\(owner) has its share")
                return
            }
        }
        guard case .admittedInsteadOf(4) = line.add(9, of: "c", room: 10) else {
            Issue.record("c has nothing yet")
            return
        }
    }

    @Test(
        "Every element that was admitted and not displaced comes out once, in the order of its owner",
        arguments: 0..<50)
    func nothingIsLost(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var line = Queue()
        var inside: [String: [Int]] = [:]
        func owner(of element: Int) -> String { "\(element % 7)" }
        for _ in 0..<2000 {
            let number = Int.random(in: 0..<100_000, using: &random)
            if Bool.random(using: &random) {
                let room = Int.random(in: 1...20, using: &random)
                switch line.add(number, of: owner(of: number), room: room) {
                case .admitted: inside[owner(of: number), default: []].append(number)
                case .admittedInsteadOf(let other):
                    let last = inside[owner(of: other)]?.popLast()
                    #expect(last == other)
                    inside[owner(of: number), default: []].append(number)
                case .refused: #expect(line.count >= room)
                }
            } else if let element = line.popFirst() {
                let first = inside[owner(of: element)]?.removeFirst()
                #expect(first == element)
            } else {
                let isEmpty = inside.values.allSatisfy { $0.isEmpty }
                #expect(isEmpty)
            }
            let count = inside.values.reduce(0) { $0 + $1.count }
            #expect(line.count == count)
        }
    }

    /// A pace at which jobs have left the queue with this time between each and the next.
    static func pace(_ interval: Duration, threadCount: Int = 2, areMoreWaiting: Bool = true) -> SigningPace {
        var pace = SigningPace(threadCount: threadCount, signature: .milliseconds(1))
        var now = ContinuousClock.now
        for _ in 0..<2000 {
            pace.tookJob(at: now, areMoreWaiting: areMoreWaiting)
            now += interval
        }
        return pace
    }

    @Test("As many signatures may wait as leave the queue in time, and at least one for each thread")
    func roomIsWhatCanBeDoneInTime() {
        #expect(SigningPace(threadCount: 2, signature: .milliseconds(1)).room(wait: .milliseconds(250)) == 500)
        #expect(SigningPace(threadCount: 2, signature: .milliseconds(5)).room(wait: .milliseconds(250)) == 100)
        #expect(abs(Self.pace(.microseconds(250)).room(wait: .milliseconds(250)) - 1000) <= 1)
        #expect(Self.pace(.zero).room(wait: .seconds(10)) == SigningPace.largestRoom)
        #expect(Self.pace(.seconds(3600), threadCount: 3).room(wait: .milliseconds(450)) == 4)
        #expect(Self.pace(.seconds(3600), threadCount: 3).room(wait: .milliseconds(10)) == 3)
    }

    @Test("A time in which no job waits does not count for the pace")
    func pausesDoNotCount() {
        #expect(Self.pace(.seconds(1), areMoreWaiting: false).room(wait: .milliseconds(250)) == 500)
        var pace = Self.pace(.microseconds(250))
        pace.pause()
        pace.tookJob(at: .now + .seconds(3600), areMoreWaiting: true)
        #expect(abs(pace.room(wait: .milliseconds(250)) - 1000) <= 1)
    }
}
