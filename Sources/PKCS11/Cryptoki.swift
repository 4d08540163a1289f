import CPKCS11
import OAuth
import WireText

/// The functions of one PKCS#11 module. Each call takes as long as the module does.
@safe
final class Cryptoki: @unchecked Sendable {
    // Sendable: the list is never written to, and the module was initialized for calls from any thread.
    private let list: UnsafeMutablePointer<CK_FUNCTION_LIST>

    /// - Parameter list: a `CK_FUNCTION_LIST`, which stays there until the process ends.
    init(_ list: UnsafeMutableRawPointer) {
        unsafe self.list = list.assumingMemoryBound(to: CK_FUNCTION_LIST.self)
    }

    /// Loads a module, which stays loaded: many modules do not work after they were unloaded and loaded again.
    ///
    /// - Parameter path: of the shared object.
    init(loading path: String) throws(TokenFailure) {
        var reason: UnsafePointer<CChar>?
        var status = CKR_OK
        guard let list = unsafe CPKCS11_load(path, &reason, &status) else {
            let cause =
                if let reason = unsafe reason { unsafe String(cString: reason) } else {
                    "C_GetFunctionList returned \(ReturnValue(status))"
                }
            throw TokenFailure(
                RemoteKeyError(
                    .unavailable, VisibleText.line("the PKCS#11 module cannot be loaded: \(cause)"),
                    hint: "pkcs11.module is the path of its shared object"))
        }
        unsafe self.list = list
        _ = Self.skipDestructors
    }

    /// For the first module of the process: the service loads no other one.
    private static let skipDestructors: Void = CPKCS11_skipDestructors()

    /// Lends the list, which must not leave the closure.
    func withList<Result>(_ body: (UnsafeMutablePointer<CK_FUNCTION_LIST>) -> Result) -> Result {
        unsafe body(list)
    }

    /// Calls a function.
    ///
    /// - Throws: if it does not return `CKR_OK`.
    func call(
        _ function: StaticString, _ body: (UnsafeMutablePointer<CK_FUNCTION_LIST>) -> CK_RV
    ) throws(TokenFailure) {
        let status = unsafe body(list)
        guard status == CKR_OK else { throw TokenFailure(function, status) }
    }

    // MARK: The module

    /// The text fields of the library, and its version.
    func libraryInfo() throws(TokenFailure) -> (manufacturer: [UInt8], description: [UInt8], version: [UInt8]) {
        var info = CK_INFO()
        try unsafe call("C_GetInfo") { unsafe CPKCS11_info($0, &info) }
        return (
            octets(of: info.manufacturerID), octets(of: info.libraryDescription),
            [info.libraryVersion.major, info.libraryVersion.minor]
        )
    }

    /// All slots, with and without tokens.
    func slots() throws(TokenFailure) -> [UInt] {
        var count: UInt = 0
        try unsafe call("C_GetSlotList") { unsafe CPKCS11_slots($0, nil, &count) }
        // A token may be plugged in between the two calls.
        var slots = [UInt](repeating: 0, count: Int(min(count, 1024)) + 16)
        count = UInt(slots.count)
        try unsafe call("C_GetSlotList") { list in
            unsafe slots.withUnsafeMutableBufferPointer { unsafe CPKCS11_slots(list, $0.baseAddress, &count) }
        }
        return Array(slots.prefix(Int(min(count, UInt(slots.count)))))
    }

    /// What is in a slot; `nil` if no token is.
    func token(in slot: UInt) throws(TokenFailure) -> TokenIdentity? {
        var ofSlot = CK_SLOT_INFO()
        try unsafe call("C_GetSlotInfo") { unsafe CPKCS11_slotInfo($0, slot, &ofSlot) }
        guard ofSlot.flags & CPKCS11_tokenPresent != 0 else { return nil }
        var info = CK_TOKEN_INFO()
        do throws(TokenFailure) {
            try unsafe call("C_GetTokenInfo") { unsafe CPKCS11_tokenInfo($0, slot, &info) }
        } catch {
            guard error.has(CKR_TOKEN_NOT_PRESENT) || error.has(CKR_TOKEN_NOT_RECOGNIZED) else { throw error }
            return nil
        }
        return TokenIdentity(
            slot: slot, slotDescription: octets(of: ofSlot.slotDescription),
            slotManufacturer: octets(of: ofSlot.manufacturerID), label: octets(of: info.label),
            manufacturer: octets(of: info.manufacturerID), model: octets(of: info.model),
            serial: octets(of: info.serialNumber), flags: info.flags)
    }

    /// The mechanisms of a token, and what each can do: flags that begin with `CKF_`.
    func mechanisms(of slot: UInt) throws(TokenFailure) -> [UInt: UInt] {
        var count: UInt = 0
        try unsafe call("C_GetMechanismList") { unsafe CPKCS11_mechanisms($0, slot, nil, &count) }
        // The client of p11-kit 0.24 reads one element behind the list when it removes what it does not know.
        let room = min(count, 4096)
        var types = [UInt](repeating: 0, count: Int(room) + 1)
        count = room
        try unsafe call("C_GetMechanismList") { list in
            unsafe types.withUnsafeMutableBufferPointer {
                unsafe CPKCS11_mechanisms(list, slot, $0.baseAddress, &count)
            }
        }
        var flags: [UInt: UInt] = [:]
        for type in types.prefix(Int(min(count, room))) where SignMechanism.isOfInterest(type) {
            var info = CK_MECHANISM_INFO()
            try unsafe call("C_GetMechanismInfo") { unsafe CPKCS11_mechanismInfo($0, slot, type, &info) }
            flags[type] = info.flags
        }
        return flags
    }
}

/// A text field of a structure, without the spaces that fill it up. Some modules fill it up with zeros.
private func octets<Field>(of field: Field) -> [UInt8] {
    let all = unsafe withUnsafeBytes(of: field) { unsafe Array($0) }
    let end = all.lastIndex { $0 != UInt8(ascii: " ") && $0 != 0 }
    return Array(all.prefix(end.map { $0 + 1 } ?? 0))
}
