import AccessToken
import OAuth
import SystemPackage
import WireText

extension SettingReader {
    /// `pkcs11`, `vault` and `remote_keys`.
    mutating func keyPlaces() -> KeyPlacesSettings {
        let pkcs11 = pkcs11Settings()
        let vault = vaultSettings()
        let standard = KeyPlacesSettings()
        return KeyPlacesSettings(
            pkcs11: pkcs11, vault: vault,
            inFlight: value(.remoteKeysInFlight, Self.inFlight) ?? standard.inFlight,
            wait: value(.remoteKeysWait, DurationText.parseWait) ?? standard.wait,
            startsWithout: value(.remoteKeysStartWithout, DurationText.parseSwitch) ?? standard.startsWithout)
    }

    private mutating func pkcs11Settings() -> KeyPlacesSettings.PKCS11? {
        let pinFile = path(.pkcs11PINFile)
        guard let module = path(.pkcs11Module) else {
            if has(.pkcs11PINFile) {
                note(
                    .pkcs11PINFile, "comes without pkcs11.module",
                    hint: "pkcs11: { module: /usr/lib/softhsm/libsofthsm2.so, pin_file: pin }")
            }
            return nil
        }
        return KeyPlacesSettings.PKCS11(module: module, pinFile: pinFile)
    }

    private mutating func vaultSettings() -> KeyPlacesSettings.Vault? {
        let tokenFile = path(.vaultTokenFile)
        let role = value(.vaultKubernetesRole, Self.name)
        let mount = value(.vaultKubernetesMount, Self.mount)
        let kubernetesTokenFile = path(.vaultKubernetesTokenFile)
        let caFile = path(.vaultCAFile)
        let namespace = value(.vaultNamespace, Self.name)
        switch (has(.vaultTokenFile), has(.vaultKubernetesRole)) {
        case (true, true):
            note(.vaultKubernetesRole, "is set together with vault.token_file; only one of them is allowed")
            return nil
        case (false, false):
            for name in [SettingName.vaultKubernetesMount, .vaultKubernetesTokenFile, .vaultCAFile, .vaultNamespace]
            where has(name) {
                note(name, "comes without vault.token_file and vault.kubernetes_role", hint: "token_file: vault-token")
            }
            return nil
        case (true, false):
            for name in [SettingName.vaultKubernetesMount, .vaultKubernetesTokenFile] where has(name) {
                note(name, "comes without vault.kubernetes_role", hint: "kubernetes_role: writ")
            }
        case (false, true): break
        }
        return KeyPlacesSettings.Vault(
            tokenFile: tokenFile, kubernetesRole: role,
            kubernetesMount: role == nil ? nil : mount ?? "kubernetes",
            kubernetesTokenFile: role == nil ? nil : kubernetesTokenFile ?? Self.serviceAccountToken, caFile: caFile,
            namespace: namespace)
    }

    /// Kubernetes mounts the token of a pod's service account here.
    private static let serviceAccountToken: FilePath = "/var/run/secrets/kubernetes.io/serviceaccount/token"

    private static func inFlight(_ text: String) throws(InvalidValue) -> Int {
        guard let count = Octets(text).decimal, (1...256).contains(count) else {
            throw InvalidValue("is not a number from 1 to 256")
        }
        return count
    }

    private static func mount(_ text: String) throws(InvalidValue) -> String {
        guard TransitKeyURI.isMount(text) else { throw InvalidValue("is no path such as kubernetes") }
        return text
    }

    /// A namespace is sent in a header field, and a role in JSON.
    private static func name(_ text: String) throws(InvalidValue) -> String {
        guard !text.isEmpty, Octets(text).isVisibleASCII else {
            throw InvalidValue("is not a name of visible ASCII without blanks")
        }
        return text
    }
}
