import Libcrypto
import TestSupport
import Testing

@Suite struct SignatureTests {
    /// Step 1 of both sections. libcrypto itself accepts some PSS signatures without their leading zero.
    @Test(
        "RFC 8017 sections 8.1.2 and 8.2.2: an RSA signature has the length of the modulus",
        arguments: [SignatureScheme.rsaPSS(.sha256), .rsaPKCS1(.sha256)])
    func aSignatureIsAsLongAsTheModulus(scheme: SignatureScheme) throws {
        let key = try PrivateKey.generateRSA(bits: 2048)
        let context = try SigningContext(key: key, scheme: scheme)
        for number in 0..<20_000 {
            let message = Array("\(number)".utf8)
            let signature = try context.sign(message.span)
            guard signature[0] == 0 else { continue }
            let short = Array(signature.dropFirst())
            #expect(try key.publicKey.isValid(signature.span, for: message.span, scheme: scheme))
            #expect(try !key.publicKey.isValid(short.span, for: message.span, scheme: scheme))
            return
        }
        Issue.record("no signature began with zero")
    }

    /// Threads share the pool of contexts of one key, for two schemes in turn. Each context has one user at a time.
    @Test("One key verifies signatures of two schemes on many threads at once")
    func oneKeyVerifiesOnManyThreads() async throws {
        let key = try PrivateKey.generateRSA(bits: 2048)
        let publicKey = try key.publicKey
        let schemes = [SignatureScheme.rsaPKCS1(.sha256), .rsaPSS(.sha256)]
        let message = Array("message".utf8)
        let signatures = try schemes.map { try SigningContext(key: key, scheme: $0).sign(message.span) }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for task in 0..<8 {
                group.addTask {
                    for round in 0..<200 {
                        let own = (task + round) % 2
                        let signature = signatures[own]
                        let isOwn = try publicKey.isValid(signature.span, for: message.span, scheme: schemes[own])
                        let other = try publicKey.isValid(
                            signature.span, for: message.span, scheme: schemes[1 - own])
                        #expect(isOwn && !other)
                    }
                }
            }
            try await group.waitForAll()
        }
    }

    struct Case: Sendable, CustomTestStringConvertible {
        let scheme: SignatureScheme
        let keyFile: String
        var testDescription: String { "\(scheme) with \(keyFile)" }
    }

    static let cases: [Case] = [
        Case(scheme: .rsaPKCS1(.sha256), keyFile: "rsa-2048.pem"),
        Case(scheme: .rsaPKCS1(.sha512), keyFile: "rsa-3072.pem"),
        Case(scheme: .rsaPSS(.sha256), keyFile: "rsa-2048.pem"),
        Case(scheme: .rsaPSS(.sha384), keyFile: "rsa-3072.pem"),
        Case(scheme: .ecdsa(.p256, .sha256), keyFile: "p256.pem"),
        Case(scheme: .ecdsa(.p384, .sha384), keyFile: "p384.pem"),
        Case(scheme: .ed25519, keyFile: "ed25519.pem"),
    ]

    private static func key(_ name: String) throws -> PrivateKey {
        let pem = try TestVectors.octets("keys/\(name)")
        return try PrivateKey(pem: SecretBytes(copying: pem.span))
    }

    @Test("Every signature of a signing context verifies", arguments: cases)
    func whatIsSignedVerifies(_ vector: Case) throws {
        let key = try Self.key(vector.keyFile)
        let publicKey = try key.publicKey
        let context = try SigningContext(key: key, scheme: vector.scheme)
        // One context makes many signatures.
        for number in 0..<5 {
            let message = Array("message \(number)".utf8)
            let signature = try context.sign(message.span)
            #expect(try publicKey.isValid(signature.span, for: message.span, scheme: vector.scheme))
        }
    }

    @Test("A signature is invalid if one bit of it or of the message is flipped", arguments: cases)
    func oneFlippedBitIsNoticed(_ vector: Case) throws {
        let key = try Self.key(vector.keyFile)
        let publicKey = try key.publicKey
        var message = Array("message".utf8)
        var signature = try SigningContext(key: key, scheme: vector.scheme).sign(message.span)
        for index in [0, signature.count / 2, signature.count - 1] {
            signature[index] ^= 1
            #expect(try !publicKey.isValid(signature.span, for: message.span, scheme: vector.scheme))
            signature[index] ^= 1
        }
        message[0] ^= 1
        #expect(try !publicKey.isValid(signature.span, for: message.span, scheme: vector.scheme))
    }

    @Test("A signature of another length, or of zeros alone, is invalid and not an error", arguments: cases)
    func signaturesOfAnotherLengthAreRefused(_ vector: Case) throws {
        let key = try Self.key(vector.keyFile)
        let publicKey = try key.publicKey
        let message = Array("message".utf8)
        let signature = try SigningContext(key: key, scheme: vector.scheme).sign(message.span)
        let half = signature.count / 2
        let others = [
            [], Array(signature.dropLast()), signature + [0], [0] + signature,
            Array(repeating: 0, count: signature.count),
            // RFC 7518 section 3.4: the halves of an ECDSA signature have a fixed length.
            Array(signature[..<half]) + [0] + Array(signature[half...]),
        ]
        for other in others {
            #expect(try !publicKey.isValid(other.span, for: message.span, scheme: vector.scheme))
        }
    }

    @Test("RFC 7518 section 3.5: PS256 has a salt of 32 octets, and SHA-256 as its hash and in MGF1")
    func parametersOfPSS() throws {
        struct Vectors: Decodable {
            struct Signature: Decodable {
                let hash: String
                let mgf1: String
                let salt: Int
                let valid: Bool
                let signature: String
            }
            let signatures: [Signature]
        }
        let key = try Self.key("rsa-2048.pem").publicKey
        let message = Array("message".utf8)
        for vector in try TestVectors.decode(Vectors.self, "pss-parameters.json").signatures {
            let isValid = try key.isValid(
                octets(vector.signature).span, for: message.span, scheme: .rsaPSS(.sha256))
            #expect(isValid == vector.valid, "\(vector.hash), \(vector.mgf1), \(vector.salt)")
        }
    }

    @Test("RFC 7515 section 10.6: a signature is valid for the scheme that it was made with, and for no other")
    func anotherSchemeIsRefused() throws {
        let key = try Self.key("rsa-3072.pem")
        let publicKey = try key.publicKey
        let message = Array("message".utf8)
        let schemes = [HashFunction.sha256, .sha384, .sha512].flatMap {
            [SignatureScheme.rsaPKCS1($0), .rsaPSS($0)]
        }
        for made in schemes {
            let signature = try SigningContext(key: key, scheme: made).sign(message.span)
            for scheme in schemes {
                let isValid = try publicKey.isValid(signature.span, for: message.span, scheme: scheme)
                #expect(isValid == (scheme == made), "\(made), \(scheme)")
            }
        }
    }

    @Test("A key of another kind than the scheme's is rejected")
    func aKeyOfAnotherKindIsRefused() throws {
        let key = try Self.key("p256.pem")
        #expect(throws: KeyError.self) { try SigningContext(key: key, scheme: .rsaPKCS1(.sha256)) }
    }

    @Test("A copy of a key signs as the original does")
    func aCopySignsAsTheOriginalDoes() throws {
        let key = try Self.key("rsa-2048.pem")
        let message = Array("message".utf8)
        let first = try SigningContext(key: key, scheme: .rsaPKCS1(.sha256)).sign(message.span)
        #expect(try SigningContext(key: key.copy(), scheme: .rsaPKCS1(.sha256)).sign(message.span) == first)
    }

    @Test("SEC 1 section 4.1.4: a signature that leads to the point at infinity is invalid, and no failure")
    func pointAtInfinity() throws {
        // The private key is 1: the public key is the generator of P-256, SEC 2 section 2.4.2.
        let x = octets("6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296")
        let y = octets("4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5")
        let order = octets("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551")
        let key = try PublicKey(.ellipticCurve(.p256, x: x, y: y))
        let message = Array("message".utf8)
        // With r = order - hash, the sum of both points is zero, whatever s is.
        var r = order
        var borrow = 0
        for (index, octet) in try HashFunction.sha256.digest(of: message.span).enumerated().reversed() {
            let difference = Int(order[index]) - Int(octet) - borrow
            borrow = difference < 0 ? 1 : 0
            r[index] = UInt8(truncatingIfNeeded: difference)
        }
        let signature = r + [UInt8](repeating: 0, count: 31) + [1]
        #expect(try !key.isValid(signature.span, for: message.span, scheme: .ecdsa(.p256, .sha256)))
    }

    @Test("RFC 8032 section 5.1.7: a signature whose S is not below the order of the group is invalid")
    func largeS() throws {
        let order = octets("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010")
        let key = try PrivateKey.generateEd25519()
        let message = Array("message".utf8)
        let signature = try SigningContext(key: key, scheme: .ed25519).sign(message.span)
        #expect(try key.publicKey.isValid(signature.span, for: message.span, scheme: .ed25519))
        // S has 32 octets, little-endian. S and the order together stand for the same number modulo the order.
        var other = signature
        var carry = 0
        for (index, octet) in order.enumerated() {
            let sum = Int(signature[32 + index]) + Int(octet) + carry
            other[32 + index] = UInt8(truncatingIfNeeded: sum)
            carry = sum >> 8
        }
        #expect(carry == 0)
        #expect(try !key.publicKey.isValid(other.span, for: message.span, scheme: .ed25519))
    }

    private func octets(_ hexadecimal: String) -> [UInt8] {
        let digits = Array(hexadecimal)
        return stride(from: 0, to: digits.count, by: 2).compactMap { UInt8(String(digits[$0...($0 + 1)]), radix: 16) }
    }
}
