import AccessToken
import JOSE
import OAuth
import SystemPackage
import WireText

extension IssuerReader {
    /// `keys`, `jwks_uri`, `jwks_file` or `spiffe_bundle`; `nil` if there is none, or if it is invalid and reported.
    mutating func keys() -> TrustedIssuer.Keys? {
        let names = ["keys", "jwks_uri", "jwks_file", "spiffe_bundle"].filter { member($0) != nil }
        for name in names.dropFirst() { note(name, "cannot be combined with \(names[0])") }
        switch names.first {
        case "keys": return value("keys", Self.discovery)
        case "jwks_uri": return keysURL("jwks_uri").map { .keySet(url: $0) }
        case "jwks_file": return fixedKeys("jwks_file") { octets throws(JWKSetError) in try JWKSet(reading: octets) }
        case "spiffe_bundle":
            if member("spiffe_bundle")?.text.map(Self.isURL) == true {
                return keysURL("spiffe_bundle").map { .bundle(url: $0) }
            }
            return fixedKeys("spiffe_bundle") { octets throws(JWKSetError) in try SPIFFEBundle(reading: octets).keys }
        default: return nil
        }
    }

    private mutating func fixedKeys(
        _ name: String, _ read: ([UInt8]) throws(JWKSetError) -> JWKSet
    ) -> TrustedIssuer.Keys? {
        guard let path = value(name, file.path(relativeToFile:)) else { return nil }
        add(file: FilePath(path))
        let keys = contents(of: path, named: name) { path, access throws(UnusableFile) in
            let octets = try PublicFile(path, access, limit: .issuerKeys).contents()
            return try Self.keys(in: octets, path.string, read)
        }
        if let warning = keys?.warningOfKeysWithoutID("a token") { warn(name, warning) }
        return keys.map { .fixed($0, file: path) }
    }

    /// What `read` finds in the file at `path`, which the member called `name` names; `nil` if the file cannot be used,
    /// which is reported.
    private mutating func contents<Contents>(
        of path: String, named name: String, _ read: (FilePath, FileAccess) throws(UnusableFile) -> Contents
    ) -> Contents? {
        do throws(UnusableFile) { return try read(FilePath(path), access) } catch {
            note(name, "names a file that cannot be used: \(error)", hint: error.problem.hint)
            return nil
        }
    }

    private static func keys(
        in octets: [UInt8], _ path: String, _ read: ([UInt8]) throws(JWKSetError) -> JWKSet
    ) throws(UnusableFile) -> JWKSet {
        let place = Problem.Place.file(path, line: nil)
        let set: JWKSet
        do throws(JWKSetError) { set = try read(octets) } catch {
            throw UnusableFile(problem: Problem(place, "is \(error)"))
        }
        if let own = set.ignored.first(where: { $0.reason == .invalid(.privateMember) }) {
            throw UnusableFile(problem: Problem(place, "has a key that cannot be used: \(own)"))
        }
        guard !set.keys.isEmpty else {
            let reasons = set.ignored.prefix(4).map { ": \($0)" }.joined()
            throw UnusableFile(problem: Problem(place, "has no key that can be used\(reasons)"))
        }
        return set
    }

    /// `ca_file`, which is read again for each fetch.
    mutating func authoritiesFile() -> String? {
        guard let path = value("ca_file", file.path(relativeToFile:)) else { return nil }
        add(file: FilePath(path))
        let octets = contents(of: path, named: "ca_file") { path, access throws(UnusableFile) in
            try CertificateAuthoritiesFile(path, access).contents()
        }
        return octets.map { _ in path }
    }

    /// `bearer_token_file`, which is read again for each fetch.
    mutating func bearerTokenFile(for keys: TrustedIssuer.Keys?) -> String? {
        guard let path = value("bearer_token_file", file.path(relativeToFile:)) else { return nil }
        if case .fixed = keys { note("bearer_token_file", "is of no use: the keys are in a file") }
        let token = contents(of: path, named: "bearer_token_file") { path, access throws(UnusableFile) in
            try BearerTokenFile(path, access).token()
        }
        return token.map { _ in path }
    }

    private static func discovery(_ text: String) throws(InvalidValue) -> TrustedIssuer.Keys {
        guard text.isSameText(as: "discovery") else {
            throw InvalidValue("is not discovery; jwks_uri, jwks_file or spiffe_bundle name another place")
        }
        return .discovery
    }

    private static func isURL(_ text: String) -> Bool {
        let (scheme, rest) = Octets(text).split(at: ":")
        return rest != nil && (scheme.isSameIgnoringCase(as: "https") || scheme.isSameIgnoringCase(as: "http"))
    }
}
