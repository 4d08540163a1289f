/// The octets of a file, read in pieces. A file of any length takes the memory of one piece.
struct OctetStream {
    /// The size of a piece, in octets.
    static let pieceSize = 256 * 1024

    private let read: () throws(ExportFault) -> [UInt8]
    private var piece: [UInt8] = []
    private var index = 0
    /// The offset of the piece in the file.
    private var start = 0

    /// - Parameter read: gives the next octets; none at the end of the file.
    init(_ read: @escaping () throws(ExportFault) -> [UInt8]) {
        self.read = read
    }

    /// The position of the next octet in the file.
    var offset: Int { start + index }

    /// The next octet, which stays; `nil` at the end.
    mutating func peek() throws(ExportFault) -> UInt8? {
        if index == piece.count {
            start += piece.count
            index = 0
            piece = try read()
            if piece.isEmpty { return nil }
        }
        return piece[index]
    }

    /// Takes the octet that ``peek()`` has shown.
    mutating func advance() { index += 1 }

    /// Takes octets for as long as they stand for themselves in a JSON string, up to the end of the piece at most.
    mutating func takePlainText(into capture: inout JSONCapture) throws(ExportFault) {
        guard try peek() != nil else { return }
        let start = index
        let count = Self.plainCount(piece.span.extracting(start...))
        capture.append(piece[start..<start + count])
        index = start + count
    }

    private static func plainCount(_ octets: Span<UInt8>) -> Int {
        var end = 0
        while end < octets.count, !isSpecial(octets[end]) { end += 1 }
        return end
    }

    private static func isSpecial(_ octet: UInt8) -> Bool {
        octet == UInt8(ascii: "\"") || octet == UInt8(ascii: "\\") || octet < 0x20
    }
}

/// The part of a JSON text that is kept. What is beyond the limit is dropped, and ``isOverfull`` says so.
struct JSONCapture {
    private(set) var octets: [UInt8] = []
    private(set) var isOverfull = false
    private let limit: Int

    /// - Parameter limit: the most octets that are kept; zero keeps none.
    init(limit: Int) { self.limit = limit }

    mutating func append(_ octet: UInt8) {
        guard octets.count < limit else { return isOverfull = true }
        octets.append(octet)
    }

    mutating func append(_ slice: some Collection<UInt8>) {
        guard octets.count + slice.count <= limit else { return isOverfull = isOverfull || !slice.isEmpty }
        octets.append(contentsOf: slice)
    }
}
