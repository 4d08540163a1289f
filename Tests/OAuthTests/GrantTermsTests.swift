import AccessToken
import JOSE
import Libcrypto
import Testing
import WireText

@testable import OAuth

/// The terms of a grant are one value, which decides the claims of its token and the requests that the token can
/// answer.
@Suite struct GrantTermsTests {
    private let terms: AuthorizedGrant.Terms
    private let key: SigningKey
    private let policy: IssuancePolicy

    init() throws {
        let fixture = try Fixture()
        policy = fixture.policy
        terms = try fixture.authorize(
            Fixture.post(
                "grant_type=client_credentials", authorization: [Fixture.basic("reporting:\(Fixture.secret)")])
        ).terms
        key = try SigningKey(.generate(on: .p256), keyID: "k1", algorithm: .es256)
    }

    @Test("A change of any part of a grant's terms changes the reuse key")
    func eachPartCounts() throws {
        let client = try Client(id: terms.client.id, secrets: [])
        let changes: [String: (inout AuthorizedGrant.Terms) throws -> Void] = [
            "client": { $0.client = client },
            "subject": { $0.subject = ExactText("somebody") },
            "actor": { $0.actor = ExactText("agent") },
            "scope": { $0.scope = try Scope("site.read") },
            "audience": { $0.audience = [try Audience("https://other.example.com")] },
            "lifetime": { $0.lifetime = .seconds(1) },
            "confirmation": { $0.confirmation = .key(thumbprint: "t") },
            "shape": { $0.shape = try AccessTokenShape(type: .jwt) },
            "copiedClaims": { $0.copiedClaims = Array(#""namespace":"payments""#.utf8) },
            "status": { $0.status = StatusListReference(index: 1, uri: "https://tokens.example.com/status/1") },
        ]
        // Every property of the terms must have a change here.
        #expect(Set(Mirror(reflecting: terms).children.compactMap(\.label)) == Set(changes.keys))
        #expect(TokenReuseKey(terms, key: key) == TokenReuseKey(terms, key: key))
        for (name, change) in changes {
            var other = terms
            try change(&other)
            #expect(TokenReuseKey(other, key: key) != TokenReuseKey(terms, key: key), "\(name)")
        }
    }

    @Test("RFC 7800 section 3.1, RFC 8693 section 4.1: key, actor and status of a grant are claims of its token")
    func furtherClaims() throws {
        var bound = terms
        bound.actor = ExactText("agent")
        bound.status = StatusListReference(index: 7, uri: "https://tokens.example.com/status/1")
        bound.confirmation = .certificate(sha256: [0xFB, 0xFF])
        var writer = JSONWriter()
        writer.object { $0.members(bound.furtherClaims) }
        #expect(
            String(decoding: writer.bytes, as: UTF8.self)
                == #"{"act":{"sub":"agent"},"cnf":{"x5t#S256":"-_8"},"#
                + #""status":{"status_list":{"idx":7,"uri":"https://tokens.example.com/status/1"}}}"#)
        bound.confirmation = .key(thumbprint: "t")
        var other = JSONWriter()
        other.object { $0.members(bound.furtherClaims) }
        #expect(String(decoding: other.bytes, as: UTF8.self).contains(#""cnf":{"jkt":"t"}"#))
        #expect(terms.furtherClaims.isEmpty)
    }
}
