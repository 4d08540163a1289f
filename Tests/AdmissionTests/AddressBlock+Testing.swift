import OAuth
import Testing
import WireText

extension AddressBlock {
    init(_ address: String) throws {
        self = try #require(IPAddress(address)).block
    }
}
