package import Libcrypto
package import SystemPackage

extension ServiceConfiguration {
    /// The PIN of `pkcs11.pin_file`, which may be replaced at any time; `nil` if the setting is absent.
    package func pin() throws(UnusableFile) -> SecretBytes? {
        guard let file = keyPlaces.pkcs11?.pinFile else { return nil }
        return try SecretFile.secret(in: file, access)
    }

    /// The token in a file that an agent of Vault replaces.
    package func vaultToken(in file: FilePath) throws(UnusableFile) -> SecretBytes {
        try SecretFile.secret(in: file, access)
    }

    /// The token of a pod's service account, which the kubelet replaces.
    package func serviceAccountToken(in file: FilePath) throws(UnusableFile) -> SecretBytes {
        try SecretFile.secret(in: file, isPrivate: false, access)
    }

    /// The file with the certificate authorities of Vault; `nil` if `vault.ca_file` is not set.
    package var vaultAuthorities: CertificateAuthoritiesFile? {
        keyPlaces.vault?.caFile.map { CertificateAuthoritiesFile($0, access) }
    }

    /// What is wrong with the files that lead to the places of keys, as far as that is seen without a connection.
    package var keyPlaceProblems: [Problem] { moduleProblems + secretProblems }

    /// What is wrong with the file of `pkcs11.module`. Its code runs with all rights of the service.
    package var moduleProblems: [Problem] {
        guard let module = keyPlaces.pkcs11?.module else { return [] }
        do { try TrustedFile.open(module, access).close() } catch { return [KeyFile.problem(with: module, error)] }
        return []
    }

    /// What is wrong with the files of the PIN and of the tokens.
    private var secretProblems: [Problem] {
        [
            Self.problem { () throws(UnusableFile) in _ = try pin() },
            keyPlaces.vault?.tokenFile.flatMap { file in
                Self.problem { () throws(UnusableFile) in _ = try vaultToken(in: file) }
            },
            keyPlaces.vault?.kubernetesTokenFile.flatMap { file in
                Self.problem { () throws(UnusableFile) in _ = try serviceAccountToken(in: file) }
            },
        ].compactMap(\.self)
    }
}
