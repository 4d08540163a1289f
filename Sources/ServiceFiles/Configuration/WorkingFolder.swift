package import AccessToken
import JOSE
import OAuth
package import SystemPackage

/// A folder with everything that `writ serve` needs: configuration, one client, a key.
package struct WorkingFolder: Sendable {
    /// Empty if it is the current folder.
    private let path: FilePath
    private let access: FileAccess

    /// - Parameter path: the folder. It is created with the files if it does not exist.
    package init(_ path: FilePath, _ access: FileAccess = .command()) {
        self.path = path == "." ? "" : path.lexicallyNormalized()
        self.access = access
    }

    /// What was written, and the only copy of the client's secret.
    package struct Contents: Sendable {
        /// The configuration file.
        package let configuration: FilePath
        /// `issuer`
        package let issuer: Issuer
        /// The one entry of `clients.yaml`.
        package let client: NewClient
        /// The secret in plain text, to be shown once; `clients.yaml` contains its hash.
        package let clientSecret: String
        /// `false` if the folder already had a key, which is used.
        package let isKeyNew: Bool
    }

    /// Writes the files.
    ///
    /// - Throws: ``WorkingFolderError/exists(_:)`` if there already is a configuration or a clients file; nothing is
    ///   changed then.
    package func create(issuer: Issuer, listen: ListenAddress, management: String) throws -> Contents {
        let configuration = path.appending("writ.yaml")
        let clientsFile = path.appending("clients.yaml")
        for file in [configuration, clientsFile] where (try? file.stat(followTargetSymlink: false)) != nil {
            throw WorkingFolderError.exists(file)
        }
        if !path.isEmpty {
            try FileError.naming(path) {
                try path.createFolder(.ownerReadWriteExecute)
            }
        }

        let secret = try GeneratedClientSecret()
        let client = NewClient(
            id: try ClientID("demo"), name: "A first client", credential: .secret(secret.hash),
            scope: try Scope("site.read site.documentation"), resources: [try Audience("https://api.example.com")])
        var places = StatusPlaces([], removed: [])
        let placement = ClientPlacement(statusIndex: try places.takeRandom(for: client.id))
        let isKeyNew = try createKey()
        try FileError.naming(clientsFile) {
            try DurableFile(path: clientsFile).create(Self.clientsYAML(client, placement))
        }
        do {
            // Written last: a folder with this file is complete.
            try FileError.naming(configuration) {
                try DurableFile(path: configuration).create(Self.configurationYAML(issuer, listen, management))
            }
        } catch {
            // The secret was never shown, so the client is useless. The keys stay, and the next attempt uses them.
            try? DurableFile(path: clientsFile).remove()
            throw error
        }
        return Contents(
            configuration: configuration, issuer: issuer, client: client, clientSecret: secret.value,
            isKeyNew: isKeyNew)
    }

    private func createKey() throws -> Bool {
        let keys = KeysFolder(path.appending("keys"), algorithm: .rs256, access: access)
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

    /// For an https issuer the operator decides what terminates TLS.
    private static let tlsChoice = """

        # Who ends TLS, the service itself or a proxy in front of it? One of:
        # tls: { certificate: tls.crt, private_key: tls.key }
        # tls: terminated-upstream
        """

    private static func clientsYAML(_ client: NewClient, _ placement: ClientPlacement) -> String {
        let entry = (client.yamlLines + placement.yamlLines).enumerated().map { ($0 == 0 ? "  - " : "    ") + $1 }
        return (["clients:"] + entry).joined(separator: "\n") + "\n"
    }
}

/// The reason no working folder was created.
package enum WorkingFolderError: Error, Sendable, Equatable, CustomStringConvertible {
    case exists(FilePath)

    /// A human-readable description that names the existing file.
    package var description: String {
        switch self {
        case .exists(let file): "\(file) exists already; nothing was changed"
        }
    }

    /// What the operator can do about it.
    package var hint: String {
        switch self {
        case .exists(let file):
            file.lastComponent == "clients.yaml"
                ? "an interrupted `writ init` may have left it; if there is no writ.yaml beside it, delete it"
                : "`writ serve` starts the service that it describes"
        }
    }
}
