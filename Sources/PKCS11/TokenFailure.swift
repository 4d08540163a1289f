import CPKCS11
import OAuth

/// Why an operation with a token failed.
struct TokenFailure: Error {
    /// For the caller of the store.
    let error: RemoteKeyError
    /// What the module returned; `nil` if it was not that which failed.
    let value: ReturnValue?

    /// A refusal after which nothing is done again.
    init(_ error: RemoteKeyError) {
        self.error = error
        value = nil
    }

    /// A failure that the service takes for this return value.
    init(_ value: UInt, _ error: RemoteKeyError) {
        self.error = error
        self.value = ReturnValue(value)
    }

    /// A function of the module has returned `value`.
    init(_ function: StaticString, _ value: UInt) {
        let value = ReturnValue(value)
        let (code, hint) = Self.meaning(of: value)
        error = RemoteKeyError(code, "the token answered \(function) with \(value)", hint: hint)
        self.value = value
    }

    var reaction: ReturnValue.Reaction { value?.reaction ?? .none }

    /// Whether the session has no operation under way: the module did all that it was asked to, and the right key was not there.
    var leavesSessionUsable: Bool { value == nil && [.noSuchKey, .wrongKey, .unsupported].contains(error.code) }

    /// Whether the module did all that it was asked to, and there was no such key.
    var isMissingKey: Bool { value == nil && error.code == .noSuchKey }

    func has(_ code: UInt) -> Bool { value?.code == code }

    private static func meaning(of value: ReturnValue) -> (RemoteKeyError.Code, hint: String?) {
        switch value.code {
        case CKR_PIN_LOCKED: (.denied, "the token is locked: its security officer can unlock it")
        case CKR_PIN_EXPIRED:
            (.denied, "the PIN has expired: set a new one, and write it to the file of pkcs11.pin_file")
        case CKR_USER_PIN_NOT_INITIALIZED: (.denied, "the token has no PIN of a user yet")
        case _ where value.refusesPIN: (.denied, "check the file of pkcs11.pin_file; the same PIN is not tried again")
        case CKR_USER_ANOTHER_ALREADY_LOGGED_IN, CKR_USER_TOO_MANY_TYPES:
            (.denied, "another user of the token is logged in, such as its security officer: end that login")
        case CKR_USER_NOT_LOGGED_IN: (.denied, "the key needs a login: check that pkcs11.pin_file is set")
        case CKR_TOKEN_WRITE_PROTECTED: (.denied, "the token is write-protected: \(adoption)")
        case CKR_ACTION_PROHIBITED, CKR_FUNCTION_REJECTED:
            (.denied, "check the policy of the token, and whether a person has to confirm at the device")
        case CKR_KEY_FUNCTION_NOT_PERMITTED: (.unsupported, "the key may not sign: use one that has CKA_SIGN")
        case CKR_MECHANISM_INVALID, CKR_MECHANISM_PARAM_INVALID, CKR_KEY_TYPE_INCONSISTENT, CKR_KEY_SIZE_RANGE,
            CKR_CURVE_NOT_SUPPORTED, CKR_DOMAIN_PARAMS_INVALID, CKR_FUNCTION_NOT_SUPPORTED, CKR_DATA_LEN_RANGE,
            CKR_DATA_INVALID, CKR_BUFFER_TOO_SMALL:
            (.unsupported, otherAlgorithm)
        case CKR_TEMPLATE_INCONSISTENT, CKR_TEMPLATE_INCOMPLETE, CKR_ATTRIBUTE_TYPE_INVALID,
            CKR_ATTRIBUTE_VALUE_INVALID, CKR_ATTRIBUTE_READ_ONLY:
            (.unsupported, adoption)
        case CKR_OBJECT_HANDLE_INVALID, CKR_KEY_HANDLE_INVALID: (.noSuchKey, "check whether the key was removed")
        case CKR_SESSION_COUNT: (.unavailable, "the token has no more sessions: end other programs that use it")
        default: (.unavailable, nil)
        }
    }

    /// The hint for a token that does not sign with an algorithm.
    static let otherAlgorithm = "set access_token.algorithm to one that the token and its key support"

    /// The hint for a token that does not let the service make keys.
    static let adoption = "make the key with a tool of the token, and take it over with `writ keys adopt`"
}
