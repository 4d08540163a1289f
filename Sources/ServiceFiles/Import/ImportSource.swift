import AccessToken

/// A product whose clients can be imported, with its name on the command line.
package enum ImportSource: String, Sendable, CaseIterable {
    case keycloak
    case hydra
    case auth0
    case cognito
    /// The answers to registrations by RFC 7591.
    case rfc7591

    /// What is read of its exports.
    var shape: ExportShape {
        switch self {
        case .keycloak: KeycloakExport.shape
        case .hydra: HydraExport.shape
        case .auth0: Auth0Export.shape
        case .cognito: CognitoExport.shape
        case .rfc7591: RegistrationExport.shape
        }
    }

    /// What a file must hold to be an export of the product, for an error.
    var contents: String {
        switch self {
        case .keycloak: "a realm with `clients`, or clients with a `clientId`"
        case .hydra: "clients with a `client_id`, in an array or in `items`"
        case .auth0: "clients with a `client_id`, client grants, or resource servers"
        case .cognito: "answers of describe-user-pool-client, with a `UserPoolClient`"
        case .rfc7591: "client information responses with a `client_id` (RFC 7591 section 3.2.1)"
        }
    }

    /// What is different for the tokens of every client, whatever the export says.
    package var differences: [String] {
        switch self {
        case .keycloak:
            [
                "`sub` is the client identifier; Keycloak's was the identifier of the service account",
                "a token names one audience unless the request names more; without an audience in the export it is the issuer",
            ]
        case .hydra:
            [
                "a request without `scope` gets the whole scope of the client; Hydra's got none unless configured",
                "opaque tokens become JWTs, which are introspected as before, by clients with `introspect: true`",
            ]
        case .auth0: ["`sub` is the client identifier, without the suffix @clients"]
        case .cognito:
            ["a token has `aud`, which is the issuer; Cognito's had none without resource binding"]
        case .rfc7591: ["a registration names no audience: a token's is the issuer, unless you add `resources`"]
        }
    }

    /// Turns the objects of the exports into clients.
    ///
    /// - Parameter now: secrets that have expired by then are not carried.
    func drafts(of items: [ExportItem], now: NumericDate) throws(UnusableExport) -> [ClientDraft] {
        switch self {
        case .keycloak: try KeycloakExport(items).drafts(now: now)
        case .hydra: try HydraExport(items).drafts(now: now)
        case .auth0: try Auth0Export(items).drafts(now: now)
        case .cognito: try CognitoExport(items).drafts(now: now)
        case .rfc7591: try RegistrationExport(items).drafts(now: now)
        }
    }
}

/// Why the files together are no export that can be used.
struct UnusableExport: Error {
    let message: String
    let hint: String?
}
