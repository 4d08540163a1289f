import AccessToken
import Testing

@testable import OAuth

@Suite struct PasswordHashTests {
    /// The hashes of "correct horse" were made by Python's hashlib. The bcrypt hashes are those of Openwall's
    /// crypt_blowfish (wrapper.c), and the `$2y$` form of the one for "U*U".
    @Test(
        "A hash in each format matches its secret and no other",
        arguments: [
            (
                "correct horse",
                "$pbkdf2-sha256$i=1000$c2FsdHNhbHRzYWx0c2FsdA$BBs+1+PaslLtBPULUr8/lQicvVuHiEPMz0i8MjLCbzM"
            ),
            (
                "correct horse",
                "$pbkdf2-sha512$i=1000$c2FsdHNhbHRzYWx0c2FsdA$EHLBej+uEvxlmr0QnHnceg1vM6h1wbwSP5XErh3Smiw"
            ),
            ("correct horse", "$pbkdf2-sha256$1000$c2FsdHNhbHRzYWx0c2FsdA$BBs.1.PaslLtBPULUr8/lQicvVuHiEPMz0i8MjLCbzM"),
            (
                "correct horse",
                "$scrypt$ln=10,r=8,p=1$c2FsdHNhbHRzYWx0c2FsdA$A9lBa6RTbfBovWqamVIqXKovIl4Vk6OZyVojLJmYmSI"
            ),
            ("U*U", "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"),
            ("U*U", "$2y$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"),
            ("U*U*", "$2b$05$CCCCCCCCCCCCCCCCCCCCC.VGOzA784oUp/Z0DY336zx7pLYAy0lwK"),
        ])
    func matches(secret: String, text: String) throws {
        let hash = try PasswordHash(parsing: text)
        #expect(try hash.matches(secret))
        #expect(try !hash.matches(secret + "x"))
        #expect(try !hash.matches(""))
        #expect(hash.description == text)
    }

    @Test(
        "A hash that is malformed, unknown or too expensive is refused",
        arguments: [
            "", "$", "$$$", "plain", "$1$salt$hash", "$argon2id$v=19$m=65536,t=3,p=4$c2FsdA$aGFzaA",
            // No iterations, too many, an unknown parameter, another length than the stated one.
            "$pbkdf2-sha256$c2FsdHNhbHRzYWx0$AAAAAAAAAAAAAAAAAAAAAA",
            "$pbkdf2-sha256$i=0$c2FsdHNhbHQ$AAAAAAAAAAAAAAAAAAAAAA",
            "$pbkdf2-sha256$i=999$c2FsdHNhbHQ$AAAAAAAAAAAAAAAAAAAAAA",
            "$pbkdf2-sha256$i=10000001$c2FsdHNhbHQ$AAAAAAAAAAAAAAAAAAAAAA",
            "$pbkdf2-sha256$i=1000,x=1$c2FsdHNhbHQ$AAAAAAAAAAAAAAAAAAAAAA",
            "$pbkdf2-sha256$i=1000,l=32$c2FsdHNhbHQ$AAAAAAAAAAAAAAAAAAAAAA",
            // A hash that is too short, padding, base64url, a gigabyte of memory.
            "$pbkdf2-sha256$i=1000$c2FsdHNhbHQ$AAAA", "$pbkdf2-sha256$i=1000$c2FsdHNhbHQ=$AAAAAAAAAAAAAAAAAAAAAA",
            "$pbkdf2-sha256$i=1000$c2FsdHNhb-Q$AAAAAAAAAAAAAAAAAAAAAA",
            "$scrypt$ln=20,r=8,p=1$c2FsdHNhbHQ$AAAAAAAAAAAAAAAAAAAAAA",
            "$scrypt$ln=16,r=8$c2FsdHNhbHQ$AAAAAAAAAAAAAAAAAAAAAA",
            // RFC 7914 section 6: N is less than 2^(128 r / 8).
            "$scrypt$ln=16,r=1,p=1$c2FsdHNhbHQ$AAAAAAAAAAAAAAAAAAAAAA",
            "$pbkdf2-sha256$+1000$c2FsdHNhbHQ$AAAAAAAAAAAAAAAAAAAAAA",
            "$pbkdf2-sha256$1000,foo=1$c2FsdHNhbHQ$AAAAAAAAAAAAAAAAAAAAAA",
            "$pbkdf2-sha256$1000,l=32$c2FsdHNhbHQ$AAAAAAAAAAAAAAAAAAAAAA",
            "$2b$31$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW", "$2b$05$tooshort",
            "$2x$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW",
        ])
    func refuses(text: String) {
        #expect(throws: InvalidValue.self) { try PasswordHash(parsing: text) }
    }

