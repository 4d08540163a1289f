import Tracing

extension SpanAttribute {
    /// The longest text, in octets of UTF-8.
    static let maximumLength = 256
    /// The most elements of an array.
    static let maximumElementCount = 32

    /// The same, cut: texts to ``maximumLength``, arrays to ``maximumElementCount``. Things that can be turned into text are,
    /// so that nothing of them is held, or changes, until the span is sent.
    var bounded: SpanAttribute {
        switch self {
        case .string(let text): .string(Self.cut(text))
        case .stringConvertible(let thing): .string(Self.cut(thing.description))
        case .stringArray(let texts): .stringArray(texts.prefix(Self.maximumElementCount).map(Self.cut))
        case .stringConvertibleArray(let things):
            .stringArray(things.prefix(Self.maximumElementCount).map { Self.cut($0.description) })
        case .int32Array(let numbers): .int32Array(Array(numbers.prefix(Self.maximumElementCount)))
        case .int64Array(let numbers): .int64Array(Array(numbers.prefix(Self.maximumElementCount)))
        case .doubleArray(let numbers): .doubleArray(Array(numbers.prefix(Self.maximumElementCount)))
        case .boolArray(let values): .boolArray(Array(values.prefix(Self.maximumElementCount)))
        default: self
        }
    }

    private static func cut(_ text: String) -> String { text.cut(to: maximumLength) }
}
