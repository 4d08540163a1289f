import AccessToken
import JOSE
import OAuth
import WireText

/// Reads the members that RFC 7591 section 2 names, which Hydra and Auth0 have too.
struct RegistrationMembers {
    let object: JSONObject

    /// A member of Auth0's applications, which are no registrations although they have many of the names.
    static let markOfAuth0 = "app_type"

    /// - Throws: if an object is an application of Auth0.
    static func refuseAuth0(_ items: [ExportItem]) throws(UnusableExport) {
        guard items.contains(where: { $0.object[markOfAuth0] != nil }) else { return }
        throw UnusableExport(message: "is an export of auth0", hint: "--from auth0")
    }

    /// What is read.
    static let names =
        [
            "client_id", "client_name", "client_secret", "client_secret_expires_at", "grant_types", "scope", "jwks",
            "jwks_uri",
            "token_endpoint_auth_method", "redirect_uris", "tls_client_certificate_bound_access_tokens",
            "dpop_bound_access_tokens", markOfAuth0,
        ] + CertificateSubject.Form.allCases.map(\.rawValue)

    /// Which of the grant types that the client has are those of Writ. Without a grant of Writ the client is left out; other
    /// grants that it can use are lost.
    ///
    /// - Parameter standard: what is meant by no `grant_types`.
    func setGrantTypes(of draft: inout ClientDraft, standard: [String]) {
        let names = object["grant_types"]?.array == nil ? standard : object.texts("grant_types")
        let known = names.compactMap(GrantType.init(exactly:))
        guard known.contains(.clientCredentials) || known.contains(.jwtBearer) else {
            let others = names.isEmpty ? "no grant" : names.joined(separator: ", ")
            draft.leftOut = "it uses \(others), and neither client_credentials nor jwt-bearer"
            return
        }
        draft.grantTypes = GrantType.allCases.filter(known.contains)
        for name in names where GrantType(exactly: name) == nil && !isUnused(name) {
            draft.lose("the grant type \(name)")
        }
    }

    /// A client without a redirection URI cannot use the grants with a browser.
    private func isUnused(_ grantType: String) -> Bool {
        let isForBrowsers = ["authorization_code", "implicit"].contains { grantType.isSameText(as: $0) }
        return isForBrowsers && object.texts("redirect_uris").isEmpty
    }

    /// The method and the credentials that go with it.
    ///
    /// - Parameter standard: what is meant by no method.
    func setCredentials(of draft: inout ClientDraft, standard: String = "client_secret_basic", now: NumericDate) {
        let name = object.text("token_endpoint_auth_method") ?? standard
        guard !name.isSameText(as: "none") else {
            draft.leftOut = draft.leftOut ?? "it is a public client, which has no credential"
            return
        }
        let method = TokenEndpointAuthenticationMethod.allCases.first { $0.rawValue.isSameText(as: name) }
        guard let method, method != .spiffeJWT else { return draft.refuse("it authenticates with \(name)") }
        draft.method = method
        switch method {
        case .clientSecretBasic, .clientSecretPost: addSecret(to: &draft, now: now)
        case .privateKeyJWT: setKeys(of: &draft)
        case .tlsClientAuth: setSubject(of: &draft)
        case .selfSignedTLSClientAuth:
            if object.text("jwks_uri") != nil {
                draft.refuse("its certificates are at jwks_uri: Writ has them in jwks")
            }
            draft.keys = object["jwks"]?.object?["keys"]?.array
        case .spiffeJWT: break
        }
    }

    /// RFC 7591 section 3.2.1: zero is a secret that does not expire.
    private func addSecret(to draft: inout ClientDraft, now: NumericDate) {
        guard let secret = object.text("client_secret") else { return draft.refuse("its secret is not in the export") }
        let end = object.number("client_secret_expires_at").flatMap { $0 == 0 ? nil : NumericDate($0) }
        draft.add(secret: secret, end: end, now: now)
        draft.requireSecret()
    }

    private func setKeys(of draft: inout ClientDraft) {
        if let url = object.text("jwks_uri") {
            draft.keysURL = url
        } else if let keys = object["jwks"]?.object?["keys"]?.array, !keys.isEmpty {
            draft.keys = keys
        } else {
            draft.refuse("its keys are not in the export")
        }
    }

    private func setSubject(of draft: inout ClientDraft) {
        let subjects = CertificateSubject.Form.allCases.compactMap { form in
            object.text(form.rawValue).map { (form: form, text: $0) }
        }
        guard let subject = subjects.first, subjects.count == 1 else {
            return draft.refuse("the export does not have one subject of its certificate")
        }
        draft.subject = subject
    }

    /// RFC 8705 section 3.4 and RFC 9449 section 5.2.
    func setBinding(of draft: inout ClientDraft) {
        draft.bindsAccessTokens = object.flag("tls_client_certificate_bound_access_tokens") ?? false
        draft.requiresProof = object.flag("dpop_bound_access_tokens") ?? false
    }
}
