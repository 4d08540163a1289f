/// Elements in the order in which they came; taking one costs no more than adding it.
struct FirstInFirstOut<Element> {
    private var elements: [Element] = []
    /// Those before it have been taken.
    private var first = 0

    var count: Int { elements.count - first }

    mutating func append(_ element: Element) { elements.append(element) }

    mutating func popFirst() -> Element? {
        guard count > 0 else { return nil }
        let element = elements[first]
        first += 1
        // When half of them are gone, so that each is moved once on average.
        if first * 2 >= elements.count {
            elements.removeFirst(first)
            first = 0
        }
        return element
    }

    mutating func popLast() -> Element? { count > 0 ? elements.popLast() : nil }
}
