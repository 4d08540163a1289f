import HTTPTypes
import Hummingbird
import JOSE
import Libcrypto
import OAuth
import WireText

@testable import VaultTransit

extension TransitStub {
    static let denied = (403, #"{"errors":["1 error occurred:\n\t* permission denied\n\n"]}"#)

    /// As OpenBao 2.7 answers.
    func rightAnswer(_ operation: Operation, _ request: Request, _ body: JSONObject) throws -> (Int, String) {
        if operation == .login { return logIn() }
        let token = request.headers[Self.tokenField]
        guard let token, change({ $0.tokens.contains(token) }) else { return Self.denied }
        switch operation {
        case .login: return logIn()
        case .read: return description
        case .create: return try create(body)
        case .rotate:
            try addVersion()
            return description
        case .sign: return try sign(body)
        }
    }

    private func logIn() -> (Int, String) {
        change { state in
            state.logins += 1
            let token = "s.login-\(state.logins)"
            state.tokens.insert(token)
            return (200, #"{"auth":{"client_token":"\#(token)","lease_duration":\#(state.lease),"renewable":true}}"#)
        }
    }

    private func create(_ body: JSONObject) throws -> (Int, String) {
        if change({ $0.versions.isEmpty }) {
            change { $0.type = body["type"]?.string ?? "none" }
            try addVersion()
        }
        return description
    }

    private var description: (Int, String) {
        change { state in
            if state.versions.isEmpty { return (404, #"{"errors":[]}"#) }
            let versions = state.versions.sorted { $0.key < $1.key }.map { number, key in
                #""\#(number)":{"creation_time":"2026-11-30T19:01:28Z","public_key":\#(Self.text(of: key))}"#
            }
            return (
                200,
                """
                {"data":{"type":"\(state.type)","latest_version":\(state.latest),"exportable":false\(state.members),
                "min_encryption_version":\(state.minimumSigningVersion),"keys":{\(versions.joined(separator: ","))}}}
                """
            )
        }
    }

    /// The public half as a JSON string: PEM, and for Ed25519 base64.
    private static func text(of key: PrivateKey) -> String {
        guard let key = try? key.publicKey else { return "null" }
        var writer = JSONWriter()
        if case .ed25519(let octets) = key.components {
            writer.string(Base64.encode(octets))
        } else {
            writer.string((try? key.pem()) ?? "")
        }
        return String(decoding: writer.bytes, as: UTF8.self)
    }

    private func sign(_ body: JSONObject) throws -> (Int, String) {
        guard let version = body["key_version"]?.integer else { return (400, #"{"errors":["no version"]}"#) }
        let (key, minimum) = change { ($0.versions[Int(version)], $0.minimumSigningVersion) }
        guard let key, version >= minimum else {
            return (
                500, #"{"errors":["1 error occurred:\n\t* requested version for signing is less than the minimum"]}"#
            )
        }
        let message = Self.message
        let signature = try SigningContext(key: key, scheme: algorithm.scheme).sign(message.span)
        let isJWS = body["marshaling_algorithm"] == "jws"
        return (200, Self.signature(isJWS ? Base64URL.encode(signature) : Base64.encode(signature), Int(version)))
    }

    static func signature(_ base64: String, _ version: Int = 1) -> String {
        #"{"data":{"key_version":\#(version),"signature":"vault:v\#(version):\#(base64)"}}"#
    }
}
