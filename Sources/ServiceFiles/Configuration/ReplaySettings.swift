package import AccessToken
package import SystemPackage
import WireText

/// The store that remembers for all replicas which assertions were used: `replay` of the configuration.
package struct ReplaySettings: Sendable, Equatable {
    /// `replay.url`
    package let url: StoreURL
    /// `replay.username`; `nil` for the user that the store has for a password alone.
    package let username: String?
    /// `replay.password_file`
    package let passwordFile: FilePath?
    /// `replay.ca_file`; `nil` for the certificate authorities of other servers.
    package let caFile: FilePath?
    /// `replay.wait`: how long a request may wait for the store.
    package let wait: Duration

    package static let standardWait: Duration = .milliseconds(500)

    package init(
        url: StoreURL, username: String? = nil, passwordFile: FilePath? = nil, caFile: FilePath? = nil,
        wait: Duration = standardWait
    ) {
        self.url = url
        self.username = username
        self.passwordFile = passwordFile
        self.caFile = caFile
        self.wait = wait
    }

    /// The files that it names.
    var files: [FilePath] { [passwordFile, caFile].compactMap(\.self) }
}

/// The URL of a server of Valkey or Redis: `valkeys://host:6379/0`, with the number of a database as its path.
package struct StoreURL: Sendable, Equatable, CustomStringConvertible {
    /// `valkeys` and `rediss` stand for TLS.
    private static let schemes = [("valkeys", true), ("rediss", true), ("valkey", false), ("redis", false)]
    private static let standardPort: UInt16 = 6379
    /// Servers have 16 databases unless their configuration says otherwise.
    private static let databases = 0...9999

    /// As it was written.
    package let description: String
    /// 0 unless the path names one.
    package let database: Int
    private let origin: HTTPOrigin

    /// - Throws: also for user information, which would be a secret in a file that is no secret.
    package init(_ text: String) throws(InvalidValue) {
        let uri = try AbsoluteURI(text)
        guard let (_, isSecure) = Self.schemes.first(where: { Octets(uri.scheme).isSame(as: $0.0) }) else {
            throw InvalidValue("is neither valkeys nor valkey, rediss nor redis")
        }
        origin = try HTTPOrigin(authorityOf: uri, isSecure: isSecure)
        guard uri.query == nil, !uri.hasFragment else { throw InvalidValue("has a query or a fragment") }
        let number = Octets(uri.path).dropFirst()
        guard let database = number.isEmpty ? 0 : number.decimal, Self.databases.contains(database) else {
            throw InvalidValue("has a path that is not the number of a database, such as /0")
        }
        self.database = database
        description = text
    }

    /// Without the brackets of an IPv6 address.
    package var host: String { origin.hostWithoutBrackets }

    package var port: Int { Int(origin.port ?? Self.standardPort) }

    /// Whether connections are protected by TLS.
    package var isSecure: Bool { origin.isSecure }

    /// Whether traffic stays on this machine.
    package var isLoopback: Bool { origin.isLoopback }
}
