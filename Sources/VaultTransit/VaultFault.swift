import OAuth

/// Why a request to Vault has no outcome.
struct VaultFault: Error {
    /// The status of the answer, RFC 9110 section 15; `nil` if there was none.
    let status: UInt?
    let error: RemoteKeyError

    init(_ error: RemoteKeyError, status: UInt? = nil) {
        self.error = error
        self.status = status
    }

    /// An answer that says something else than Vault does.
    ///
    /// - Parameter reason: what the answer is or has.
    static func malformed(_ reason: String, _ origin: String) -> VaultFault {
        VaultFault(
            RemoteKeyError(
                .unavailable, "Vault at \(origin) answers in another way than Vault and OpenBao do: \(reason)",
                hint: "check that the URI names Vault, and not a proxy in front of it"))
    }

    /// An answer without success.
    init(_ refusal: VaultRefusal, to request: VaultRequest, _ origin: String) {
        let error =
            switch request.purpose {
            case .login: Self.error(ofLogin: refusal, request, origin)
            case .readKey, .readPinnedKey, .createKey, .rotateKey, .sign: Self.error(ofKey: refusal, request, origin)
            }
        self.init(error ?? Self.error(ofServer: refusal, origin), status: refusal.status)
    }

    private static func error(
        ofLogin refusal: VaultRefusal, _ request: VaultRequest, _ origin: String
    ) -> RemoteKeyError? {
        switch refusal.status {
        case 400, 401, 403:
            RemoteKeyError(
                .denied, "Vault at \(origin) refuses the login of the service account\(refusal.suffix)",
                hint: "check the role, and the service accounts, namespaces and audience that it is bound to")
        case 404:
            RemoteKeyError(
                .denied, "Vault at \(origin) has no login at \(request.path)\(refusal.suffix)",
                hint:
                    "enable the auth method kubernetes there, or name its mount in vault.kubernetes_mount, and its namespace"
                    + " in vault.namespace")
        default: nil
        }
    }

    private static func error(ofKey refusal: VaultRefusal, _ request: VaultRequest, _ origin: String) -> RemoteKeyError?
    {
        guard let uri = request.uri else { return nil }
        switch refusal.status {
        case 400, 405:
            return RemoteKeyError(
                .unsupported, "Vault at \(origin) refuses the request \(request.path)\(refusal.suffix)",
                hint:
                    "check that \(uri.mount) is a Transit engine, and that this release of Vault has keys and signatures of"
                    + " the algorithm")
        case 401, 403:
            let policy = request.policy.map { "path \"\($0.path)\" { capabilities = [\"\($0.capability)\"] }" }
            return RemoteKeyError(
                .denied, "Vault at \(origin) denies \(request.path): the token is not valid, or no policy allows it",
                hint: policy.map { "the policy needs \($0)" })
        case 404 where refusal.hasEmptyErrors:
            return RemoteKeyError(
                .noSuchKey, "Vault at \(origin) has no key \(uri.name) in \(uri.mount)",
                hint: hint(ofMissing: uri, request.purpose))
        case 404:
            return RemoteKeyError(
                .noSuchKey, "Vault at \(origin) has no Transit engine at \(uri.mount)\(refusal.suffix)",
                hint:
                    "check the path in the URI, and the namespace; a token without a policy for it gets the same answer"
            )
        default: return nil
        }
    }

    /// A key that is pinned cannot be made again: the next one of the name has another public half.
    private static func hint(ofMissing uri: TransitKeyURI, _ purpose: VaultRequest.Purpose) -> String {
        switch purpose {
        case .readKey, .createKey: "writ keys generate --vault \(uri) makes it"
        case .login, .readPinnedKey, .rotateKey, .sign:
            "check the URI and vault.namespace; if the key was deleted, restore it from a backup of Vault, or retire it with"
                + " writ keys retire"
        }
    }

    private static func error(ofServer refusal: VaultRefusal, _ origin: String) -> RemoteKeyError {
        let (state, hint) =
            switch refusal.status {
            case 300..<400:
                (
                    "redirects, as a standby does, and redirects are not followed",
                    "name the active server in the URI, or a load balancer in front of it"
                )
            case 412:
                (
                    "does not have the latest state of the active server yet",
                    "if it stays so, check the replication, or name the active server in the URI"
                )
            case 429:
                ("has too many requests, or is a standby", "check its quotas, and name the active server in the URI")
            case 472: ("is a standby for disaster recovery", "name the active server in the URI")
            case 473, 474: ("is a standby", "name the active server in the URI")
            case 501:
                (
                    "is not initialized",
                    "check that the URI names the right server; bao operator init, or vault operator init, initializes it"
                )
            case 503: ("is sealed, or in maintenance", "bao operator unseal, or vault operator unseal, unseals it")
            default: ("fails", "look into the log of Vault, or into that of a proxy in front of it")
            }
        return RemoteKeyError(.unavailable, "Vault at \(origin) \(state)\(refusal.suffix)", hint: hint)
    }
}
