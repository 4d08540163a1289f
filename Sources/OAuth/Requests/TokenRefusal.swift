import JOSE

/// The refusal of a client's request, RFC 6749 section 5.2.
///
/// The answer contains only the fixed text of the ``code``: no input is echoed. The ``cause`` is for the log.
public struct TokenRefusal: Error, Sendable, Equatable {
    /// Decides the whole answer, except for the time in `Retry-After`.
    package enum Code: Sendable, Hashable, CaseIterable {
        case unreadableForm
        case repeatedParameter
        case tooManyParameters
        case missingGrantType
        case missingRefreshToken
        case missingToken
        case credentialsInURL
        case twoAuthenticationMethods
        case conflictingClientID
        case wrongMediaType
        case bodyTooLarge
        case invalidClient
        case unauthorizedClient
        case introspectionNotAllowed
        case unsupportedGrantType
        case invalidGrant
        case malformedScope
        case scopeNotAllowed
        case malformedResource
        case resourceNotAllowed
        case tooManyFailures
        case overloaded
        case clientKeysUnavailable
        case serverError
        case notFound
        case targetIsNoPath
        case methodNotAllowed
    }

    /// Decides the answer that the client gets.
    package let code: Code
    /// Seconds, for `Retry-After`; `nil` if a later attempt is not more likely to succeed.
    package let retryAfter: Int?
    /// What went wrong in the service, for the log; `nil` if the request is at fault.
    package let cause: (any Error)?

    /// - Parameter retryAfter: seconds; `nil` takes the default of the code.
    package init(_ code: Code, retryAfter: Int? = nil, cause: (any Error)? = nil) {
        self.code = code
        self.retryAfter = retryAfter ?? code.retryAfter
        self.cause = cause
    }

    /// A failure of the service itself, such as an error of libcrypto.
    package static func failure(_ cause: any Error) -> TokenRefusal {
        TokenRefusal(.serverError, cause: cause)
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

extension TokenRefusal.Code {
    /// The JSON object of RFC 6749 section 5.2.
    package var json: [UInt8] {
        var writer = JSONWriter()
        writer.object { document in
            document.member("error", error.description)
            document.member("error_description", text.description)
        }
        return writer.bytes
    }

    /// Whether the method or the target is refused, before the rules of any endpoint apply.
    package var isOfAnyPath: Bool { self == .notFound || self == .targetIsNoPath || self == .methodNotAllowed }

    /// `error`
    package var error: StaticString {
        switch self {
        case .unreadableForm, .repeatedParameter, .tooManyParameters, .missingGrantType, .missingRefreshToken,
            .missingToken,
            .credentialsInURL, .twoAuthenticationMethods, .conflictingClientID, .wrongMediaType, .bodyTooLarge,
            .notFound, .targetIsNoPath, .methodNotAllowed:
            "invalid_request"
        case .invalidClient: "invalid_client"
        case .unauthorizedClient, .introspectionNotAllowed: "unauthorized_client"
        case .unsupportedGrantType: "unsupported_grant_type"
        case .invalidGrant: "invalid_grant"
        case .malformedScope, .scopeNotAllowed: "invalid_scope"
        case .malformedResource, .resourceNotAllowed: "invalid_target"
        case .tooManyFailures, .overloaded, .clientKeysUnavailable: "temporarily_unavailable"
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
        case .missingToken: "The parameter token is missing."
        case .credentialsInURL:
            "Credentials must not be in the URL; send them in the Authorization header or in the request body."
        case .twoAuthenticationMethods: "The client used more than one way to authenticate."
        case .conflictingClientID: "The client_id in the request body is not the one that authenticates."
        case .wrongMediaType: "The request body must be application/x-www-form-urlencoded."
        case .bodyTooLarge: "The request body is larger than 16 KiB."
        case .invalidClient: "Client authentication failed."
        case .unauthorizedClient: "The client may not use this grant type."
        case .introspectionNotAllowed: "The client may not introspect tokens."
        case .unsupportedGrantType: "The grant type is not supported."
        case .invalidGrant: "The refresh token is not valid, or no longer."
        case .malformedScope: "The scope is malformed."
        case .scopeNotAllowed: "The scope holds a value that the client may not ask for."
        case .malformedResource: "A resource is not an absolute URI without fragment."
        case .resourceNotAllowed: "A resource is not one that the client may name."
        case .tooManyFailures: "Authentication failed too often; try again later."
        case .overloaded: "The server is busy; try again shortly."
        case .clientKeysUnavailable: "The keys of the client cannot be fetched; try again shortly."
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
        case .tooManyFailures: 429
        case .overloaded, .clientKeysUnavailable: 503
        case .serverError: 500
        default: 400
        }
    }

    /// The default for `Retry-After`, in seconds; `nil` for a refusal without that field.
    package var retryAfter: Int? {
        switch self {
        case .overloaded, .tooManyFailures: 1
        // A key set that is missing is fetched anew after a second at the earliest.
        case .clientKeysUnavailable: 2
        default: nil
        }
    }
}
