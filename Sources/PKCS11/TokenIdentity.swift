import CPKCS11
import OAuth
import WireText

/// A token and the slot that it is in, as the module describes them. Text has no spaces at its end.
struct TokenIdentity: Sendable, Hashable {
    let slot: UInt
    let slotDescription: [UInt8]
    let slotManufacturer: [UInt8]
    let label: [UInt8]
    let manufacturer: [UInt8]
    let model: [UInt8]
    let serial: [UInt8]
    /// Flags that begin with `CKF_`.
    let flags: UInt

    /// Whether no key is seen without the PIN.
    var needsLogin: Bool { flags & CPKCS11_loginRequired != 0 }

    /// Whether the device asks for the PIN itself.
    var asksForPIN: Bool { flags & CPKCS11_protectedAuthenticationPath != 0 }

    /// Whether one more wrong PIN locks it.
    var isAtFinalTry: Bool { flags & CPKCS11_userPINFinalTry != 0 }

    /// Whether it can hold keys. Some modules offer a slot with an empty token, in which another token could be made.
    var isInitialized: Bool { flags & CPKCS11_tokenInitialized != 0 }

    /// Names the token alone, however it is connected.
    var uri: PKCS11URI { PKCS11URI([.token: label, .serial: serial]) }

    /// Whether the URI means this token, as far as attributes of tokens and slots say. RFC 7512 section 2.4: an attribute that
    /// the URI does not have matches everything.
    func matches(_ uri: PKCS11URI) -> Bool {
        let own: [(PKCS11URI.Attribute, [UInt8])] = [
            (.token, label), (.manufacturer, manufacturer), (.model, model), (.serial, serial),
            (.slotID, Array(String(slot).utf8)), (.slotDescription, slotDescription),
            (.slotManufacturer, slotManufacturer),
        ]
        return own.allSatisfy { attribute, value in uri[attribute].map { $0.withoutFill == value } ?? true }
    }
}

extension Cryptoki {
    /// The token that a URI means.
    ///
    /// - Throws: if no token, or more than one, is meant.
    func token(at uri: PKCS11URI) throws(TokenFailure) -> TokenIdentity {
        var tokens: [TokenIdentity] = []
        var failure: TokenFailure?
        for slot in try slots() {
            // A slot that does not work does not hide the others.
            do throws(TokenFailure) { if let token = try token(in: slot) { tokens.append(token) } } catch {
                failure = error
            }
        }
        var matching = try isMeant(by: uri) ? tokens.filter { $0.matches(uri) } : []
        if matching.count > 1 { matching.removeAll { !$0.isInitialized } }
        if let token = matching.first, matching.count == 1 { return token }
        guard matching.isEmpty else {
            throw TokenFailure(
                RemoteKeyError(
                    .noSuchKey, "the URI matches \(matching.count) tokens",
                    hint: "name one of them: " + matching.map(\.uri.description).joined(separator: " or ")))
        }
        if let failure { throw failure }
        let others = tokens.filter(\.isInitialized).map(\.uri.description).joined(separator: ", ")
        throw TokenFailure(
            CKR_TOKEN_NOT_PRESENT,
            RemoteKeyError(
                .unavailable, "the token is not there",
                hint: others.isEmpty ? "the module has no token" : "the module has these tokens: \(others)"))
    }

    /// Whether the attributes of the URI that name the library are those of this module.
    private func isMeant(by uri: PKCS11URI) throws(TokenFailure) -> Bool {
        let attributes: [PKCS11URI.Attribute] = [.libraryManufacturer, .libraryDescription, .libraryVersion]
        guard attributes.contains(where: { uri[$0] != nil }) else { return true }
        let info = try libraryInfo()
        return uri[.libraryManufacturer].map { $0.withoutFill == info.manufacturer } ?? true
            && uri[.libraryDescription].map { $0.withoutFill == info.description } ?? true
            && uri[.libraryVersion].map { version($0) == info.version } ?? true
    }

    /// RFC 7512 section 2.3: the minor version is 0 if it is left out. `[]` for one that no library can have.
    private func version(_ text: [UInt8]) -> [UInt8] {
        let parts = text.split(separator: UInt8(ascii: ".")).map { UInt8(String(decoding: $0, as: UTF8.self)) }
        guard let major = parts.first, let major, let minor = parts.count > 1 ? parts[1] : 0 else { return [] }
        return [major, minor]
    }
}

extension [UInt8] {
    /// Without the spaces that fill a field of PKCS#11 up.
    fileprivate var withoutFill: [UInt8] {
        let end = lastIndex { $0 != UInt8(ascii: " ") }
        return Array(prefix(end.map { $0 + 1 } ?? 0))
    }
}
