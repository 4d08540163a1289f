import AccessToken
import JOSE
import OAuth
import WireText

/// Refusals of addresses that are over their limit: of each address block one line a second, with a number.
///
/// The first refusal is logged by itself. Those that follow are counted, until a second without any has passed.
struct RefusalSummaries {
    /// The refusals of one second.
    struct Summary: LogFields {
        /// `nil` if they are of many address blocks.
        var address: IPAddress?
        /// `nil` if they name more than one client, or none that is registered.
        var client: ClientID?
        var count = 0

        func write(to line: inout some LogLine) {
            if let address { line.member("address", address.description) }
            line.member("cause", RefusalCause.throttled.rawValue)
            if let client { line.member("client_id", client.description) }
            let code = TokenRefusal.Code.tooManyFailures
            line.member("error", code.error.description)
            line.member("outcome", "refused")
            line.member("reason", code.text.description)
            line.member("refusals", Int64(count))
            line.member("status", Int64(code.status))
        }
    }

    /// The most address blocks that are counted one by one. The refusals of further ones are counted together.
    static let capacity = 256

    private var summaries: [AddressBlock: Summary] = [:]
    private var others = Summary()

    /// - Returns: whether the refusal is logged by itself.
    mutating func add(_ address: IPAddress, _ client: ClientID?) -> Bool {
        let block = address.block
        guard let known = summaries[block] else {
            guard summaries.count < Self.capacity else {
                others.count += 1
                return false
            }
            summaries[block] = Summary(address: address)
            return true
        }
        let isSame = known.count == 0 || known.client == client
        summaries[block] = Summary(address: known.address, client: isSame ? client : nil, count: known.count + 1)
        return false
    }

    /// Takes the summaries of the past second. Call it once a second.
    mutating func take() -> [Summary] {
        let counted = summaries.values.filter { $0.count > 0 } + (others.count > 0 ? [others] : [])
        summaries = summaries.filter { $0.value.count > 0 }.mapValues { Summary(address: $0.address) }
        others = Summary()
        return counted
    }
}
