@testable import AccessToken

/// A URL that Writ accepts as `htu` of a proof, normalized in another way than Writ does: by the steps of RFC 3986.
struct TargetURIModel {
    /// Without query and fragment.
    private let text: [UInt8]
    private let target: TargetURI

    /// - Returns: `nil` for what Writ does not accept.
    init?(_ text: String) {
        guard let target = try? TargetURI(text) else { return nil }
        self.target = target
        self.text = Array(text.utf8.prefix { $0 != UInt8(ascii: "?") && $0 != UInt8(ascii: "#") })
    }

    func check(_ input: Input) throws {
        let normal = target.description
        require(normal.utf8.allSatisfy { (0x21...0x7E).contains($0) }, "a URL is of visible characters")
        require(normal == Self.text(origin + Self.removingDots(Self.unescaped(path))), "it is normalized by RFC 3986")
        // Those that are longer are refused.
        guard normal.utf8.count < 2000 else { return }
        require(same(Array(normal.utf8)), "normalized once more it is the same")
        for more in ["?", "#", "?a=/../b", "#/../b", "?\u{e9}"] {
            require(same(text + Array(more.utf8)), "query and fragment do not count")
        }
        require(same(authority.map(Self.lowercased) + path), "nor does the letter case of scheme and host")
        require(same(authority.map(Self.uppercased) + path), "nor does the letter case of scheme and host")
        checkChangedPath(Array(normal.utf8.dropFirst(origin.count)), input)
    }

    private func checkChangedPath(_ path: [UInt8], _ input: Input) {
        let slashes = path.indices.filter { path[$0] == UInt8(ascii: "/") }
        let slash = slashes[input.choice(5, below: slashes.count)]
        for step in ["/.", "/a/..", "/%2e", "/%2E%2e/."] where slash == 0 || !step.hasPrefix("/%2E") {
            let stepping = path[..<slash] + Array(step.utf8) + path[slash...]
            require(same(origin + stepping), "a step that leads nowhere does not count")
        }
        let place = input.choice(6, below: path.count)
        let isEscaped = path[max(0, place - 2)...place].contains(UInt8(ascii: "%"))
        guard Self.isUnreserved(path[place]), !isEscaped else { return }
        let digits = Array(String(path[place], radix: 16).utf8)
        require(same(origin + path[..<place] + [UInt8(ascii: "%")] + digits + path[(place + 1)...]), "nor an escape")
        let other: UInt8 = path[place] == UInt8(ascii: "Q") ? UInt8(ascii: "R") : UInt8(ascii: "Q")
        require(!same(origin + path[..<place] + [other] + path[(place + 1)...]), "another path is another URL")
    }

    private func same(_ octets: [UInt8]) -> Bool { (try? TargetURI(Self.text(octets))) == target }

    /// Scheme, host and port, as they are.
    private var authority: [UInt8] { Array(text.prefix(sizeOfAuthority)) }

    private var path: [UInt8] { Array(text.dropFirst(sizeOfAuthority)) }

    private var sizeOfAuthority: Int {
        let slashes = text.indices.filter { text[$0] == UInt8(ascii: "/") }
        return slashes.count > 2 ? slashes[2] : text.count
    }

    /// In lower case, and without the default port.
    private var origin: [UInt8] {
        var origin = Self.text(authority.map(Self.lowercased))
        guard let colon = origin.lastIndex(of: ":"), let port = Int(origin[origin.index(after: colon)...]) else {
            return Array(origin.utf8)
        }
        let isDefault = port == (origin.hasPrefix("https:") ? 443 : 80)
        origin = origin[..<colon] + (isDefault ? "" : ":\(port)")
        return Array(origin.utf8)
    }

    /// RFC 3986 sections 6.2.2.1 and 6.2.2.2
    private static func unescaped(_ path: [UInt8]) -> [UInt8] {
        var parts = path.split(separator: UInt8(ascii: "%"), omittingEmptySubsequences: false).map { Array($0) }
        for index in parts.indices.dropFirst() {
            let digits = text(Array(parts[index].prefix(2)))
            guard let octet = UInt8(digits, radix: 16) else { continue }
            let first = isUnreserved(octet) ? [octet] : Array("%\(digits.uppercased())".utf8)
            parts[index] = first + parts[index].dropFirst(2)
        }
        return Array(parts.joined())
    }

    /// RFC 3986 section 5.2.4, step by step
    private static func removingDots(_ path: [UInt8]) -> [UInt8] {
        var (input, output) = (path[...], [UInt8]())
        func begins(_ text: String) -> Bool { input.starts(with: text.utf8) }
        let slash = Array("/".utf8)[...]
        while !input.isEmpty {
            if begins("/./") || input.elementsEqual("/.".utf8) {
                input = slash + input.dropFirst(3)
            } else if begins("/../") || input.elementsEqual("/..".utf8) {
                input = slash + input.dropFirst(4)
                output = Array(output[..<(output.lastIndex(of: slash[0]) ?? 0)])
            } else {
                let segment = 1 + input.dropFirst().prefix { $0 != slash[0] }.count
                output += input.prefix(segment)
                input = input.dropFirst(segment)
            }
        }
        return output.isEmpty ? Array(slash) : output
    }

    private static func isUnreserved(_ octet: UInt8) -> Bool {
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~".utf8.contains(octet)
    }

    private static func lowercased(_ octet: UInt8) -> UInt8 { (0x41...0x5A).contains(octet) ? octet | 0x20 : octet }
    private static func uppercased(_ octet: UInt8) -> UInt8 { (0x61...0x7A).contains(octet) ? octet & ~0x20 : octet }
    private static func text(_ octets: [UInt8]) -> String { String(decoding: octets, as: UTF8.self) }
}
