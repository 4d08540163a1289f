package import OAuth
package import SystemPackage

/// The places of keys that are in no file: `pkcs11`, `vault` and `remote_keys` of the configuration.
package struct KeyPlacesSettings: Sendable, Equatable {
    /// `pkcs11`
    package struct PKCS11: Sendable, Equatable {
        /// `pkcs11.module`: a shared library.
        package let module: FilePath
        /// `pkcs11.pin_file`; `nil` for a token without a PIN, or with a keypad of its own.
        package let pinFile: FilePath?
    }

    /// `vault`. It has a file with a token, or a role, and not both.
    package struct Vault: Sendable, Equatable {
        /// `vault.token_file`
        package let tokenFile: FilePath?
        /// `vault.kubernetes_role`
        package let kubernetesRole: String?
        /// `vault.kubernetes_mount`: the path of the auth method; `nil` without a role.
        package let kubernetesMount: String?
        /// `vault.kubernetes_token_file`: the token of the pod's service account.
        package let kubernetesTokenFile: FilePath?
        /// `vault.ca_file`; `nil` for the certificate authorities of other servers.
        package let caFile: FilePath?
        /// `vault.namespace`
        package let namespace: String?
    }

    /// `nil` if no key is in a PKCS#11 token.
    package let pkcs11: PKCS11?
    /// `nil` if no key is in Vault.
    package let vault: Vault?
    /// `remote_keys.in_flight`: the most signatures that are under way at once.
    package let inFlight: Int
    /// `remote_keys.wait`: the longest time for a signature, with the wait for its turn.
    package let wait: Duration
    /// `remote_keys.start_without`: whether the service starts if its key cannot be reached.
    package let startsWithout: Bool

    package init(
        pkcs11: PKCS11? = nil, vault: Vault? = nil, inFlight: Int = 64, wait: Duration = .seconds(2),
        startsWithout: Bool = false
    ) {
        self.pkcs11 = pkcs11
        self.vault = vault
        self.inFlight = inFlight
        self.wait = wait
        self.startsWithout = startsWithout
    }

    /// The places that the settings say how to reach.
    package var places: Set<KeyURI.Place> {
        Set((pkcs11 == nil ? [] : [.pkcs11]) + (vault == nil ? [] : [.vault]))
    }

    /// The files that the settings name, without the tokens of Vault and of a pod, which are replaced all the time.
    var files: [FilePath] { [pkcs11?.module, pkcs11?.pinFile, vault?.caFile].compactMap(\.self) }
}
