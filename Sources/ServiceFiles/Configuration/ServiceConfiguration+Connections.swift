extension ServiceConfiguration {
    /// The file that `ca_file` names; `nil` if it is not set.
    package var certificateAuthorities: CertificateAuthoritiesFile? {
        caFile.map { CertificateAuthoritiesFile($0, access) }
    }

    /// What is wrong with the files for connections to other servers, as far as that is seen without a parser of
    /// certificates.
    package var connectionFileProblems: [Problem] {
        authorityFiles.compactMap { file in
            Self.problem { () throws(UnusableFile) in _ = try file.contents() }
        }
    }

    /// The file of `ca_file`.
    package var authorityFiles: [CertificateAuthoritiesFile] {
        [caFile].compactMap(\.self).map { CertificateAuthoritiesFile($0, access) }
    }

    private static func problem(_ body: () throws(UnusableFile) -> Void) -> Problem? {
        do throws(UnusableFile) {
            try body()
            return nil
        } catch {
            return error.problem
        }
    }
}
