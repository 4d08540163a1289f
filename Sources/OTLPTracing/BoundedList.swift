/// The first few of what is appended, and how many were dropped.
struct BoundedList<Element: Sendable>: Sendable {
    let limit: Int
    private(set) var elements: [Element] = []
    private(set) var droppedCount = 0

    init(limit: Int) {
        self.limit = limit
    }

    mutating func append(_ element: Element) {
        if elements.count < limit { elements.append(element) } else { droppedCount += 1 }
    }
}
