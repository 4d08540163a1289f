import JOSE
import OAuth

/// Requests about keys, with the token that each needs and the same limit for each.
struct VaultAccess: Sendable {
    let server: VaultServer
    let tokens: VaultTokens
    /// The time for one request, and for a login that begins because of it.
    let limit: Duration

    /// Sends a request, and once more with another token if Vault refuses the first.
    func send(_ request: VaultRequest, about uri: TransitKeyURI) async throws(VaultFault) -> JSONObject {
        let origin = uri.origin
        let fault: VaultFault
        let token: VaultToken
        do throws(RemoteKeyError) { token = try await tokens.token(for: origin, within: limit) } catch {
            throw VaultFault(error)
        }
        do throws(VaultFault) { return try await server.send(request, to: origin, with: token, within: limit) } catch {
            fault = error
        }
        guard fault.status == 403 else { throw fault }
        let other: VaultToken?
        do throws(RemoteKeyError) {
            other = try await tokens.replacement(of: token, for: origin, within: limit)
        } catch {
            throw VaultFault(error)
        }
        guard let other else { throw fault }
        return try await server.send(request, to: origin, with: other, within: limit)
    }

    /// What Transit says about a key.
    ///
    /// - Parameter isPinned: whether the folder of the keys has its public half already.
    func read(_ uri: TransitKeyURI, isPinned: Bool = false) async throws(VaultFault) -> TransitKey {
        let answer = try await send(.readKey(uri, isPinned: isPinned), about: uri)
        guard let key = answer["data"]?.object.flatMap({ TransitKey($0, uri) }) else {
            throw .malformed("its answer describes no key", uri.origin)
        }
        return key
    }

    /// What Transit says about a key.
    ///
    /// - Returns: `nil` if there is no such key. The engine may be missing too.
    func readIfPresent(_ uri: TransitKeyURI) async throws(VaultFault) -> TransitKey? {
        do throws(VaultFault) { return try await read(uri) } catch {
            guard error.status == 404 else { throw error }
            return nil
        }
    }
}
