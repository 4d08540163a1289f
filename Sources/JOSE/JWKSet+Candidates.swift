import WireText

extension JWKSet {
    /// The keys that may have made a signature with this header, in the order of the set.
    ///
    /// RFC 7515 section 4.1.4: `kid` is a hint. A signature without one may be that of each key that fits; and for a `kid`
    /// that no key has, each key without one is a candidate.
    package func candidates(for header: JOSEHeader) -> [JWK] {
        let fitting = keys.filter { $0.allows(header.algorithm) }
        guard let keyID = header.keyID else { return fitting }
        let named = fitting.filter { $0.keyID?.isSameText(as: keyID) ?? false }
        return named.isEmpty ? fitting.filter { $0.keyID == nil } : named
    }

    /// Whether a newer set may have the key that `header` names, in place of which a key without `kid` is a candidate here.
    package func mayPrecedeKey(namedBy header: JOSEHeader) -> Bool {
        header.keyID != nil && candidates(for: header).contains { $0.keyID == nil }
    }
}
