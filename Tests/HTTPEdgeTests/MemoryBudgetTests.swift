import Synchronization
import Testing
import WireText

@testable import HTTPEdge

@Suite("The memory budget of all connections")
struct MemoryBudgetTests {
    private let first = IPAddress("192.0.2.1")?.block
    private let second = IPAddress("192.0.2.2")?.block

    @Test("An address block gets half of the budget at most, and what it gives back can be drawn again")
    func shares() {
        let budget = MemoryBudget(capacity: 100)
        #expect(budget.draw(50, for: first) == .granted)
        #expect(budget.draw(1, for: first) == .overShare)
        #expect(budget.draw(40, for: second) == .granted)
        budget.giveBack(20, for: first)
        #expect(budget.draw(20, for: first) == .granted)
        #expect(budget.drawn == 90)
    }

    @Test("More than the budget is not granted")
    func theWholeBudget() {
        let budget = MemoryBudget(capacity: 100)
        #expect(budget.draw(100, for: nil) == .granted)
        #expect(budget.draw(1, for: first) == .exhausted)
        budget.giveBack(100, for: nil)
        #expect(budget.draw(1, for: first) == .granted)
    }

    @Test("A quarter of the budget is left for the requests of open connections")
    func reserve() {
        let budget = MemoryBudget(capacity: 100)
        #expect(budget.draw(74, for: nil) == .granted)
        #expect(budget.hasRoomForConnections)
        #expect(budget.draw(1, for: nil) == .granted)
        #expect(!budget.hasRoomForConnections)
    }

    @Test("When most of a large amount was given back, that is reported once")
    func ebb() {
        let ebbs = Atomic(0)
        let budget = MemoryBudget(capacity: 100 << 20) { ebbs.add(1, ordering: .relaxed) }
        for _ in 0..<16 { _ = budget.draw(1 << 20, for: nil) }
        for _ in 0..<12 { budget.giveBack(1 << 20, for: nil) }
        #expect(ebbs.load(ordering: .relaxed) == 0)
        for _ in 0..<4 { budget.giveBack(1 << 20, for: nil) }
        #expect(ebbs.load(ordering: .relaxed) == 1)
        _ = budget.draw(1000, for: nil)
        budget.giveBack(1000, for: nil)
        #expect(ebbs.load(ordering: .relaxed) == 1)
    }
}
