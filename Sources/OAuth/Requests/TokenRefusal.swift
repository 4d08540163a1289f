import JOSE

/// The refusal of a client's request, RFC 6749 section 5.2.
///
/// The answer contains only fixed texts: no input is echoed. The ``cause`` and the
/// ``underlyingError`` are for the log.
public struct TokenRefusal: Error, Sendable, Equatable {
    /// Decides the whole answer, except for the time in `Retry-After`.
    package enum Code: Sendable, Hashable, CaseIterable {
        case unreadableForm
        case repeatedParameter
        case tooManyParameters
        case missingGrantType
        case missingRefreshToken
        case missingAssertion
        case missingToken
        case credentialsInURL
        case twoAuthenticationMethods
        case conflictingClientID
        case wrongMediaType
        case bodyTooLarge
        case missingCertificate
        case malformedCertificate
        case invalidClient
        case unauthorizedClient
        case introspectionNotAllowed
        case unsupportedGrantType
        case unsupportedResponseType
        case invalidGrant
        case invalidAssertionGrant
        case invalidProof
        case missingProof
        case useNonce
        case malformedScope
        case scopeNotAllowed
        case malformedResource
        case malformedAudience
        case resourceNotAllowed
        case tooManyFailures
        case tooManyRequests
        case overloaded
        case signingKeyUnavailable
        case replayStoreUnavailable
        case clientKeysUnavailable
        case issuerKeysUnavailable
        case tokenOfAnotherClient
        case revocationUnavailable
        case anotherTimeOfList
        case serverError
        case notFound
        case targetIsNoPath
        case methodNotAllowed
    }

    /// Decides the answer that the client gets.
    package let code: Code
    /// Seconds, for `Retry-After`; `nil` if a later attempt is not more likely to succeed.
    package let retryAfter: Int?
    /// Why the request was refused.
    package let cause: RefusalCause
    /// What went wrong in the service; `nil` if the request is at fault.
    package let underlyingError: (any Error)?
    /// The platform's token in the request; `nil` without one, or if it names no trusted issuer.
    package var identity: IdentityTrace?
    /// Which rule a DPoP proof breaks, as a fixed clause; `nil` if the text of the code says all.
    var reason: String?

    /// - Parameters:
    ///   - cause: `nil` takes the default of the code.
    ///   - retryAfter: seconds; `nil` takes the default of the code.
    package init(_ code: Code, cause: RefusalCause? = nil, retryAfter: Int? = nil) {
        self.init(code, cause: cause, retryAfter: retryAfter, underlyingError: nil)
    }

    private init(_ code: Code, cause: RefusalCause?, retryAfter: Int?, underlyingError: (any Error)?) {
        self.code = code
        self.cause = cause ?? code.cause
        self.retryAfter = retryAfter ?? code.retryAfter
        self.underlyingError = underlyingError
    }

    /// A failure of the service itself, such as an error of libcrypto.
    package static func failure(_ error: any Error) -> TokenRefusal {
        TokenRefusal(.serverError, cause: nil, retryAfter: nil, underlyingError: error)
    }

    /// The same refusal of a request with a platform's token. What is known of the token already stays.
    package func about(_ identity: IdentityTrace) -> TokenRefusal {
        var refusal = self
        refusal.identity = self.identity ?? identity
        return refusal
    }

    /// Compares the codes only, since they decide the answer.
    public static func == (first: TokenRefusal, second: TokenRefusal) -> Bool { first.code == second.code }
}

extension TokenRefusal {
    /// Runs a signature check.
    ///
    /// - Returns: `nil` if the signature does not verify.
    /// - Throws: ``Code/serverError`` if libcrypto failed, which says nothing about the signature.
    static func checking(_ check: () throws(JWSError) -> VerifiedJWS) throws(TokenRefusal) -> VerifiedJWS? {
        do throws(JWSError) { return try check() } catch {
            if case .cannotVerify(let cause) = error { throw .failure(cause) }
            return nil
        }
    }
}

extension TokenRefusal {
    /// `error_description`
    package var text: String {
        guard let reason else { return code.text.description }
        return "\(code.text.description.dropLast()): \(reason)."
    }

    /// The JSON object of RFC 6749 section 5.2.
    package var json: [UInt8] { code.json(text) }
}

extension TokenRefusal.Code {
    /// The JSON object of RFC 6749 section 5.2 for a refusal with no other text than that of the code.
    package var json: [UInt8] { json(text.description) }

    fileprivate func json(_ text: String) -> [UInt8] {
        var writer = JSONWriter()
        writer.object { document in
            document.member("error", error.description)
            document.member("error_description", text)
        }
        return writer.bytes
    }

    /// Whether the method or the target is refused, before the rules of any endpoint apply.
    package var isOfAnyPath: Bool { self == .notFound || self == .targetIsNoPath || self == .methodNotAllowed }

