import AccessToken
import JOSE
import OAuth
import WireText

extension SettingReader {
    /// `delegations`; `nil` if it is absent, or invalid and reported.
    mutating func delegations() -> Delegations? {
        guard let object = value(.delegations, Self.object) else { return nil }
        do throws(InvalidDelegations) {
            var files: [(name: String, delegation: Delegation)] = []
            for member in object.members {
                try Self.checkFileName(member.name)
                files.append((member.name, try Delegation(member.value, of: member.name)))
            }
            return try Delegations(files)
        } catch {
            note(.delegations, error.message, hint: error.hint)
            return nil
        }
    }

    private static func checkFileName(_ name: String) throws(InvalidDelegations) {
        guard !Octets(name).contains(ascii: "/"), ClientsLocation.isClientsFile(name)
        else {
            throw InvalidDelegations(
                "has \(name), which is not the name of a file in the folder of clients", hint: "payments.yaml: { ... }")
        }
    }
}

extension Delegation {
    private static let names = ["client_ids", "scope", "resources", "audiences", "claims", "issuers", "introspect"]

    /// - Parameter file: the name of the file, for messages.
    init(_ value: JSONValue, of file: String) throws(InvalidDelegations) {
        guard let object = value.object else {
            throw InvalidDelegations(
                "has for \(file) no mapping of names to values",
                hint: "\(file): { client_ids: payments-, scope: pay.read, resources: [https://pay.example.com] }")
        }
        self.init()
        for member in object.members where member.value != .null {
            do throws(InvalidValue) { try set(member) } catch {
                let nearest = NearestName.of(member.name, among: Self.names)
                throw InvalidDelegations(
                    "has for \(file): \(member.name) \(error)",
                    hint: Self.names.contains(member.name) ? nil : nearest.map { "did you mean \($0)?" })
            }
        }
    }

    private mutating func set(_ member: JSONObject.Member) throws(InvalidValue) {
        switch member.name {
        case "client_ids":
            clientIDs = try Self.texts(member.value)
            for beginning in clientIDs { _ = try ClientID(beginning) }
        case "scope":
            guard let text = member.value.string else { throw InvalidValue("is not text") }
            scope = try Scope(text)
        case "resources":
            for text in try Self.texts(member.value) { audiences.append(try Audience(resource: text)) }
        case "audiences":
            for text in try Self.texts(member.value) { audiences.append(try Audience(name: text)) }
        case "claims": claims = try Self.texts(member.value)
        case "issuers": issuers = try Self.texts(member.value)
        case "introspect":
            guard case .bool(let isOn) = member.value else { throw InvalidValue("is neither true nor false") }
            mayIntrospect = isOn
        default: throw InvalidValue("is not a member of a delegation")
        }
    }

    /// One text, or a list of them.
    private static func texts(_ value: JSONValue) throws(InvalidValue) -> [String] {
        if let text = value.string { return [text] }
        let texts = value.array?.map(\.string)
        guard let texts, !texts.contains(nil) else { throw InvalidValue("is neither text nor a list of texts") }
        return texts.compactMap(\.self)
    }
}
