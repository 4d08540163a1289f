/// A bounded queue that serves owners in turn: an owner with many elements delays only itself.
package struct FairQueue<Owner: Hashable, Element> {
    /// The result of adding an element.
    package enum Admission {
        case admitted
        /// There was no room. The last element of the owner with the most elements was removed for it.
        case admittedInsteadOf(Element)
        /// There is no room, and the owner has its share already.
        case refused
    }

    private var queues: [Owner: FirstInFirstOut<Element>] = [:]
    /// The owners in the order of their turns: each that has elements, once.
    private var turns = FirstInFirstOut<Owner>()
    package private(set) var count = 0

    /// An empty queue.
    package init() {}

    /// - Parameter room: the most elements that the queue may have now.
    package mutating func add(_ element: Element, of owner: Owner, room: Int) -> Admission {
        guard count >= room else {
            insert(element, of: owner)
            return .admitted
        }
        let own = queues[owner]?.count ?? 0
        // An owner that has its share is refused without a search for the longest queue: under overload, that is nearly
        // every element.
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

    /// The first element of the owner whose turn it is; `nil` for an empty queue.
    package mutating func popFirst() -> Element? {
        // An owner in `turns` has an element: only an owner of several elements loses one to another owner.
        guard let owner = turns.popFirst(), let element = queues[owner]?.popFirst() else { return nil }
        if queues[owner]?.count ?? 0 > 0 { turns.append(owner) } else { queues[owner] = nil }
        count -= 1
        return element
    }
}

/// Elements in the order in which they were added. Adding and removing an element take constant time on average.
struct FirstInFirstOut<Element> {
    private var elements: [Element] = []
    /// The elements before this index have been taken.
    private var first = 0

    var count: Int { elements.count - first }

    mutating func append(_ element: Element) { elements.append(element) }

    mutating func popFirst() -> Element? {
        guard count > 0 else { return nil }
        let element = elements[first]
        first += 1
        // Removed elements are dropped once they are half of all, so that each is moved once on average.
        if first * 2 >= elements.count {
            elements.removeFirst(first)
            first = 0
        }
        return element
    }

    mutating func popLast() -> Element? { count > 0 ? elements.popLast() : nil }
}
