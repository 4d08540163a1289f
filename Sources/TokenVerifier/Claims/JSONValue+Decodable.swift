public import JOSE

/// So that a claim of any kind can be a property of a type that ``AccessToken/VerifiedAccessToken/claims(as:)`` decodes.
extension JSONValue: Decodable {
    /// Reads a value of any kind. Numbers that are integers of 64 bits are read as such.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if container.decodeNil() {
            self = .null
        } else if let bool = try? container.decode(Bool.self) {
            self = .bool(bool)
        } else if let integer = try? container.decode(Int64.self) {
            self = .integer(integer)
        } else if let number = try? container.decode(Double.self) {
            self = .number(number)
        } else if let string = try? container.decode(String.self) {
            self = .string(string)
        } else if let array = try? container.decode([JSONValue].self) {
            self = .array(array)
        } else {
            let members = try container.decode([String: JSONValue].self)
            self = .object(JSONObject(members.map { JSONObject.Member($0.key, $0.value) }))
        }
    }
}
