import Foundation
import Libcrypto
import TestSupport
import Testing

@Suite struct KeyReadingTests {
    private static func privateKey(_ name: String) throws -> PrivateKey {
        let pem = try TestVectors.octets("keys/\(name)")
        return try PrivateKey(pem: SecretBytes(copying: pem.span))
    }

    @Test(
        "A private key in PKCS#8, PKCS#1 or SEC 1 is read with its kind and size",
        arguments: [
            ("rsa-2048.pem", KeyType.rsa(bits: 2048)), ("rsa-3072.pem", .rsa(bits: 3072)),
            ("rsa-1024.pem", .rsa(bits: 1024)),
            ("rsa-2048-pkcs1.pem", .rsa(bits: 2048)), ("rsa-2048-exponent3.pem", .rsa(bits: 2048)),
            ("p256.pem", .ellipticCurve(.p256)), ("p256-sec1.pem", .ellipticCurve(.p256)),
            ("p384.pem", .ellipticCurve(.p384)), ("ed25519.pem", .ed25519),
        ])
    func readsPrivateKeys(name: String, type: KeyType) throws {
        let key = try Self.privateKey(name)
        #expect(key.type == type)
        #expect(try key.publicKey.type == type)
    }

    @Test(
        "A file that is not a private key for Writ is rejected with the reason",
        arguments: [
            ("certificate.pem", "it is a certificate, not a key"),
            ("rsa-2048.pub.pem", "it is a public key, not a private one"),
            ("rsa-2048-encrypted.pem", "it is encrypted with a passphrase"),
            ("ed448.pem", "it is not an RSA, P-256, P-384, P-521 or Ed25519 key"),
            (
                "rsa-pss-2048.pem",
                "it is an RSA key restricted to PSS (id-RSASSA-PSS); an ordinary RSA key serves PSS too"
            ),
        ])
    func saysWhyAFileIsNoPrivateKey(name: String, reason: String) throws {
        let error = #expect(throws: KeyError.self) { try Self.privateKey(name) }
        #expect(error?.description == reason)
    }

    @Test(
        "A text that is not a key is rejected",
        arguments: ["", "hello", "-----BEGIN ", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"])
    func refusesWhatIsNoKey(text: String) throws {
        let octets = Array(text.utf8)
        let contents = try SecretBytes(copying: octets.span)
        #expect(throws: KeyError.self) { try PrivateKey(pem: contents) }
    }

    @Test("Reading an encrypted key never asks for a passphrase on the terminal")
    func asksNobodyForAPassphrase() throws {
        // On a terminal libcrypto would wait for input.
        for label in ["PUBLIC KEY", "PRIVATE KEY"] {
            let text = """
                -----BEGIN \(label)-----
                Proc-Type: 4,ENCRYPTED
                DEK-Info: AES-128-CBC,00112233445566778899AABBCCDDEEFF

                AAAAAAAAAAAAAAAAAAAAAA==
                -----END \(label)-----

                """
            let octets = Array(text.utf8)
            let contents = try SecretBytes(copying: octets.span)
            #expect(throws: KeyError.self) {
                if label == "PUBLIC KEY" {
                    _ = try PublicKey(pem: octets.span)
                } else {
                    _ = try PrivateKey(pem: contents)
                }
            }
        }
    }

    @Test("The same key is read from PKCS#8, from PKCS#1 and from its public half")
    func theSameKeyComesFromPKCS8AndPKCS1() throws {
        let first = try Self.privateKey("rsa-2048.pem").publicKey.components
        #expect(try Self.privateKey("rsa-2048-pkcs1.pem").publicKey.components == first)
        let publicPEM = try TestVectors.octets("keys/rsa-2048.pub.pem")
        let publicKey = try PublicKey(pem: publicPEM.span)
        #expect(publicKey.components == first)
    }

    private static func passphrase(_ text: String) throws -> Passphrase {
        try Passphrase(SecretBytes(copying: Array(text.utf8).span))
    }

    @Test(
        "An encrypted key is read only with its passphrase",
        arguments: ["rsa-2048-encrypted.pem", "rsa-2048-traditional-encrypted.pem"])
    func readsEncryptedKeys(name: String) throws {
        let octets = try TestVectors.octets("keys/\(name)")
        let pem = try SecretBytes(copying: octets.span)
        let key = try PrivateKey(pem: pem, passphrase: Self.passphrase("correct horse"))
        #expect(try key.publicKey.components == Self.privateKey("rsa-2048.pem").publicKey.components)
        #expect(throws: KeyError.encrypted) { try PrivateKey(pem: pem) }
        for wrong in ["wrong", "correct horse ", String(repeating: "a", count: Passphrase.maximumSize)] {
            #expect(throws: KeyError.wrongPassphrase) {
                try PrivateKey(pem: pem, passphrase: Self.passphrase(wrong))
            }
        }
    }

