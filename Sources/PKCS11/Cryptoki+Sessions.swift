import CPKCS11
import Libcrypto

/// Sessions, logins and the objects that a session sees.
extension Cryptoki {
    /// - Parameter canWrite: whether keys may be made and destroyed in it.
    func openSession(on slot: UInt, canWrite: Bool) throws(TokenFailure) -> UInt {
        var session: UInt = 0
        try unsafe call("C_OpenSession") { unsafe CPKCS11_openSession($0, slot, canWrite ? 1 : 0, &session) }
        return session
    }

    /// Ends a session. It does not matter if there is none.
    func close(_ session: UInt) { _ = unsafe withList { unsafe CPKCS11_closeSession($0, session) } }

    /// Whether the user of the token is logged in, for all sessions of this process.
    func isLoggedIn(_ session: UInt) throws(TokenFailure) -> Bool {
        var info = CK_SESSION_INFO()
        try unsafe call("C_GetSessionInfo") { unsafe CPKCS11_sessionInfo($0, session, &info) }
        return info.state == CKS_RO_USER_FUNCTIONS || info.state == CKS_RW_USER_FUNCTIONS
    }

    /// - Parameters:
    ///   - user: `CKU_USER`, or `CKU_CONTEXT_SPECIFIC` for one signature.
    ///   - pin: `nil` if the device asks for it.
    func logIn(_ session: UInt, as user: UInt, _ pin: SecretBytes?) throws(TokenFailure) {
        let status = unsafe withList { list in
            guard let pin else { return unsafe CPKCS11_login(list, session, user, nil, 0) }
            return pin.withBytes { pin in
                unsafe pin.withUnsafeBufferPointer {
                    unsafe CPKCS11_login(list, session, user, $0.baseAddress, UInt($0.count))
                }
            }
        }
        guard status == CKR_OK || status == CKR_USER_ALREADY_LOGGED_IN else { throw TokenFailure("C_Login", status) }
    }

    /// The objects that have all attributes of the template, at most 64.
    func objects(_ template: AttributeTemplate, in session: UInt) throws(TokenFailure) -> [UInt] {
        try unsafe call("C_FindObjectsInit") {
            unsafe CPKCS11_findObjectsInit(
                $0, session, template.types, template.lengths, template.values, template.count)
        }
        var found: [UInt] = []
        while found.count < 64 {
            var objects = [UInt](repeating: 0, count: 16)
            var count: UInt = 0
            try unsafe call("C_FindObjects") { list in
                unsafe objects.withUnsafeMutableBufferPointer {
                    unsafe CPKCS11_findObjects(list, session, $0.baseAddress, UInt($0.count), &count)
                }
            }
            if count == 0 { break }
            found += objects.prefix(Int(min(count, UInt(objects.count))))
        }
        try unsafe call("C_FindObjectsFinal") { unsafe CPKCS11_findObjectsFinal($0, session) }
        return found
    }

    /// An attribute of an object; `nil` if the object does not have it, or does not reveal it.
    func attribute(_ type: UInt, of object: UInt, in session: UInt) throws(TokenFailure) -> [UInt8]? {
        var length: UInt = 0
        guard try unsafe read(type, object, session, nil, &length), length != CPKCS11_unavailable, length <= 65536
        else {
            return nil
        }
        guard length > 0 else { return [] }
        var value = [UInt8](repeating: 0, count: Int(length))
        guard try unsafe read(type, object, session, &value, &length), length <= UInt(value.count) else { return nil }
        return Array(value.prefix(Int(length)))
    }

    /// An attribute that is a `CK_ULONG`.
    func number(_ type: UInt, of object: UInt, in session: UInt) throws(TokenFailure) -> UInt? {
        guard let octets = try attribute(type, of: object, in: session), octets.count == MemoryLayout<UInt>.size else {
            return nil
        }
        return UInt(littleEndian: octets.reversed().reduce(0) { $0 << 8 | UInt($1) })
    }

    /// - Returns: `false` if the object does not have the attribute, or does not reveal it.
    private func read(
        _ type: UInt, _ object: UInt, _ session: UInt, _ value: UnsafeMutableRawPointer?, _ length: inout UInt
    ) throws(TokenFailure) -> Bool {
        let status = unsafe withList { unsafe CPKCS11_attribute($0, session, object, type, value, &length) }
        switch status {
        case CKR_OK: return true
        case CKR_ATTRIBUTE_TYPE_INVALID, CKR_ATTRIBUTE_SENSITIVE: return false
        default: throw TokenFailure("C_GetAttributeValue", status)
        }
    }
}