    /// `error`
    package var error: StaticString {
        switch self {
        case .unreadableForm, .repeatedParameter, .tooManyParameters, .missingGrantType, .missingRefreshToken,
            .missingAssertion, .missingToken,
            .credentialsInURL, .twoAuthenticationMethods, .conflictingClientID, .wrongMediaType, .bodyTooLarge,
            .missingCertificate,
            .malformedCertificate, .anotherTimeOfList,
            .notFound, .targetIsNoPath, .methodNotAllowed:
            "invalid_request"
        case .invalidClient: "invalid_client"
        case .unauthorizedClient, .introspectionNotAllowed: "unauthorized_client"
        case .unsupportedGrantType: "unsupported_grant_type"
        case .unsupportedResponseType: "unsupported_response_type"
        case .invalidGrant, .invalidAssertionGrant, .tokenOfAnotherClient: "invalid_grant"
        // RFC 9449 section 5
        case .invalidProof, .missingProof: "invalid_dpop_proof"
        // RFC 9449 section 8
        case .useNonce: "use_dpop_nonce"
        case .malformedScope, .scopeNotAllowed: "invalid_scope"
        case .malformedResource, .malformedAudience, .resourceNotAllowed: "invalid_target"
        case .tooManyFailures, .tooManyRequests, .overloaded, .signingKeyUnavailable, .replayStoreUnavailable,
            .clientKeysUnavailable, .issuerKeysUnavailable, .revocationUnavailable:
            "temporarily_unavailable"
        case .serverError: "server_error"
        }
    }

    /// `error_description`: ASCII without quotation mark and backslash, as RFC 6749 section 5.2 requires.
    package var text: StaticString {
        switch self {
        case .unreadableForm: "The request body is not UTF-8 in application/x-www-form-urlencoded form."
        case .repeatedParameter: "A parameter that may be given once was given more than once."
        case .tooManyParameters: "The request has more than 256 parameters."
        case .missingGrantType: "The parameter grant_type is missing."
        case .missingRefreshToken: "The parameter refresh_token is missing."
        case .missingAssertion: "The parameter assertion is missing."
        case .missingToken: "The parameter token is missing."
        case .credentialsInURL:
            "Credentials must not be in the URL; send them in the Authorization header or in the request body."
        case .twoAuthenticationMethods: "The client used more than one way to authenticate."
        case .conflictingClientID: "The client_id in the request body is not the one that authenticates."
        case .wrongMediaType: "The request body must be application/x-www-form-urlencoded."
        case .bodyTooLarge: "The request body is larger than 16 KiB."
        case .missingCertificate:
            "The tokens of the client are bound to its certificate, and it presented none that is valid now."
        case .malformedCertificate: "The proxy in front of the service has not named one certificate of the client."
        case .invalidClient: "Client authentication failed."
        case .unauthorizedClient: "The client may not use this grant type."
        case .introspectionNotAllowed: "The client may not introspect tokens."
        case .unsupportedGrantType: "The grant type is not supported."
        case .unsupportedResponseType:
            "The service has no response types: clients request tokens at the token endpoint."
        case .invalidGrant: "The refresh token is not valid, or no longer."
        case .invalidAssertionGrant: "The assertion is not accepted."
        case .invalidProof: "The DPoP proof is not accepted."
        case .missingProof: "The client must send a DPoP proof."
        case .useNonce: "The DPoP proof needs the nonce that is in the field DPoP-Nonce."
        case .malformedScope: "The scope is malformed."
        case .scopeNotAllowed: "The scope holds a value that the client may not ask for."
        case .malformedResource: "A resource is not an absolute URI without fragment."
        case .malformedAudience: "An audience is neither an absolute URI without fragment nor a name."
        case .resourceNotAllowed: "A resource is not one that the client may name."
        case .tooManyFailures: "Authentication failed too often; try again later."
        case .tooManyRequests: "The client has made too many requests; try again later."
        case .overloaded: "The server is busy; try again shortly."
        case .signingKeyUnavailable: "Tokens cannot be signed now; try again shortly."
        case .replayStoreUnavailable: "Whether this was used before cannot be checked now; try again shortly."
        case .clientKeysUnavailable: "The keys of the client cannot be fetched; try again shortly."
        case .issuerKeysUnavailable: "The keys of the issuer cannot be fetched; try again shortly."
        case .tokenOfAnotherClient: "The token was not issued to the client."
        case .revocationUnavailable: "The revocation cannot be recorded now; try again shortly."
        case .anotherTimeOfList: "Status lists are those of now; the parameter time is not supported."
        case .serverError: "The server could not answer."
        case .notFound: "There is nothing at this path."
        case .targetIsNoPath: "The target is not a path."
        case .methodNotAllowed: "The path does not have this method."
        }
    }

    /// The HTTP status code.
    package var status: Int {
        switch self {
        case .invalidClient: 401
        case .introspectionNotAllowed: 403
        case .notFound: 404
        case .methodNotAllowed: 405
        case .bodyTooLarge: 413
        case .wrongMediaType: 415
        // RFC 6585 section 4
        case .tooManyFailures, .tooManyRequests: 429
        case .overloaded, .signingKeyUnavailable, .replayStoreUnavailable, .clientKeysUnavailable,
            .issuerKeysUnavailable, .revocationUnavailable:
            503
        case .serverError: 500
        case .anotherTimeOfList: 501
        default: 400
        }
    }

    /// The default for `Retry-After`, in seconds; `nil` for a refusal without that field.
    package var retryAfter: Int? {
        switch self {
        case .overloaded, .signingKeyUnavailable, .tooManyFailures, .tooManyRequests: 1
        // The store is connected to again, and a key set that is missing is fetched anew, within two seconds.
        case .replayStoreUnavailable, .clientKeysUnavailable, .issuerKeysUnavailable, .revocationUnavailable: 2
        default: nil
        }
    }
}
