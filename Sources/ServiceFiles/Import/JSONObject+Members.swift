import JOSE
import WireText

extension JSONObject {
    /// The text of a member; `nil` if there is none, or an empty one.
    func text(_ name: String) -> String? {
        guard let text = self[name]?.string, !text.isEmpty else { return nil }
        return text
    }

    /// The texts of a member that is an array. Other elements are left out.
    func texts(_ name: String) -> [String] { self[name]?.array?.compactMap(\.string) ?? [] }

    /// The objects of a member that is an array. Other elements are left out.
    func objects(_ name: String) -> [JSONObject] { self[name]?.array?.compactMap(\.object) ?? [] }

    /// `true` or `false`, also as text; `nil` for anything else.
    func flag(_ name: String) -> Bool? {
        switch self[name] {
        case .bool(let flag): flag
        case .string(let text) where text.isSameText(as: "true"): true
        case .string(let text) where text.isSameText(as: "false"): false
        default: nil
        }
    }

    /// A number without a sign, also as text; `nil` for anything else.
    func number(_ name: String) -> Int64? {
        switch self[name] {
        case .integer(let number) where number >= 0: number
        case .string(let text): Octets(text).decimal.map(Int64.init)
        default: nil
        }
    }

    /// The same with a member set to another value.
    func setting(_ name: String, to value: JSONValue) -> JSONObject {
        JSONObject(members.filter { !$0.name.isSameText(as: name) } + [Member(name, value)])
    }
}
