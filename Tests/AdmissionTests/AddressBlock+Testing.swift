import OAuth
import Testing

extension AddressBlock {
    init(_ address: String) throws {
        self = try #require(IPAddress(address)).block
    }
}
