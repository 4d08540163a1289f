import Foundation
import JOSE
import OAuth
import Testing

@testable import VaultTransit

@Suite(.timeLimit(.minutes(1))) struct RefusalTests {
    @Test(
        "Each status has an error that says what Vault is or lacks",
        arguments: [
            (400, #"{"errors":["unsupported"]}"#, .unsupported, "refuses the request"),
            (405, #"{"errors":["unsupported operation"]}"#, .unsupported, "refuses the request"),
            (403, #"{"errors":["permission denied"]}"#, .denied, "no policy allows it"),
            (404, #"{"errors":[]}"#, .noSuchKey, "has no key writ in team/transit"),
            (404, #"{"errors":["no handler for route"]}"#, .noSuchKey, "has no Transit engine at team/transit"),
            (404, "", .noSuchKey, "has no Transit engine at team/transit"),
            (412, "", .unavailable, "does not have the latest state"),
            (429, "", .unavailable, "has too many requests, or is a standby"),
            (472, "", .unavailable, "is a standby for disaster recovery"), (473, "", .unavailable, "is a standby"),
            (500, #"{"errors":["storage"]}"#, .unavailable, "fails (status 500: storage)"),
            (501, "", .unavailable, "is not initialized"), (502, "", .unavailable, "fails (status 502)"),
            (
                503, #"{"errors":["Vault is sealed"]}"#, .unavailable,
                "is sealed, or in maintenance (status 503: Vault is sealed)"
            ),
            (504, "<html>", .unavailable, "fails (status 504)"), (418, "[]", .unavailable, "fails (status 418)"),
            (202, "{}", .unavailable, "fails (status 202)"),
        ] as [(Int, String, RemoteKeyError.Code, String)])
    func namesStatuses(status: Int, body: String, code: RemoteKeyError.Code, text: String) async throws {
        let stub = try TransitStub()
        stub.reply(to: .read, .status(status, body))
        try await stub.serve { store, uri in
            let error = await expect(code: code) { try await store.key(at: .vault(uri)) }
            #expect(error?.description.contains(text) == true, "\(error?.description ?? "")")
            #expect(error?.description.contains(uri.origin) == true)
            #expect(error?.hint != nil)
            // Nothing of it is kept.
            _ = try await store.key(at: .vault(uri))
        }
    }

    @Test("The hint of a denied request is the policy that it needs")
    func namesThePolicies() async throws {
        for (algorithm, path) in [(SignatureAlgorithm.es256, "sign/writ/*"), (.ed25519, "sign/writ")] {
            let stub = try TransitStub(algorithm)
            stub.reply(to: .sign, .status(403, ""))
            try await stub.serve { store, uri in
                let key = try await store.key(at: .vault(uri))
                let error = await expect(code: .denied) {
                    try await store.sign(TransitStub.message, with: key, algorithm)
                }
                #expect(error?.hint == #"the policy needs path "team/transit/\#(path)" { capabilities = ["update"] }"#)
            }
        }
    }

    @Test(
        "Only for a key that is not pinned the hint is to make one: another key cannot take the place of a pinned one")
    func namesMissingKeys() async throws {
        let missing = TransitStub.Reply.status(404, #"{"errors":[]}"#)
        for operation in [TransitStub.Operation.read, .sign] {
            let stub = try TransitStub()
            stub.reply(to: operation, missing)
            let key = try #require(try stub.publicKey())
            try await stub.serve { store, uri in
                let error = await expect(code: .noSuchKey) {
                    try await store.sign(TransitStub.message, with: RemoteKey(.vault(uri), key), .es256)
                }
                #expect(error?.hint?.contains("backup") == true)
                #expect(error?.hint?.contains("keys generate") == false)
            }
        }
        let stub = try TransitStub(versions: 0)
        try await stub.serve { store, uri in
            let error = await expect(code: .noSuchKey) { try await store.key(at: .vault(uri)) }
            #expect(error?.hint == "writ keys generate --vault \(uri) makes it")
        }
    }

    @Test("A redirect is not followed: the token is for the server of the URI alone")
    func followsNoRedirect() async throws {
        let stub = try TransitStub()
        stub.reply(to: .read, .redirect("/v1/team/transit/keys/writ"))
        try await stub.serve { store, uri in
            let error = await expect(code: .unavailable) { try await store.key(at: .vault(uri)) }
            #expect(error?.description.contains("redirects are not followed") == true)
            #expect(error?.hint?.contains("active server") == true)
        }
        #expect(stub.calls(.read).count == 1)
    }

    @Test(
        "Of Vault's texts the first is shown, on one line and up to 200 octets",
        arguments: [
            (
                #"{"errors":["1 error occurred:\n\t* permission denied\n\n","other"]}"#,
                ": 1 error occurred: * permission denied"
            ),
            (#"{"errors":["\u001b[31mred\u0007\u202e\u0600 a"]}"#, ": [31mred a"),
            (#"{"errors":["\n\t "]}"#, ""), (#"{"errors":[""]}"#, ""), (#"{"errors":[1,"two"]}"#, ""),
            (#"{"errors":"text"}"#, ""), (#"{"errors":{"a":"b"}}"#, ""), (#"{"other":["text"]}"#, ""), ("text", ""),
            (#"{"errors":["\#(String(repeating: "x", count: 201))"]}"#, ": " + String(repeating: "x", count: 200)),
            // Two octets each: the hundredth ends at 200, and no scalar is cut.
            (
                #"{"errors":["\#(String(repeating: "\u{E4}", count: 150))"]}"#,
                ": " + String(repeating: "\u{E4}", count: 100)
            ),
            (
                #"{"errors":["x\#(String(repeating: "\u{E4}", count: 150))"]}"#,
                ": x" + String(repeating: "\u{E4}", count: 99)
            ),
        ])
    func showsOneText(body: String, text: String) {
        let refusal = VaultRefusal(status: 500, body: Array(body.utf8), hiding: [])
        #expect(refusal.suffix == " (status 500\(text))")
    }

    @Test("A text with a secret that was sent is not shown, wherever the secret is in it")
    func hidesSecrets() throws {
        let secret = try VaultToken("s.secret")
        for text in ["s.secret", "no token s.secret here", String(repeating: "x", count: 190) + "s.secret"] {
            let body = Array(#"{"errors":["\#(text)"]}"#.utf8)
            #expect(VaultRefusal(status: 500, body: body, hiding: [secret]).suffix == " (status 500)")
        }
        let body = Array(#"{"errors":["s.secre"]}"#.utf8)
        #expect(VaultRefusal(status: 500, body: body, hiding: [secret]).suffix == " (status 500: s.secre)")
    }

    @Test("No description of a token has the token")
    func describesNoToken() throws {
        let token = try VaultToken("s.secret")
        var dumped = ""
        dump(token, to: &dumped)
        for text in ["\(token)", String(reflecting: token), dumped] { #expect(!text.contains("s.secret")) }
    }
}
