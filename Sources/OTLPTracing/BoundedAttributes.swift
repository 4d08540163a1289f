import Tracing

/// Attributes up to a limit, with how many were dropped.
struct BoundedAttributes: Sendable {
    private let limit: Int
    private(set) var values: SpanAttributes = [:]
    private(set) var droppedCount = 0

    init(_ attributes: SpanAttributes = [:], limit: Int) {
        self.limit = limit
        replace(with: attributes)
    }

    /// Beyond the limit the ones that were there already are kept first, then those whose names come first.
    mutating func replace(with attributes: SpanAttributes) {
        var members: [(name: String, value: SpanAttribute)] = []
        attributes.forEach { members.append(($0, $1)) }
        if members.count > limit {
            let kept = values
            func rank(_ name: String) -> (Int, String) { (kept.get(name) == nil ? 1 : 0, name) }
            members.sort { rank($0.name) < rank($1.name) }
            droppedCount += members.count - limit
        }
        values = [:]
        for (name, value) in members.prefix(limit) {
            values.set(name.cut(to: SpanAttribute.maximumLength), value: value.bounded)
        }
    }
}
