import AccessToken
import JOSE
import OAuth
import WireText

/// Refusals of addresses and clients that are over their limit: of each address block one line a second for each code, with a
/// number.
///
/// The first refusal is logged by itself. Those that follow are counted, until a second without any has passed.
struct RefusalSummaries {
    /// The refusals of one second.
    struct Summary: LogFields {
        let code: TokenRefusal.Code
        /// `nil` if they are of many address blocks.
        var address: IPAddress?
        /// `nil` if they name more than one client, or none that is registered.
        var client: ClientID?
        var count = 0

        func write(to line: inout some LogLine) {
            if let address { line.member("address", address.description) }
            line.member("cause", TokenRefusal(code).cause.rawValue)
            if let client { line.member("client_id", client.description) }
            line.member("error", code.error.description)
            line.member("outcome", "refused")
            line.member("reason", code.text.description)
            line.member("refusals", Int64(count))
            line.member("status", Int64(code.status))
        }
    }

    /// What refusals are counted under.
    private struct Key: Hashable {
        let block: AddressBlock
        let code: TokenRefusal.Code
    }

    /// The codes of refusals that are summed up.
    static let codes: [TokenRefusal.Code] = [.tooManyFailures, .tooManyRequests]

    /// The most address blocks that are counted one by one, for all codes together. The refusals of further ones are counted
    /// together.
    static let capacity = 256

    private var summaries: [Key: Summary] = [:]
    private var others: [TokenRefusal.Code: Summary] = [:]

    /// - Returns: whether the refusal is logged by itself.
    mutating func add(_ code: TokenRefusal.Code, _ address: IPAddress, _ client: ClientID?) -> Bool {
        let key = Key(block: address.block, code: code)
        guard let known = summaries[key] else {
            guard summaries.count < Self.capacity else {
                others[code, default: Summary(code: code)].count += 1
                return false
            }
            summaries[key] = Summary(code: code, address: address)
            return true
        }
        let isSame = known.count == 0 || known.client == client
        summaries[key] = Summary(
            code: code, address: known.address, client: isSame ? client : nil, count: known.count + 1)
        return false
    }

    /// Takes the summaries of the past second. Call it once a second.
    mutating func take() -> [Summary] {
        let counted = summaries.values.filter { $0.count > 0 } + others.values
        summaries = summaries.filter { $0.value.count > 0 }.mapValues { Summary(code: $0.code, address: $0.address) }
        others = [:]
        return counted
    }
}
