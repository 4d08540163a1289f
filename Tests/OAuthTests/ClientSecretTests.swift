import AccessToken
import OAuth
import Testing

@Suite struct ClientSecretTests {
    @Test("RFC 3986 section 2.3: a generated secret has a known prefix and only unreserved characters")
    func generatedSecretsAreUnreservedAndRecognisable() throws {
        let secret = try GeneratedClientSecret()
        #expect(secret.value.hasPrefix("writ_cs_"))
        #expect(secret.value.utf8.count == 57)
        // RFC 3986 section 2.3: no client library can encode these wrongly.
        #expect(secret.value.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "-._~".contains($0)) })
        #expect(try GeneratedClientSecret.isWellFormed(secret.value))
        #expect(try GeneratedClientSecret().value != secret.value)
    }

    @Test("A generated secret with a changed length, prefix or character is not well-formed")
    func theChecksumTellsASecretFromNoise() throws {
        let secret = try GeneratedClientSecret().value
        #expect(try !GeneratedClientSecret.isWellFormed(String(secret.dropLast())))
        #expect(try !GeneratedClientSecret.isWellFormed(secret.replacing("writ_cs_", with: "writ_xx_")))
        var characters = Array(secret)
        characters[20] = characters[20] == "A" ? "B" : "A"
        #expect(try !GeneratedClientSecret.isWellFormed(String(characters)))
    }

    @Test("The text of a secret's hash is parsed as the same hash")
    func hashesReadBack() throws {
        let hash = try ClientSecretHash(of: "secret")
        #expect(hash.description == "sha256:K7gNU3sdo-OL0wNhqoVWhr3g6s1xYv72ol_pe_Unols")
        #expect(try ClientSecretHash(parsing: hash.description) == hash)
    }

    @Test(
        "A text that is not the hash of a secret is refused",
        arguments: [
            "", "sha256:", "secret", "sha256:AAAA", "sha1:K7gNU3sdo-OL0wNhqoVWhr3g6s1xYv72ol_pe_Unols",
            "sha256:K7gNU3sdo-OL0wNhqoVWhr3g6s1xYv72ol_pe_Unols=", "SHA256:K7gNU3sdo-OL0wNhqoVWhr3g6s1xYv72ol_pe_Unols",
            // The hash of the empty secret.
            "sha256:47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU",
        ])
    func refusesWhatIsNoHash(text: String) {
        #expect(throws: InvalidValue.self) { try ClientSecretHash(parsing: text) }
    }
}
