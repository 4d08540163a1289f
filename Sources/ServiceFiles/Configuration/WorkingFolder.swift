package import AccessToken
import Foundation
import JOSE
import OAuth
package import SystemPackage

/// A folder with everything that `writ serve` needs: configuration, one client, a key.
package struct WorkingFolder: Sendable {
    /// Empty for the current folder.
    private let path: FilePath

    /// - Parameter path: need not exist; it is made when the files are written.
    package init(_ path: FilePath) {
        self.path = path == "." ? "" : path.lexicallyNormalized()
    }

    /// What was written, and the only copy of the client's secret.
    package struct Contents: Sendable {
        /// The configuration file.
        package let configuration: FilePath
        /// `issuer`
        package let issuer: Issuer
        /// The one entry of `clients.yaml`.
        package let client: NewClient
        /// In the clear, to be shown once; `clients.yaml` holds its hash.
        package let clientSecret: String
        /// False where the folder had a key already, which is used.
        package let isKeyNew: Bool
    }

    /// Writes the files.
    ///
    /// - Throws: ``WorkingFolderError/exists(_:)`` where there is a configuration or a clients file already; nothing is
    ///   changed then.
    package func create(issuer: Issuer, listen: ListenAddress, management: String) throws -> Contents {
        let configuration = path.appending("writ.yaml")
        let clientsFile = path.appending("clients.yaml")
        for file in [configuration, clientsFile] where (try? file.stat(followTargetSymlink: false)) != nil {
            throw WorkingFolderError.exists(file)
        }
        if !path.isEmpty {
            try FileManager.default.createDirectory(atPath: path.string, withIntermediateDirectories: true)
        }

        let secret = try GeneratedClientSecret()
        let client = NewClient(
            id: try ClientID("demo"), name: "A first client", credential: .secret(secret.hash),
            scope: try Scope("site.read site.documentation"), resources: [try Audience("https://api.example.com")])
        let isKeyNew = try createKey()
        try FileError.naming(clientsFile) { try DurableFile(path: clientsFile).create(Self.clientsYAML(client)) }
        do {
            // Last, since it is what makes the folder a working one.
            try FileError.naming(configuration) {
                try DurableFile(path: configuration).create(Self.configurationYAML(issuer, listen, management))
            }
        } catch {
            // Nobody was shown the secret. The keys stay, and are used the next time.
            try? DurableFile(path: clientsFile).remove()
            throw error
        }
        return Contents(
            configuration: configuration, issuer: issuer, client: client, clientSecret: secret.value,
            isKeyNew: isKeyNew)
    }

    private func createKey() throws -> Bool {
        let keys = KeysFolder(path.appending("keys"), algorithm: .rs256)
        _ = try keys.sealing.generateFirst()
        return try keys.signing.generateFirst() != nil
    }

    private static func configurationYAML(_ issuer: Issuer, _ listen: ListenAddress, _ management: String) -> String {
        """
        # Every setting can also come from the environment: WRIT_LISTEN, WRIT_ACCESS_TOKEN_LIFETIME.
        issuer: \(YAMLScalar.write(issuer.description))\(issuer.isSecure ? tlsChoice : "")
        listen: \(YAMLScalar.write(listen.description))
        management: \(YAMLScalar.write(management))
        keys: keys
        clients: clients.yaml
        access_token:
          algorithm: RS256
          lifetime: 15m
        refresh_token:
          lifetime: 30d

        """
    }

    /// An https issuer takes a decision that is the operator's.
    private static let tlsChoice = """

        # Who ends TLS, the service itself or a proxy in front of it? One of:
        # tls: { certificate: tls.crt, private_key: tls.key }
        # tls: terminated-upstream
        """

    private static func clientsYAML(_ client: NewClient) -> String {
        let entry = client.yamlLines.enumerated().map { ($0 == 0 ? "  - " : "    ") + $1 }
        return (["clients:"] + entry).joined(separator: "\n") + "\n"
    }
}

/// Why no working folder was made.
package enum WorkingFolderError: Error, Sendable, CustomStringConvertible {
    case exists(FilePath)

    /// For people; names the file that is in the way.
    package var description: String {
        switch self {
        case .exists(let file): "\(file) exists already; nothing was changed"
        }
    }

    /// What to do about it.
    package var hint: String {
        switch self {
        case .exists(let file):
            file.lastComponent == "clients.yaml"
                ? "without a writ.yaml beside it, it may be left from a `writ init` that was interrupted; delete it then"
                : "`writ serve` starts the service that it describes"
        }
    }
}
