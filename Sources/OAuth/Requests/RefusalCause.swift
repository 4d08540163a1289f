/// Why a request was refused: one word for the log, the metrics and the traces. The client does not get it.
///
/// Operating.md lists the words under "Why a request was refused", with what to do about each.
package enum RefusalCause: String, Error, Sendable, CaseIterable {
    // What is sent.
    case formMalformed = "form_malformed"
    case mediaType = "media_type"
    case bodyTooLarge = "body_too_large"
    case tooManyParameters = "too_many_parameters"
    case parameterRepeated = "parameter_repeated"
    case credentialsInURL = "credentials_in_url"
    case grantTypeMissing = "grant_type_missing"
    case grantTypeUnsupported = "grant_type_unsupported"
    case refreshTokenMissing = "refresh_token_missing"
    case assertionMissing = "assertion_missing"
    case tokenMissing = "token_missing"
    case scopeMalformed = "scope_malformed"
    case resourceMalformed = "resource_malformed"
    case audienceMalformed = "audience_malformed"

    // The credentials.
    case noCredentials = "no_credentials"
    case twoMethods = "two_methods"
    case conflictingClientID = "two_clients"
    case credentialsMalformed = "credentials_malformed"
    case unknownClient = "unknown_client"
    case wrongSecret = "wrong_secret"
    case expiredSecret = "expired_secret"
    /// The credentials are right, and the client may not use their method; or it has no secret or no key at all.
    case wrongMethod = "wrong_method"

    // Assertions, RFC 7523 section 3.
    case assertionType = "assertion_type"
    case assertionMalformed = "assertion_malformed"
    case assertionAlgorithm = "assertion_algorithm"
    case assertionHeaderType = "assertion_header_type"
    case assertionSubject = "assertion_subject"
    case assertionIssuer = "assertion_issuer"
    case assertionAudience = "assertion_audience"
    case noSuchKey = "no_such_key"
    case assertionSignature = "assertion_signature"
    case assertionExpired = "assertion_expired"
    case assertionLifetime = "assertion_lifetime"
    case assertionNotYetValid = "assertion_not_yet_valid"
    case assertionWithoutID = "assertion_without_jti"
    case assertionReplayed = "assertion_replayed"
    case assertionBeforeStart = "assertion_before_start"

    // Tokens of platforms, RFC 7523 section 3.
    case unknownIssuer = "unknown_issuer"
    case ownToken = "own_token"
    case identityMalformed = "identity_malformed"
    case identityAlgorithm = "identity_algorithm"
    case identityNoSuchKey = "identity_no_such_key"
    case identitySignature = "identity_signature"
    case identityAudience = "identity_audience"
    case identityExpired = "identity_expired"
    case identityLifetime = "identity_lifetime"
    case identityNotYetValid = "identity_not_yet_valid"
    case identityMismatch = "identity_mismatch"
    case noMatchingClient = "no_matching_client"
    case ambiguousIdentity = "ambiguous_identity"
    case identityWithoutID = "identity_without_jti"
    case identityReplayed = "identity_replayed"
    case identityBeforeStart = "identity_before_start"
    case identityClaimsTooLong = "identity_claims_too_long"

    // DPoP proofs, RFC 9449 section 4.3.
    case proofMissing = "proof_missing"
    case proofSeveral = "proof_several"
    case proofMalformed = "proof_malformed"
    case proofMissingClaim = "proof_missing_claim"
    case proofType = "proof_type"
    case proofAlgorithm = "proof_algorithm"
    case proofKey = "proof_jwk"
    case proofSignature = "proof_signature"
    case proofMethod = "proof_method"
    case proofTarget = "proof_target"
    case proofTooOld = "proof_too_old"
    case proofTooNew = "proof_too_new"
    case proofNonce = "proof_nonce"
    case proofOwnKey = "proof_own_key"
    case proofRepeated = "proof_repeated"
    case proofBeforeStart = "proof_before_start"

    // Certificates of clients, RFC 8705.
    case certificateMissing = "certificate_missing"
    case certificateMalformed = "certificate_malformed"
    case certificateUntrusted = "certificate_untrusted"
    case certificateExpired = "certificate_expired"
    case certificateNotYetValid = "certificate_not_yet_valid"
    case certificateSubject = "certificate_subject"
    case certificateUnregistered = "certificate_unregistered"

    // What the client may do.
    case grantTypeNotAllowed = "grant_type_not_allowed"
    case introspectionNotAllowed = "introspection_not_allowed"
    case scopeNotAllowed = "scope_not_allowed"
    case resourceNotAllowed = "resource_not_allowed"

    // Refresh tokens.
    case refreshTokenUnknown = "refresh_token_unknown"
    case refreshTokenOfAnotherClient = "refresh_token_of_another_client"
    case refreshTokenExpired = "refresh_token_expired"
    case refreshTokenRevoked = "refresh_token_revoked"
    case refreshTokenWithdrawn = "refresh_token_withdrawn"
    case refreshTokenNotYetValid = "refresh_token_not_yet_valid"

    // Revocation, RFC 7009.
    case tokenOfAnotherClient = "token_of_another_client"

    // What the client may do in a time.
    case rateLimited = "rate_limited"

    // The state of the service.
    case throttled
    case tooManyAttempts = "too_many_attempts"
    case passwordChecksFull = "password_checks_full"
    case replayCacheFull = "replay_cache_full"
    case replayStoreUnavailable = "replay_store_unavailable"
    case revocationUnavailable = "revocation_unavailable"
    case keyServerDown = "key_server_down"
    case issuerKeysUnavailable = "issuer_keys_unavailable"
    case queueFull = "queue_full"
    case signingKeyUnavailable = "signing_key_unavailable"
    case serverError = "server_error"

    // No endpoint takes the request, or the authorization endpoint does, which refuses every request.
    case responseTypeUnsupported = "response_type_unsupported"
    case notFound = "not_found"
    case targetMalformed = "target_malformed"
    case methodNotAllowed = "method_not_allowed"
    case anotherTimeOfList = "another_time_of_list"

    // The console.
    case foreignHost = "foreign_host"
    case foreignPage = "foreign_page"
    case consoleFull = "console_full"

    /// The causes for which the token and the introspection endpoint refuse requests.
    package static let ofEndpoints = allCases.filter {
        ![
            .responseTypeUnsupported, .notFound, .targetMalformed, .methodNotAllowed, .anotherTimeOfList, .foreignHost,
            .foreignPage, .consoleFull,
        ].contains($0)
    }
}