    @Test("A passphrase for a key that is not encrypted is ignored, and never the reason for an error")
    func needsNoPassphrase() throws {
        let octets = try TestVectors.octets("keys/rsa-2048.pem")
        _ = try PrivateKey(pem: SecretBytes(copying: octets.span), passphrase: Self.passphrase("unused"))
        let broken = Array("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n".utf8)
        let error = #expect(throws: KeyError.self) {
            try PrivateKey(pem: SecretBytes(copying: broken.span), passphrase: Self.passphrase("unused"))
        }
        #expect(error != .wrongPassphrase && error != .encrypted)
    }

    @Test("PEM_BUFSIZE: a passphrase has 1 to 1024 octets, and a key that is written with one is read with it")
    func passphraseSizes() throws {
        let key = try PrivateKey.generateEd25519()
        for size in [1, 1024] {
            let passphrase = try Self.passphrase(String(repeating: "a", count: size))
            let again = try PrivateKey(pem: key.pem(passphrase: passphrase), passphrase: passphrase)
            #expect(try again.publicKey.components == key.publicKey.components)
        }
        for size in [0, 1025] {
            #expect(throws: KeyError.unusablePassphrase) { try Self.passphrase(String(repeating: "a", count: size)) }
        }
    }

    @Test("Errors of libcrypto are equal if their codes are, whatever the operation")
    func errorsAreEqualByCode() throws {
        func error(bits: Int) -> KeyError? { #expect(throws: KeyError.self) { try PrivateKey.generateRSA(bits: bits) } }
        let first = error(bits: 1)
        #expect(first == error(bits: 2))
        guard case .libcrypto(let cause) = first else { Issue.record("another error"); return }
        #expect(!cause.reasons.isEmpty && cause.reasons.allSatisfy { $0.library != 0 })
        #expect(KeyError.libcrypto(cause) != .malformedPEM(.noBlock))
    }

    @Test("A key is read as it was written", arguments: ["rsa-2048.pem", "p256.pem", "ed25519.pem"])
    func writesWhatItReads(name: String) throws {
        let key = try Self.privateKey(name)
        let again = try PrivateKey(pem: key.pem())
        #expect(try again.publicKey.components == key.publicKey.components)
        let publicKey = try key.publicKey
        let publicPEM = Array(try publicKey.pem().utf8)
        let publicAgain = try PublicKey(pem: publicPEM.span)
        #expect(publicAgain.components == publicKey.components)
    }

    @Test("Numbers that do not form a key are rejected")
    func refusesNumbersThatMakeNoKey() throws {
        let onCurve = try Self.privateKey("p256.pem").publicKey.components
        guard case .ellipticCurve(_, let x, var y) = onCurve else { return }
        // RFC 7518 sections 6.2.1.2 and 6.2.1.3: each coordinate has its full size, also if both together have it.
        for count in [31, 33] {
            let both = x + y
            #expect(throws: KeyError.invalidComponents) {
                try PublicKey(.ellipticCurve(.p256, x: Array(both[..<count]), y: Array(both[count...])))
            }
        }
        y[31] ^= 1
        #expect(throws: KeyError.self) { try PublicKey(.ellipticCurve(.p256, x: x, y: y)) }
        #expect(throws: KeyError.self) { try PublicKey(.ellipticCurve(.p256, x: Array(x.dropFirst()), y: y)) }
        #expect(throws: KeyError.self) { try PublicKey(.ed25519([1, 2, 3])) }
    }

    @Test("Generated keys differ and have the requested type")
    func generatesKeysThatDiffer() throws {
        let first = try PrivateKey.generate(on: .p256).publicKey.components
        #expect(try PrivateKey.generate(on: .p256).publicKey.components != first)
        #expect(try PrivateKey.generateEd25519().type == .ed25519)
        #expect(try PrivateKey.generateRSA(bits: 2048).type == .rsa(bits: 2048))
    }
}
