import CPKCS11

/// Attributes of an object that is searched for or made: `CK_ATTRIBUTE`s, whose values are in one array.
struct AttributeTemplate {
    private(set) var types: [UInt] = []
    private(set) var lengths: [UInt] = []
    /// Each value begins at a multiple of eight octets: modules read numbers at their place.
    private(set) var values: [UInt8] = []

    var count: UInt { UInt(types.count) }

    /// - Parameter type: a `CKA_`.
    mutating func add(_ type: UInt, _ value: [UInt8]) {
        types.append(type)
        lengths.append(UInt(value.count))
        values += value
        values += [UInt8](repeating: 0, count: (8 - values.count % 8) % 8)
    }

    /// A `CK_BBOOL`.
    mutating func add(_ type: UInt, _ value: Bool) { add(type, [value ? 1 : 0]) }

    /// A `CK_ULONG`.
    mutating func add(_ type: UInt, _ value: UInt) { add(type, Self.octets(of: value)) }

    /// A number as the machine writes it.
    private static func octets(of value: UInt) -> [UInt8] {
        (0..<MemoryLayout<UInt>.size).map { UInt8(truncatingIfNeeded: value.littleEndian >> UInt(8 * $0)) }
    }
}
