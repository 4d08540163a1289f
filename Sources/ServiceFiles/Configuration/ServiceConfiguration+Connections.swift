extension ServiceConfiguration {
    /// The file that `ca_file` names; `nil` if it is not set.
    package var certificateAuthorities: CertificateAuthoritiesFile? {
        caFile.map { CertificateAuthoritiesFile($0, access) }
    }

    /// The file with the certificate authorities of the store of `replay`; `nil` if none is set.
    package var storeAuthorities: CertificateAuthoritiesFile? {
        guard let replay, replay.url.isSecure else { return nil }
        return replay.caFile.map { CertificateAuthoritiesFile($0, access) } ?? certificateAuthorities
    }

    /// The file with the password of the store of `replay`; `nil` if none is set.
    package var storePassword: PasswordFile? { replay?.passwordFile.map { PasswordFile($0, access) } }

    /// What is wrong with the files for connections to other servers, as far as that is seen without a parser of
    /// certificates.
    package var connectionFileProblems: [Problem] {
        authorityFiles.compactMap { file in
            Self.problem { () throws(UnusableFile) in _ = try file.contents() }
        } + storePasswordProblems + keyPlaceProblems
    }

    /// The files of `ca_file`, `replay.ca_file` and `vault.ca_file`.
    package var authorityFiles: [CertificateAuthoritiesFile] {
        [caFile, replay?.caFile, keyPlaces.vault?.caFile].compactMap(\.self).map {
            CertificateAuthoritiesFile($0, access)
        }
    }

    /// What is wrong with the file of the password.
    package var storePasswordProblems: [Problem] {
        guard let file = storePassword else { return [] }
        return [Self.problem { () throws(UnusableFile) in _ = try file.password() }].compactMap(\.self)
    }

    static func problem(_ body: () throws(UnusableFile) -> Void) -> Problem? {
        do throws(UnusableFile) {
            try body()
            return nil
        } catch {
            return error.problem
        }
    }
}
