import JOSE

/// JSON, as tokens and keys use it.
struct JSONTarget: FuzzTarget {
    func parse(_ octets: [UInt8]) { _ = try? JSONReader.read(octets) }

    func run(_ input: Input) throws {
        guard let value = try? JSONReader.read(input.octets) else { return }
        require(String(validating: input.octets, as: UTF8.self) != nil, "what is read is UTF-8")
        let text = Self.text(value)
        let again = try JSONReader.read(text)
        require(again == value, "what is written is read as the same")
        require(Self.text(again) == text, "and written as the same")
        if case .object(let object) = value { try check(object) }
    }

    private func check(_ object: JSONObject) throws {
        for member in object.members {
            require(object[member.name] == member.value, "a member is found by its name")
        }
        let braced = [UInt8(ascii: "{")] + JSONWriter.members(of: object) + [UInt8(ascii: "}")]
        require(try JSONReader.read(braced) == .object(object), "members alone are written as in their object")
    }

    private static func text(_ value: JSONValue) -> [UInt8] {
        var writer = JSONWriter()
        writer.value(value)
        return writer.bytes
    }
}
