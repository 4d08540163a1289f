import JOSE
import OAuth
import Telemetry

extension OpenAPIDocument {
    /// The refusals of the token or the introspection endpoint, by status.
    ///
    /// - Parameter headers: the header fields that all answers of the endpoint have.
    static func refusals(of endpoint: Endpoint, headers: [String]) -> String {
        refusals(TokenRefusal.Code.allCases.filter { $0.endpoints.contains(endpoint) }, headers: headers)
    }

    /// The refusals with these codes, by status.
    static func refusals(_ errors: [TokenRefusal.Code], headers: [String]) -> String {
        Set(errors.map(\.status)).sorted().map { status in
            let refusal = refusal(errors.filter { $0.status == status }, status, headers: headers)
            return "\"\(status)\": \(refusal)"
        }.joined(separator: ",\n")
    }

    private static func refusal(_ errors: [TokenRefusal.Code], _ status: Int, headers: [String]) -> String {
        var headers = headers
        if status == 401 { headers.append("WWWAuthenticate") }
        if errors.contains(where: { $0.retryAfter != nil }) { headers.append("RetryAfter") }
        let examples = errors.map { error in
            let refusal = String(decoding: error.json, as: UTF8.self)
            return #""\#(error)":{"value":\#(refusal)}"#
        }
        let codes = distinctCodes(errors)
        let description = errors.count == 1 ? errors[0].text.description : codes.joined(separator: ", ")
        return refusal(
            description, codes: codes, examples: #", "examples": {\#(examples.joined(separator: ", "))}"#,
            headers: headers)
    }

    private static func refusal(
        _ description: String, codes: [String] = ["invalid_request"], examples: String = "", headers: [String]
    ) -> String {
        #"""
        {
          "description": \#(json(description)),
          "headers": \#(Self.headers(headers)),
          "content": {
            "application/json": {
              "schema": {
                "$ref": "#/components/schemas/Refusal", "properties": {"error": {"enum": \#(json(codes))}}
              }\#(examples)
            }
          }
        }
        """#
    }

    /// Refusals before an operation is selected, on either listener.
    static let refusalsOfAnyPath = #"""
        "NotFound": \#(refusal("There is nothing at the path.", headers: ["NoStore"])),
        "MethodNotAllowed": \#(refusal("The path does not have the method.", headers: ["NoStore", "Allow"]))
        """#

    /// The header fields of an answer, by the names of their components.
    static func headers(_ components: [String]) -> String {
        let fields = components.map { component in
            let field = fieldNames[component] ?? component
            return ##""\##(field)": {"$ref": "#/components/headers/\##(component)"}"##
        }
        return "{\(fields.joined(separator: ", "))}"
    }

    /// The names of fields that differ from those of their components.
    private static let fieldNames = [
        "RequestID": "X-Request-Id", "NoStore": "Cache-Control", "NoCache": "Pragma",
        "DPoPNonce": "DPoP-Nonce", "WWWAuthenticate": "WWW-Authenticate", "RetryAfter": "Retry-After",
        "DocumentCacheControl": "Cache-Control", "ListCacheControl": "Cache-Control",
        "AllowOfDocument": "Allow", "AccessControlAllowOrigin": "Access-Control-Allow-Origin",
        "AccessControlAllowMethods": "Access-Control-Allow-Methods",
        "AccessControlAllowHeaders": "Access-Control-Allow-Headers", "AccessControlMaxAge": "Access-Control-Max-Age",
    ]

    /// Every error code.
    static var errorCodes: [String] { distinctCodes(TokenRefusal.Code.allCases) }

    private static func distinctCodes(_ errors: [TokenRefusal.Code]) -> [String] {
        var known: Set<String> = []
        return errors.map(\.error.description).filter { known.insert($0).inserted }
    }
}

extension TokenRefusal.Code {
    /// The endpoints that refuse requests with this code.
    fileprivate var endpoints: [Endpoint] {
        switch self {
        case .unreadableForm, .repeatedParameter, .tooManyParameters, .credentialsInURL, .twoAuthenticationMethods,
            .conflictingClientID, .wrongMediaType, .bodyTooLarge, .invalidClient, .tooManyFailures, .overloaded,
            .replayStoreUnavailable, .clientKeysUnavailable, .issuerKeysUnavailable, .malformedCertificate,
            .serverError:
            [.token, .introspection, .revocation]
        case .missingGrantType, .missingRefreshToken, .missingAssertion, .unauthorizedClient, .unsupportedGrantType,
            .invalidGrant, .invalidAssertionGrant, .invalidProof, .missingProof, .useNonce, .missingCertificate,
            .malformedScope, .scopeNotAllowed, .malformedResource, .malformedAudience, .resourceNotAllowed,
            .tooManyRequests:
            [.token]
        case .signingKeyUnavailable: [.token, .introspection]
        case .missingToken: [.introspection, .revocation]
        case .introspectionNotAllowed: [.introspection]
        case .tokenOfAnotherClient, .revocationUnavailable: [.revocation]
        case .notFound, .targetIsNoPath, .methodNotAllowed, .unsupportedResponseType, .anotherTimeOfList: []
        }
    }
}
