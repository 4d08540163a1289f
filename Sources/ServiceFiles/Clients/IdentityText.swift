package import AccessToken
import JOSE
package import OAuth
import WireText

/// An identity as the option `--identity` takes it: `issuer=github,repository_id=456`.
///
/// Elements are separated by commas. A value behind `=` is text, also if it is all digits; behind `:=` it is JSON. A name that
/// comes several times has several accepted values. A value with a comma can only be written in the file.
package enum IdentityText {
    /// - Throws: for an element without `=`, a value that is not JSON, or an identity that pins nothing.
    package static func parse(_ text: String) throws(InvalidValue) -> ClientIdentity {
        var issuer: String?
        var subject: String?
        var values: [(path: ClaimPath, accepted: [JSONValue])] = []
        for element in Octets(text).eachPart(between: ",") {
            let (name, value) = try pair(element)
            if name.isSameText(as: "issuer") || name.isSameText(as: "subject") {
                guard let value = value.string else { throw InvalidValue("has an issuer or subject that is no text") }
                let isIssuer = name.isSameText(as: "issuer")
                guard (isIssuer ? issuer : subject) == nil else { throw InvalidValue("has two issuers or subjects") }
                if isIssuer { issuer = value } else { subject = value }
                continue
            }
            let path = try ClaimPath(name)
            if let index = values.firstIndex(where: { $0.path == path }) {
                values[index].accepted.append(value)
            } else {
                values.append((path, [value]))
            }
        }
        guard let issuer else { throw InvalidValue("names no issuer: issuer=NAME,CLAIM=VALUE") }
        var claims: [PinnedClaim] = []
        for value in values { claims.append(try PinnedClaim(value.path, oneOf: value.accepted)) }
        return try ClientIdentity(issuer: issuer, subject: subject, claims: claims)
    }

    /// Name and value of one element.
    private static func pair(_ element: Octets) throws(InvalidValue) -> (String, JSONValue) {
        let (name, value) = element.split(at: "=")
        guard let value, !name.isEmpty, !value.isEmpty else {
            throw InvalidValue("has an element that is not NAME=VALUE or NAME:=JSON")
        }
        guard name.last == UInt8(ascii: ":") else { return (name.text, .string(value.text)) }
        guard let json = try? JSONReader.read(value.array) else {
            throw InvalidValue("has a value behind := that is not JSON")
        }
        return (name.dropLast().text, json)
    }
}