    @Test("A secret of more than 72 octets matches no bcrypt hash")
    func aSecretOfMoreThan72OctetsIsNotCutForBcrypt() throws {
        // Other implementations cut a longer secret after 72 octets, as Openwall's vectors expect. Here it must not
        // match.
        let hash = try PasswordHash(parsing: "$2b$05$abcdefghijklmnopqrstuu5s2v8.iXieOjg/.AySBTTZIIVFJeBui")
        let secret = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
        #expect(try hash.matches(secret))
        #expect(try !hash.matches(secret + "chars after 72 are ignored"))
    }

    @Test("A decoy costs the same work as a hash and matches no secret")
    func aDecoyTakesTheSameWorkAndMatchesNothing() throws {
        for text in [
            "$pbkdf2-sha256$i=1000$c2FsdHNhbHRzYWx0c2FsdA$BBs+1+PaslLtBPULUr8/lQicvVuHiEPMz0i8MjLCbzM",
            "$2b$05$CCCCCCCCCCCCCCCCCCCCC.VGOzA784oUp/Z0DY336zx7pLYAy0lwK",
        ] {
            let hash = try PasswordHash(parsing: text)
            let decoy = try PasswordHash.decoy(of: hash.cost)
            #expect(decoy.cost == hash.cost)
            #expect(try !decoy.matches("correct horse"))
        }
    }

    /// Made by Python's hashlib, and the bcrypt hash by libxcrypt.
    @Test(
        "The empty secret matches no hash, not even its own",
        arguments: [
            "$pbkdf2-sha256$i=1000$c2FsdHNhbHRzYWx0c2FsdA$uI9ntqgoy4fsA9FtgkP2eFRKAX8lJvDl5bYKgzad3gk",
            "$scrypt$ln=10,r=8,p=1$c2FsdHNhbHRzYWx0c2FsdA$QcMh/2eggtliVH4U7zKn2Fs7dWs5jSeLHvFt/NFC14U",
            "$2b$04$CCCCCCCCCCCCCCCCCCCCC.Cg0ly9t/KVBCBYYDfOmZKwry9JuXClC",
        ])
    func theEmptySecretNeverMatches(text: String) throws {
        #expect(try !PasswordHash(parsing: text).matches(""))
    }

    @Test(
        "A hash that is searched fast is reported",
        arguments: [
            ("$pbkdf2-sha256$i=99999$c2FsdHNhbHQ$AAAAAAAAAAAAAAAAAAAAAA", .fewIterations),
            ("$pbkdf2-sha512$99999$c2FsdHNhbHQ$AAAAAAAAAAAAAAAAAAAAAA", .fewIterations),
            ("$pbkdf2-sha256$i=100000$c2FsdHNhbHQ$AAAAAAAAAAAAAAAAAAAAAA", nil),
            ("$scrypt$ln=13,r=8,p=1$c2FsdHNhbHQ$AAAAAAAAAAAAAAAAAAAAAA", .cheapScrypt),
            ("$scrypt$ln=14,r=8,p=1$c2FsdHNhbHQ$AAAAAAAAAAAAAAAAAAAAAA", nil),
            ("$2b$09$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW", .cheapBcrypt),
            ("$2b$10$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW", nil),
        ] as [(String, PasswordHash.Weakness?)])
    func weakness(text: String, expected: PasswordHash.Weakness?) throws {
        #expect(try PasswordHash(parsing: text).weakness == expected)
    }
}
