import AccessToken
import RemoteKeys
import TokenSource

extension Failure {
    /// The failure of a request to an endpoint of an issuer.
    ///
    /// - Parameter member: the member of the issuer's metadata that names the endpoint.
    init(_ error: TokenSourceError, at member: String, of issuer: Issuer) {
        let fetchError = error.cause as? DocumentFetchError
        if let refusal = error.refusal {
            self.init("the server refused: \(refusal)")
        } else if let failure = error.cause as? ConnectionFailure ?? fetchError?.connectionFailure {
            self.init("no answer from \(issuer): \(failure)", hint: failure.hint)
        } else if let fetchError {
            self.init("the \(member) of \(issuer) was not found in its metadata: \(fetchError)")
        } else {
            self.init("\(error)")
        }
    }
}

extension ConnectionFailure {
    /// What the operator can do about it; `nil` if the reason is enough.
    var hint: String? {
        switch code {
        case .refused: "is the service running?"
        case .untrustedCertificate: "--ca-file or ca_file names a private certificate authority"
        default: nil
        }
    }
}
