import AccessToken
import JOSE
import OAuth

extension SettingReader {
    /// `authorization_endpoint`: whether there is an authorization endpoint, which refuses every request.
    mutating func refusesAuthorization() -> Bool {
        value(.authorizationEndpoint) { text throws(InvalidValue) in
            guard text == "refuse" else {
                throw InvalidValue("is not refuse; an endpoint elsewhere is a member of metadata")
            }
            return true
        } ?? false
    }

    /// The metadata documents with the members of `metadata`, or without them if they are invalid and reported.
    ///
    /// - Parameter own: the documents without these members; `nil` if they cannot be made because of another problem.
    mutating func metadata(adding own: ServerMetadata?) -> ServerMetadata? {
        guard let additional = value(.metadata, Self.object), let own else { return own }
        do throws(InvalidMetadata) { return try own.adding(additional) } catch {
            note(.metadata, "has \(error.name), which \(error.reason)")
            return own
        }
    }

    static func object(_ text: String) throws(InvalidValue) -> JSONObject {
        guard let object = (try? JSONReader.read(Array(text.utf8)))?.object else {
            throw InvalidValue("is not a JSON object with unique names")
        }
        return object
    }
}
