import Testing

@testable import Libxcrypt

@Suite struct BcryptTests {
    /// Of Openwall's crypt_blowfish (wrapper.c).
    @Test(
        "Openwall's hashes are found with their setting, and with the whole hash as the setting",
        arguments: [
            ("U*U", "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"),
            ("U*U", "$2y$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"),
            ("U*U*", "$2b$05$CCCCCCCCCCCCCCCCCCCCC.VGOzA784oUp/Z0DY336zx7pLYAy0lwK"),
            (
                "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789",
                "$2b$05$abcdefghijklmnopqrstuu5s2v8.iXieOjg/.AySBTTZIIVFJeBui"
            ),
        ])
    func vectors(secret: String, hash: String) {
        #expect(Bcrypt.hash(Array(secret.utf8).span, setting: String(hash.prefix(29))) == hash)
        #expect(Bcrypt.hash(Array(secret.utf8).span, setting: hash) == hash)
    }

    @Test("A secret that is too long or holds a zero has no hash", arguments: [73, 1000])
    func secretsThatCannotBeHashed(count: Int) {
        let setting = "$2b$04$CCCCCCCCCCCCCCCCCCCCC."
        #expect(Bcrypt.hash([UInt8](repeating: 0x61, count: count).span, setting: setting) == nil)
        #expect(Bcrypt.hash([UInt8](repeating: 0x61, count: 72).span, setting: setting) != nil)
        #expect(Bcrypt.hash(([0x61, 0, 0x61] as [UInt8]).span, setting: setting) == nil)
    }

    @Test(
        "A setting that bcrypt does not have gives no hash",
        arguments: [
            "", "*", "*0", "$2b$", "$2b$04$", "$2b$03$CCCCCCCCCCCCCCCCCCCCC.", "$2b$32$CCCCCCCCCCCCCCCCCCCCC.", "$9$x",
        ])
    func settings(setting: String) {
        #expect(Bcrypt.hash(([0x61] as [UInt8]).span, setting: setting) == nil)
    }
}
