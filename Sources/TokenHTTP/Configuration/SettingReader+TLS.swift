import AccessToken

extension SettingReader {
    /// `tls`; ``TLSTermination/none`` where it is absent, or wrong and noted.
    ///
    /// - Parameter issuer: nil where it is wrong and noted.
    mutating func tlsTermination(of issuer: Issuer?) -> TLSTermination {
        let isUpstream = value(.tls, Self.upstream) ?? false
        let certificate = path(.tlsCertificate)
        let privateKey = path(.tlsPrivateKey)
        if has(.tlsCertificate) || has(.tlsPrivateKey) {
            if has(.tls) { note(.tls, "is set beside a certificate; it is one or the other") }
            if !has(.tlsPrivateKey) { note(.tlsCertificate, "comes without tls.private_key") }
            if !has(.tlsCertificate) { note(.tlsPrivateKey, "comes without tls.certificate") }
        }
        let isSet = [.tls, .tlsCertificate, .tlsPrivateKey].contains(where: has)
        if let issuer {
            if issuer.isSecure, !isSet {
                note(.issuer, "is https, but tls is not set", hint: Self.hint)
            } else if !issuer.isSecure, isSet {
                note(.issuer, "is http, but tls is set", hint: "the issuer is what clients call the service by: https")
            }
        }
        if let certificate, let privateKey { return .here(certificate: certificate, privateKey: privateKey) }
        return isUpstream ? .upstream : .none
    }

    private static let hint =
        "tls: { certificate: tls.crt, private_key: tls.key }, or tls: terminated-upstream where a proxy in front ends TLS"

    private static func upstream(_ text: String) throws(InvalidValue) -> Bool {
        guard text == "terminated-upstream" else {
            throw InvalidValue("is neither terminated-upstream nor a certificate with its private_key")
        }
        return true
    }
}
