import AccessToken
import OAuth

extension ClientReader {
    /// Warns about what makes the client's tokens weaker than they could be.
    mutating func warnOfWeakTokens(of client: Client) {
        if client.tokenShape.type == .jwt {
            warn(
                of: client, at: "token_shape",
                "has token_shape with typ JWT: the type no longer tells its access tokens from other JWTs that the key "
                    + "signs or that the issuer's former keys have signed",
                hint: "leave typ out as soon as its resource servers accept at+jwt (RFC 9068 section 2.1)")
        }
        if client.isOwnAudience {
            warn(
                of: client, at: "client_id",
                "is an audience of its own tokens: what reads `aud` as the client of an ID token takes them for one",
                hint: "give client and resource server different names")
        }
        if client.assertionRules.isSingleUse == false {
            warn(
                of: client, at: "client_assertion",
                "has client_assertion.single_use off: an assertion that is stolen can be used until it expires",
                hint: "keep its longest_lifetime short, and its requests on TLS")
        }
    }

    private mutating func warn(of client: Client, at member: String, _ message: String, hint: String) {
        warnings.append(Problem(place(ofMember: member), "client \(client.id) \(message)", hint: hint))
    }
}
