import Foundation

@testable import OAuth

/// A form, read in another way than Writ does: split first, decoded then.
struct FormModel {
    /// Without those that are empty on both sides.
    let pairs: [(name: String, value: String)]

    /// - Returns: nil for a form that is not UTF-8 urlencoded.
    init?(_ form: [UInt8]) {
        var pairs: [(String, String)] = []
        for part in form.split(separator: UInt8(ascii: "&")) {
            let sides = part.split(separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
            guard let name = Self.decode(sides[0]), let value = sides.count == 1 ? "" : Self.decode(sides[1]) else {
                return nil
            }
            if !(name.isEmpty && value.isEmpty) { pairs.append((name, value)) }
        }
        self.pairs = pairs
    }

    /// Whether a parameter that may be there once is there twice.
    var repeatsName: Bool {
        let names = pairs.map(\.name).filter { !Self.mayRepeat.contains($0) }.map { Array($0.utf8) }
        return Set(names).count < names.count
    }

    static func hasTooManyParameters(_ form: [UInt8]) -> Bool {
        form.split(separator: UInt8(ascii: "&")).count > FormParameters.maximumCount
    }

    func agrees(with parameters: FormParameters) -> Bool {
        let resources = pairs.filter { Self.mayRepeat.contains($0.name) && !$0.value.isEmpty }.map(\.value)
        return parameters.audiences.map(\.text) == resources
            && pairs.allSatisfy { name, value in
                Self.mayRepeat.contains(name) || parameters[name] == (value.isEmpty ? nil : value)
            }
    }

    static func encode(_ pairs: [(name: String, value: String)]) -> [UInt8] {
        Array(pairs.map { "\(encode($0.name))=\(encode($0.value))" }.joined(separator: "&").utf8)
    }

    static func encode(_ text: String) -> String {
        text.utf8.map { octet in
            let isPlain = octet < 0x80 && Character(Unicode.Scalar(octet)).isLetter
            return isPlain ? String(Unicode.Scalar(octet)) : String(format: "%%%02x", octet)
        }.joined()
    }

    static func namesCredentials(_ query: [UInt8]) -> Bool {
        query.split(separator: UInt8(ascii: "&")).contains { part in
            let name = part.split(separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)[0]
            return decode(name).map { $0.utf8.allSatisfy { $0 < 0x80 } && credentials.contains($0.lowercased()) }
                ?? false
        }
    }

    private static let mayRepeat: Set<String> = ["resource", "audience"]
    private static let credentials: Set<String> = [
        "client_id", "client_secret", "client_assertion", "client_assertion_type", "refresh_token", "assertion",
        "token",
    ]

    private static func decode(_ text: ArraySlice<UInt8>) -> String? {
        let spaced = text.map { $0 == UInt8(ascii: "+") ? UInt8(ascii: " ") : $0 }
        let parts = spaced.split(separator: UInt8(ascii: "%"), omittingEmptySubsequences: false)
        var octets = Array(parts[0])
        for part in parts.dropFirst() {
            // `UInt8(_:radix:)` takes a sign.
            guard part.count >= 2, !part.starts(with: "+".utf8), !part.starts(with: "-".utf8),
                let octet = UInt8(String(decoding: part.prefix(2), as: UTF8.self), radix: 16)
            else { return nil }
            octets.append(octet)
            octets += part.dropFirst(2)
        }
        return String(validating: octets, as: UTF8.self)
    }
}

extension FormParameters.RequestedAudience {
    /// The value as it is in the form.
    var text: String {
        switch self {
        case .resource(let text), .audience(let text): text
        }
    }
}