extension TokenRefusal.Code {
    /// The cause of a refusal with this code, unless the code that refuses knows a more exact one.
    var cause: RefusalCause {
        switch self {
        case .unreadableForm: .formMalformed
        case .repeatedParameter: .parameterRepeated
        case .tooManyParameters: .tooManyParameters
        case .missingGrantType: .grantTypeMissing
        case .missingRefreshToken: .refreshTokenMissing
        case .missingAssertion: .assertionMissing
        case .missingToken: .tokenMissing
        case .credentialsInURL: .credentialsInURL
        case .twoAuthenticationMethods: .twoMethods
        case .conflictingClientID: .conflictingClientID
        case .wrongMediaType: .mediaType
        case .bodyTooLarge: .bodyTooLarge
        case .missingCertificate: .certificateMissing
        case .malformedCertificate: .certificateMalformed
        case .invalidClient: .credentialsMalformed
        case .unauthorizedClient: .grantTypeNotAllowed
        case .introspectionNotAllowed: .introspectionNotAllowed
        case .unsupportedGrantType: .grantTypeUnsupported
        case .unsupportedResponseType: .responseTypeUnsupported
        case .invalidGrant: .refreshTokenUnknown
        case .invalidAssertionGrant: .assertionMalformed
        case .invalidProof: .proofMalformed
        case .missingProof: .proofMissing
        case .useNonce: .proofNonce
        case .malformedScope: .scopeMalformed
        case .scopeNotAllowed: .scopeNotAllowed
        case .malformedResource: .resourceMalformed
        case .malformedAudience: .audienceMalformed
        case .resourceNotAllowed: .resourceNotAllowed
        case .tooManyFailures: .throttled
        case .tooManyRequests: .rateLimited
        case .overloaded: .queueFull
        case .signingKeyUnavailable: .signingKeyUnavailable
        case .replayStoreUnavailable: .replayStoreUnavailable
        case .clientKeysUnavailable: .keyServerDown
        case .issuerKeysUnavailable: .issuerKeysUnavailable
        case .tokenOfAnotherClient: .tokenOfAnotherClient
        case .revocationUnavailable: .revocationUnavailable
        case .anotherTimeOfList: .anotherTimeOfList
        case .serverError: .serverError
        case .notFound: .notFound
        case .targetIsNoPath: .targetMalformed
        case .methodNotAllowed: .methodNotAllowed
        }
    }
}
