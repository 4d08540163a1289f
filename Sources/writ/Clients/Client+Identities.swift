import JOSE
import OAuth

extension Client {
    /// Writes `identities` and `claims_from_identity`, if there are any, as in the clients file.
    func writeIdentities(to object: inout JSONWriter) {
        guard !identities.isEmpty else { return }
        object.name("identities")
        object.array { array in
            for identity in identities {
                array.object { object in
                    object.member("issuer", identity.issuer)
                    if let subject = identity.subject { object.member("subject", subject) }
                    guard !identity.claims.isEmpty else { return }
                    object.name("claims")
                    object.object { claims in
                        for claim in identity.claims {
                            let values = claim.accepted
                            claims.member(claim.path.description, values.count == 1 ? values[0] : .array(values))
                        }
                    }
                }
            }
        }
        guard !copiedClaims.isEmpty else { return }
        object.name("claims_from_identity")
        object.object { copies in
            for copy in copiedClaims { copies.member(copy.name, copy.path.description) }
        }
    }
}
