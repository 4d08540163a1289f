import Foundation
import Libcrypto

/// A working folder of the service, which goes with the object that stands for it.
final class ServiceFolder: Sendable {
    private let url: URL

    /// - Throws: where it cannot be written.
    init() throws {
        url = FileManager.default.temporaryDirectory.appending(path: "writ-fuzz-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url.appending(path: "keys"), withIntermediateDirectories: true)
        try write(Self.configuration, to: "writ.yaml")
        try write(Self.clients, to: "clients.yaml")
        // Ed25519 signs quicker than libFuzzer makes the next request.
        let key = try PrivateKey.generateEd25519().pem().withBytes { bytes in
            String(decoding: bytes.indices.map { bytes[$0] }, as: UTF8.self)
        }
        try write(key, to: "keys/a.pem")
        // 32 octets of seven.
        try write("BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc\n", to: "keys/a.sealing")
    }

    deinit { try? FileManager.default.removeItem(at: url) }

    /// The path of `writ.yaml`.
    var configuration: String { url.appending(path: "writ.yaml").path(percentEncoded: false) }

    private func write(_ text: String, to name: String) throws {
        let path = url.appending(path: name).path(percentEncoded: false)
        guard
            FileManager.default.createFile(
                atPath: path, contents: Data(text.utf8), attributes: [.posixPermissions: 0o600])
        else { throw CocoaError(.fileWriteUnknown) }
    }

    /// No input may be answered otherwise than the one before, so that nothing is counted.
    private static let configuration = """
        issuer: https://tokens.example.com
        tls: terminated-upstream
        access_token: { algorithm: EdDSA }
        throttle: { failures: off, address_failures: off }
        trusted_proxies: { from: [127.0.0.0/8, 10.0.0.0/8, "::1"], field: forwarded }

        """

    /// The secret of each is `fuzz`.
    private static let clients = """
        clients:
          - client_id: fuzz
            client_secrets: [{hash: "\(hash)"}]
            grant_types: [client_credentials, refresh_token]
            scope: a b
            resources: [https://api.example.com, https://other.example.com]
            introspect: true
          - client_id: idle
            client_secrets: [{hash: "\(hash)"}]
            grant_types: []

        """

    /// `echo -n fuzz | sha256sum`, in base64url.
    private static let hash = "sha256:k4ULcHWF5ATklRo93B8Fo0s9T1_AgdYW9G2KLo8cjmg"
}
