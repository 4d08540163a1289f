/// A line of bounded length in which owners take turns: who has many in it waits longer, and others do not wait for that.
struct FairQueue<Owner: Hashable, Element> {
    /// What became of an element.
    enum Admission {
        case admitted
        /// There was no room; the last element of the owner who had most had to go.
        case admittedInsteadOf(Element)
        /// There is no room, and its owner has its share already.
        case refused
    }

    private var queues: [Owner: FirstInFirstOut<Element>] = [:]
    /// Whose turn it is. Each owner with a queue stands here once.
    private var turns = FirstInFirstOut<Owner>()
    private(set) var count = 0

    /// - Parameter room: how many there may be.
    mutating func add(_ element: Element, of owner: Owner, room: Int) -> Admission {
        guard count >= room else {
            insert(element, of: owner)
            return .admitted
        }
        let own = queues[owner]?.count ?? 0
        // Who has its share is refused without looking further: in a stampede that is nearly everybody who comes.
        guard own < room / max(turns.count, 1) || own == 0,
            let longest = queues.max(by: { $0.value.count < $1.value.count }), longest.value.count > own + 1,
            let displaced = queues[longest.key]?.popLast()
        else { return .refused }
        count -= 1
        insert(element, of: owner)
        return .admittedInsteadOf(displaced)
    }

    private mutating func insert(_ element: Element, of owner: Owner) {
        if queues[owner] == nil { turns.append(owner) }
        queues[owner, default: FirstInFirstOut()].append(element)
        count += 1
    }

    /// The first element of the owner whose turn it is; nil where there is none.
    mutating func popFirst() -> Element? {
        // Who stands here has somebody in the line: only owners of several lose one.
        guard let owner = turns.popFirst(), let element = queues[owner]?.popFirst() else { return nil }
        if queues[owner]?.count ?? 0 > 0 { turns.append(owner) } else { queues[owner] = nil }
        count -= 1
        return element
    }
}
