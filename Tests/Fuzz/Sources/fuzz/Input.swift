/// What libFuzzer made up.
struct Input: Sendable {
    let octets: [UInt8]
    /// Decides what the octets leave open. It depends on nothing but them, so that each failure can be repeated.
    private let digest: UInt64

    init(_ octets: [UInt8]) {
        self.octets = octets
        // FNV-1a, and a mixing of the bits: short inputs would differ in the lower ones alone.
        let sum = octets.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
        digest = (sum ^ sum >> 32) &* 0x9E37_79B9_7F4A_7C15
    }

    /// nil for what is not UTF-8.
    var text: String? { String(validating: octets, as: UTF8.self) }

    /// What stands before the first line feed, and what stands behind it; nil without one.
    var halves: (head: [UInt8], rest: [UInt8])? {
        octets.firstIndex(of: UInt8(ascii: "\n")).map { (Array(octets[..<$0]), Array(octets[($0 + 1)...])) }
    }

    /// Whether this is one of the few inputs for something that takes longer.
    func isChosen(oneIn count: UInt64) -> Bool { (digest >> 16) % count == 0 }

    /// A number below `limit`; for each `number` another.
    func choice(_ number: UInt64, below limit: Int) -> Int {
        let mixed = (digest ^ number &* 0xBF58_476D_1CE4_E5B9) &* 0x94D0_49BB_1331_11EB
        return Int((mixed >> 24) % UInt64(limit))
    }

    /// The same text with a part of it many times over.
    func stretched(to size: Int) -> [UInt8] {
        let start = choice(1, below: octets.count)
        let part = octets[start..<min(octets.count, start + 1 + choice(2, below: 64))]
        let times = max(1, (size - octets.count) / part.count)
        var text = Array(octets[..<start])
        for _ in 0..<times { text += part }
        return text + octets[part.endIndex...]
    }
}
