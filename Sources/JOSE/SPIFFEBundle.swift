import WireText

/// The keys of a SPIFFE trust domain for JWT-SVIDs, SPIFFE Trust Domain and Bundle section 4.
package struct SPIFFEBundle: Sendable {
    /// The keys whose `use` is `jwt-svid`. Others are skipped, as section 4.2.2 asks.
    package let keys: JWKSet
    /// `spiffe_refresh_hint`: the seconds after which the bundle should be fetched again; `nil` without one above zero.
    package let refreshHint: Int64?

    /// - Throws: if the text is not a JWK Set.
    package init(reading text: [UInt8]) throws(JWKSetError) {
        let value: JSONValue
        do throws(JSONError) { value = try JSONReader.read(text) } catch { throw .notJSON(error) }
        guard let bundle = value.object, let members = bundle["keys"]?.array else { throw .noKeys }
        keys = JWKSet(bundleMembers: members)
        refreshHint = bundle["spiffe_refresh_hint"]?.integer.flatMap { $0 > 0 ? $0 : nil }
    }
}

extension JWKSet {
    fileprivate init(bundleMembers members: [JSONValue]) {
        var keys: [JWK] = []
        var ignored: [IgnoredKey] = []
        for (index, member) in members.enumerated() {
            do throws(JWKError) {
                guard let object = member.object else { throw .invalid(.notAnObject) }
                // Section 4.2.2: `use` MUST be set, and tells what the key is for.
                guard object["use"] == .string("jwt-svid") else { throw .notUnderstood(.use) }
                // It has no other meaning than `sig` in a set for JWTs alone.
                let others = object.members.filter { !$0.name.isSameText(as: "use") }
                keys.append(try JWK(readingPublic: .object(JSONObject(others))))
            } catch {
                ignored.append(IgnoredKey(member, position: index + 1, error))
            }
        }
        self.keys = keys
        self.ignored = ignored
    }
}
