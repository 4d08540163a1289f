package import AccessToken
package import JOSE
import WireText

/// The metadata documents of the issuer, RFC 8414 section 2 and OpenID Connect Discovery 1.0 section 3, and their paths.
package struct ServerMetadata: Sendable {
    /// A document and the request paths that answer with it.
    package struct Document: Sendable {
        /// The members of the JSON object.
        package let members: [JSONObject.Member]
        /// Request paths, at least one.
        package let paths: [String]

        /// The JSON object.
        package var json: [UInt8] {
            var writer = JSONWriter(reservingCapacity: 1024)
            writer.value(.object(JSONObject(members)))
            return writer.bytes
        }
    }

    /// What is listed only if some client or issuer makes use of it.
    package struct Use: Sendable, Equatable {
        /// Whether a client may use the grant `urn:ietf:params:oauth:grant-type:jwt-bearer`.
        package var offersAssertionGrant: Bool
        /// Whether a trust domain is an issuer of identities.
        package var acceptsSVIDs: Bool
        /// What the tokens of trusted issuers may be signed with.
        package var algorithms: Set<SignatureAlgorithm>
        /// The methods of RFC 8705 that clients authenticate by.
        package var certificateMethods: Set<TokenEndpointAuthenticationMethod>
        /// Whether clients are asked for certificates.
        package var asksForCertificates: Bool

        /// Whether access tokens name status lists.
        package var listsStatus: Bool
        /// Whether clients may revoke what they have.
        package var offersRevocation: Bool

        /// No client and no issuer does.
        package static let none = Use(clients: nil, issuers: [])

        /// - Parameters:
        ///   - bindsTokensToCertificates: whether every access token is bound to a certificate.
        ///   - listsStatus: whether access tokens name status lists.
        ///   - offersRevocation: whether clients may revoke what they have.
        package init(
            clients: ClientRegistry?, issuers: [TrustedIssuer], bindsTokensToCertificates: Bool = false,
            listsStatus: Bool = false, offersRevocation: Bool = false
        ) {
            self.listsStatus = listsStatus
            self.offersRevocation = offersRevocation
            certificateMethods = clients?.certificateMethods ?? []
            asksForCertificates = bindsTokensToCertificates || clients?.needsCertificates == true
            offersAssertionGrant = clients?.offersAssertionGrant ?? false
            acceptsSVIDs = issuers.contains(where: \.isTrustDomain)
            algorithms = Set(issuers.flatMap(\.algorithms))
        }
    }

    private let issuer: Issuer
    private let endpoints: EndpointPaths
    private let algorithm: SignatureAlgorithm
    private let certificateOrigin: String?
    private let profile: SecurityProfile
    private let ownOfOpenID: [JSONObject.Member]
    private let issuerPath: String
    /// `metadata` of the configuration.
    package private(set) var additional = JSONObject()

    /// URLs in the documents are the issuer's origin followed by the paths of `endpoints`.
    ///
    /// - Parameters:
    ///   - algorithm: `access_token.algorithm`, with which JWT answers are signed too.
    ///   - certificateOrigin: the origin of the endpoints for clients with certificates; `nil` for that of the issuer.
    ///   - profile: what it forbids is not listed.
    package init(
        issuer: Issuer, endpoints: EndpointPaths, algorithm: SignatureAlgorithm, certificateOrigin: String? = nil,
        profile: SecurityProfile = .standard
    ) {
        self.profile = profile
        self.certificateOrigin = certificateOrigin
        issuerPath = issuer.path
        self.issuer = issuer
        self.endpoints = endpoints
        self.algorithm = algorithm
        ownOfOpenID = [
            .init("subject_types_supported", .texts(["public"])),
            // There are no ID tokens. Readers take the list for that of all tokens. OpenID Connect Discovery 1.0 section
            // 3: RS256 MUST be included, unless a profile forbids it.
            .init(
                "id_token_signing_alg_values_supported",
                .texts(
                    algorithm == .rs256 || !profile.algorithms.contains(.rs256)
                        ? [algorithm.name] : [algorithm.name, SignatureAlgorithm.rs256.name])),
        ]
    }

    private func own(_ use: Use) -> [JSONObject.Member] {
        let methods = profile.authenticationMethods.filter { method in
            method.usesCertificate
                ? use.certificateMethods.contains(method) : method != .spiffeJWT || use.acceptsSVIDs
        }
        let authenticationMethods = JSONValue.texts(methods.map(\.rawValue))
        let grantTypes = profile.grantTypes.filter { $0 != .jwtBearer || use.offersAssertionGrant }
        let algorithms = SignatureAlgorithm.all.filter {
            profile.algorithms.contains($0) || use.algorithms.contains($0)
        }
        let assertionAlgorithms = JSONValue.texts(algorithms.map(\.name))
        let authorizationEndpoint = endpoints.authorization.map { path in
            JSONObject.Member("authorization_endpoint", .string(issuer.origin + path))
        }
        return [
            .init("issuer", .string(issuer.description)),
            .init("token_endpoint", .string(issuer.origin + endpoints.token)),
            .init("jwks_uri", .string(issuer.origin + endpoints.keySet)),
            .init("grant_types_supported", .texts(grantTypes.map(\.rawValue))),
            .init("token_endpoint_auth_methods_supported", authenticationMethods),
            .init("token_endpoint_auth_signing_alg_values_supported", assertionAlgorithms),
            .init("introspection_endpoint", .string(issuer.origin + endpoints.introspection)),
            .init("introspection_endpoint_auth_methods_supported", authenticationMethods),
            .init("introspection_endpoint_auth_signing_alg_values_supported", assertionAlgorithms),
            // RFC 9701 section 7
            .init("introspection_signing_alg_values_supported", .texts([algorithm.name])),
            // RFC 9449 section 5.1
            .init("dpop_signing_alg_values_supported", .texts(profile.algorithms.map(\.name))),
            // RFC 8414 section 2 requires it, section 3.2 forbids the empty array, and no authorization endpoint answers
            // with a token. "none" is registered, means that such an endpoint answers with no token, and passes
            // Authlib's validation.
            .init("response_types_supported", .texts(["none"])),
        ] + (authorizationEndpoint.map { [$0] } ?? []) + (use.asksForCertificates ? ofCertificates(use) : [])
            + (use.listsStatus ? [ofStatusLists] : [])
            + (use.offersRevocation ? ofRevocation(authenticationMethods, assertionAlgorithms) : [])
    }

    /// draft-ietf-oauth-status-list section 9.2
    private var ofStatusLists: JSONObject.Member {
        .init("status_list_aggregation_endpoint", .string(issuer.origin + endpoints.statusLists))
    }

    /// The members of RFC 8414 section 2 for the endpoint of RFC 7009.
    private func ofRevocation(_ methods: JSONValue, _ algorithms: JSONValue) -> [JSONObject.Member] {
        [
            .init("revocation_endpoint", .string(issuer.origin + endpoints.revocation)),
            .init("revocation_endpoint_auth_methods_supported", methods),
            .init("revocation_endpoint_auth_signing_alg_values_supported", algorithms),
        ]
    }

    /// The members of RFC 8705 sections 3.3 and 5, for clients that are asked for certificates.
    private func ofCertificates(_ use: Use) -> [JSONObject.Member] {
        let origin = certificateOrigin ?? issuer.origin
        let revocation = JSONObject.Member("revocation_endpoint", .string(origin + endpoints.revocation))
        let aliases = JSONObject(
            [
                .init("token_endpoint", .string(origin + endpoints.token)),
                .init("introspection_endpoint", .string(origin + endpoints.introspection)),
            ] + (use.offersRevocation ? [revocation] : []))
        return [
            .init("tls_client_certificate_bound_access_tokens", .bool(true)),
            .init("mtls_endpoint_aliases", .object(aliases)),
        ]
    }

    /// The same with further members in both documents.
    ///
    /// - Throws: if one of them has the name of another member, or a value that it cannot have.
    package func adding(_ additional: JSONObject) throws(InvalidMetadata) -> ServerMetadata {
        // A member with the value null is absent.
        let present = additional.members.filter { $0.value != .null }
        for member in present {
            let ownMembers =
                own(.none) + ofCertificates(.none) + [ofStatusLists] + ofRevocation(.null, .null) + ownOfOpenID
            guard !ownMembers.contains(where: { $0.name.isSameText(as: member.name) }) else {
                throw InvalidMetadata(member, "is one of the service's own members")
            }
            try member.checkAsMetadata()
        }
        var metadata = self
        metadata.additional = JSONObject(present)
        return metadata
    }

    /// RFC 8414. The path of an issuer stands after the well-known one; some clients put it in front.
    package var authorizationServer: Document { documents(.none)[0] }

    /// OpenID Connect Discovery 1.0, for clients that look there: the same, with the members that it requires. Its
    /// section 4.1 puts the path of an issuer in front; some clients put it after the well-known one.
    package var openIDProvider: Document { documents(.none)[1] }

    /// ``authorizationServer`` and ``openIDProvider``, with what is in use.
    package func documents(_ use: Use) -> [Document] {
        let own = own(use)
        return [
            Document(members: own + additional.members, paths: paths("/.well-known/oauth-authorization-server")),
            Document(
                members: own + ownOfOpenID + additional.members, paths: paths("/.well-known/openid-configuration")),
        ]
    }

    private func paths(_ name: String) -> [String] {
        issuerPath.isEmpty ? [name] : [name, name + issuerPath, issuerPath + name]
    }
}

extension JSONValue {
    fileprivate static func texts(_ texts: [String]) -> JSONValue { .array(texts.map(JSONValue.string)) }
}
