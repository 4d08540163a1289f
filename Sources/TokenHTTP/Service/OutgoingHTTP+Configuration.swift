import OAuth
package import RemoteKeys
package import ServiceFiles
import SystemPackage

extension OutgoingHTTP {
    /// Requests of the service, with `ca_file` of its configuration.
    package init(_ configuration: ServiceConfiguration) {
        self = .writ(trusting: configuration.certificateAuthorities.map(CertificateAuthorities.init))
    }
}

extension CertificateAuthorities {
    /// Those in a file, which is read anew for each request.
    package convenience init(_ file: CertificateAuthoritiesFile) {
        self.init { [try file.contents()] }
    }
}

extension ServiceConfiguration {
    /// What is wrong with the certificates in `ca_file`, `replay.ca_file` and `vault.ca_file`.
    func checkAuthorities() throws(InvalidConfiguration) {
        try check(authorityFiles)
    }

    /// What is wrong with the password of `replay.password_file`.
    func checkStorePassword() throws(InvalidConfiguration) {
        let problems = storePasswordProblems
        guard problems.isEmpty else { throw InvalidConfiguration(problems) }
    }

    /// What is wrong with the files of `pkcs11` and `vault`.
    ///
    /// - Parameter startsWithout: whether a PIN or a token may come later.
    package func checkKeyPlaces(startsWithout: Bool = false) throws(InvalidConfiguration) {
        let problems = startsWithout ? moduleProblems : keyPlaceProblems
        guard problems.isEmpty else { throw InvalidConfiguration(problems) }
    }

    /// What is wrong with the certificates in the `ca_file` of any client or issuer.
    func checkAuthorities(of clients: [Client], _ issuers: [TrustedIssuer]) throws(InvalidConfiguration) {
        let ofIssuers = Set(issuers.compactMap(\.caFile)).sorted().map { FilePath($0) }
        try check(
            (CertificateAuthoritiesFile.paths(of: clients) + ofIssuers).map { CertificateAuthoritiesFile($0, access) })
    }

    private func check(_ files: [CertificateAuthoritiesFile]) throws(InvalidConfiguration) {
        let problems = files.compactMap { file -> Problem? in
            let contents: [UInt8]
            do throws(UnusableFile) { contents = try file.contents() } catch { return error.problem }
            do throws(ConnectionFailure) {
                try CertificateAuthorities { [contents] }.check()
                return nil
            } catch {
                return file.unusable(error.description).problem
            }
        }
        guard problems.isEmpty else { throw InvalidConfiguration(problems) }
    }
}
