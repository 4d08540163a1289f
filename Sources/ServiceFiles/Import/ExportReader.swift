import JOSE

/// Reads the objects of an export one after the other.
///
/// The text is one object, several in a row, or an array of objects. Memory is bounded by one piece of the text and one
/// object: it does not grow with what is skipped.
struct ExportReader {
    /// The most octets that are kept of one object.
    static let largestItem = 1 << 20

    private let shape: ExportShape
    private var scanner: JSONScanner

    init(_ stream: OctetStream, _ shape: ExportShape) {
        self.shape = shape
        scanner = JSONScanner(stream)
    }

    /// - Parameter body: called with each object that has a member which is kept. Elements of lists come before the object
    ///   that they are in.
    mutating func read(_ body: (ExportItem) throws(ExportFault) -> Void) throws(ExportFault) {
        guard try scanner.next() != nil else { throw scanner.fault("the file is empty") }
        while try scanner.next() != nil {
            if try scanner.take("[") {
                try elements { (reader) throws(ExportFault) in try reader.document(body) }
            } else {
                try document(body)
            }
        }
    }

    /// Reads the elements of an array whose bracket is taken.
    private mutating func elements(
        _ body: (inout ExportReader) throws(ExportFault) -> Void
    ) throws(ExportFault) {
        if try scanner.take("]") { return }
        while true {
            try body(&self)
            if try scanner.take("]") { return }
            guard try scanner.take(",") else { throw scanner.fault("neither , nor ] after an element") }
        }
    }

    private mutating func document(_ body: (ExportItem) throws(ExportFault) -> Void) throws(ExportFault) {
        var seen: Set<[UInt8]> = []
        let object = try object(keeping: shape.document) { (reader, name) throws(ExportFault) in
            guard let list = reader.shape.lists[name], try reader.scanner.next() == UInt8(ascii: "[") else {
                return false
            }
            guard seen.insert(name).inserted else { throw reader.scanner.fault("a member name used twice") }
            _ = try reader.scanner.take("[")
            try reader.elements { (reader) throws(ExportFault) in try reader.element(of: list, body) }
            return true
        }
        if let object { try body(ExportItem(list: nil, object: object.value, size: object.size)) }
    }

    private mutating func element(
        of list: ExportShape.List, _ body: (ExportItem) throws(ExportFault) -> Void
    ) throws(ExportFault) {
        let object = try object(keeping: list.members, needed: list.needed)
        if let object { try body(ExportItem(list: list.name, object: object.value, size: object.size)) }
    }

    /// Reads an object.
    ///
    /// - Parameters:
    ///   - needed: a member without which the object is skipped.
    ///   - special: called behind the name of a member that is not kept; reads the value, or returns `false`.
    /// - Returns: `nil` if it has none of the members that are kept.
    private mutating func object(
        keeping names: Set<[UInt8]>, needed: [UInt8]? = nil,
        _ special: (inout ExportReader, [UInt8]) throws(ExportFault) -> Bool = { (_, _) throws(ExportFault) in false }
    ) throws(ExportFault) -> (value: JSONObject, size: Int)? {
        guard try scanner.take("{") else { throw scanner.fault("not an object") }
        let start = scanner.offset
        var kept = JSONCapture(limit: Self.largestItem)
        var isNeeded = needed == nil
        var count = 0
        if try !scanner.take("}") {
            repeat {
                guard try scanner.next() == UInt8(ascii: "\"") else { throw scanner.fault("not a member name") }
                let name = try scanner.name()
                guard let name, names.contains(name) else {
                    if let name, try special(&self, name) { continue }
                    var nothing = JSONCapture(limit: 0)
                    try scanner.value(&nothing)
                    continue
                }
                isNeeded = isNeeded || name == needed
                kept.append((count == 0 ? "{\"" : ",\"").utf8)
                kept.append(name)
                kept.append("\":".utf8)
                try scanner.value(&kept)
                guard !kept.isOverfull else { throw scanner.fault("an entry with more than a mebioctet") }
                count += 1
            } while try scanner.take(",")
            guard try scanner.take("}") else { throw scanner.fault("neither , nor } after a member") }
        }
        guard count > 0, isNeeded else { return nil }
        kept.append(UInt8(ascii: "}"))
        do throws(JSONError) {
            return try JSONReader.read(kept.octets).object.map { (value: $0, size: kept.octets.count) }
        } catch {
            throw .malformed("in the object that begins there, \(error.reason)", offset: start)
        }
    }
}
