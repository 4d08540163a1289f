/// Everything that can be refused to clients, RFC 6749 section 5.2. Each case has one fixed text: nothing that was
/// sent is ever echoed.
package enum TokenError: Error, Sendable, Hashable, CaseIterable {
    case unreadableForm
    case repeatedParameter
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
    case serverError

    /// `error`
    package var code: StaticString {
        switch self {
        case .unreadableForm, .repeatedParameter, .missingGrantType, .missingRefreshToken, .missingToken,
            .credentialsInURL,
            .twoAuthenticationMethods, .conflictingClientID, .wrongMediaType, .bodyTooLarge:
            "invalid_request"
        case .invalidClient: "invalid_client"
        case .unauthorizedClient, .introspectionNotAllowed: "unauthorized_client"
        case .unsupportedGrantType: "unsupported_grant_type"
        case .invalidGrant: "invalid_grant"
        case .malformedScope, .scopeNotAllowed: "invalid_scope"
        case .malformedResource, .resourceNotAllowed: "invalid_target"
        case .tooManyFailures, .overloaded: "temporarily_unavailable"
        case .serverError: "server_error"
        }
    }

    /// `error_description`: ASCII without quotation mark and backslash, as RFC 6749 section 5.2 asks.
    package var text: StaticString {
        switch self {
        case .unreadableForm: "The request body is not UTF-8 in application/x-www-form-urlencoded form."
        case .repeatedParameter: "A parameter that may be given once was given more than once."
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
        case .serverError: "The server could not answer."
        }
    }

    /// The HTTP status code that goes with it.
    package var status: Int {
        switch self {
        case .invalidClient: 401
        case .introspectionNotAllowed: 403
        case .bodyTooLarge: 413
        case .wrongMediaType: 415
        case .tooManyFailures: 429
        case .overloaded: 503
        case .serverError: 500
        default: 400
        }
    }

    /// Seconds after which to try again, for `Retry-After`, where nothing more is known.
    package var retryAfter: Int? {
        self == .overloaded || self == .tooManyFailures ? 1 : nil
    }
}
