import CPKCS11
import Libcrypto
import OAuth
import Testing

@testable import PKCS11

@Suite struct ParsingTests {
    private static let x = [UInt8](repeating: 1, count: 48)
    private static let y = [UInt8](repeating: 2, count: 48)

    @Test(
        "A point is read in an OCTET STRING and bare, and only in its full length", arguments: CurveParameters.allCases)
    func readsPoints(curve: CurveParameters) throws {
        #expect(CurveParameters(curve.der) == curve)
        let bare: [UInt8]
        let components: PublicKeyComponents
        switch curve {
        case .p256:
            (bare, components) = (
                [4] + Self.x.prefix(32) + Self.y.prefix(32),
                .ellipticCurve(.p256, x: Array(Self.x.prefix(32)), y: Array(Self.y.prefix(32)))
            )
        case .p384: (bare, components) = ([4] + Self.x + Self.y, .ellipticCurve(.p384, x: Self.x, y: Self.y))
        case .ed25519: (bare, components) = (Array(Self.x.prefix(32)), .ed25519(Array(Self.x.prefix(32))))
        }
        #expect(curve.components(of: bare) == components)
        #expect(curve.components(of: [4, UInt8(bare.count)] + bare) == components)
        let wrongs: [[UInt8]] = [
            [], [4], Array(bare.dropLast()), bare + [0], [4, UInt8(bare.count)] + bare.dropLast(),
            [4, UInt8(bare.count - 1)] + bare, [3, UInt8(bare.count)] + bare, [4, UInt8(bare.count)] + bare + [0],
        ]
        for wrong in wrongs {
            #expect(curve.components(of: wrong) == nil)
        }
        // A compressed point.
        if curve != .ed25519 { #expect(curve.components(of: [2] + bare.dropFirst()) == nil) }
    }

    @Test("Other curves are not known")
    func refusesOtherCurves() {
        #expect(CurveParameters([0x06, 0x05, 0x2B, 0x81, 0x04, 0x00, 0x23]) == nil)
        #expect(CurveParameters([]) == nil)
        #expect(CurveParameters(CurveParameters.edwards25519) == .ed25519)
    }

    @Test("Each value of a template begins at a multiple of eight octets")
    func alignsValues() {
        var template = AttributeTemplate()
        template.add(CKA_SIGN, true)
        template.add(CKA_ID, [1, 2, 3, 4, 5, 6, 7, 8, 9])
        template.add(CKA_LABEL, [UInt8]())
        template.add(CKA_CLASS, CKO_PRIVATE_KEY)
        #expect(template.types == [CKA_SIGN, CKA_ID, CKA_LABEL, CKA_CLASS])
        #expect(template.lengths == [1, 9, 0, 8])
        #expect(template.values.count == 32)
        #expect(template.values[8..<17] == [1, 2, 3, 4, 5, 6, 7, 8, 9])
        #expect(template.values[24] == UInt8(CKO_PRIVATE_KEY))
    }

    @Test("A template with more than 16 attributes is refused, and none is left out")
    func refusesLongTemplates() throws {
        let cryptoki = try TokenScene.load()
        var template = AttributeTemplate()
        for _ in 0..<17 { template.add(CKA_SIGN, true) }
        var failures: [TokenFailure] = []
        do throws(TokenFailure) { _ = try cryptoki.objects(template, in: 1) } catch { failures.append(error) }
        do throws(TokenFailure) {
            _ = try cryptoki.generateKeyPair(
                CKM_EC_KEY_PAIR_GEN, publicHalf: AttributeTemplate(), privateHalf: template, in: 1)
        } catch { failures.append(error) }
        #expect(failures.count == 2 && failures.allSatisfy { $0.has(CKR_ARGUMENTS_BAD) })
    }

    @Test("A refusal by the token has a hint", arguments: 0...0x200 as ClosedRange<UInt>)
    func hasHints(value: UInt) {
        let error = TokenFailure("C_Sign", value).error
        #expect(error.hint != nil || error.code == .unavailable, "\(ReturnValue(value))")
    }

    @Test("Every return value of PKCS#11 2.40 has its name")
    func namesValues() {
        #expect(ReturnValue(CKR_OK).description == "CKR_OK")
        #expect(ReturnValue(0x32).description == "CKR_DEVICE_REMOVED")
        #expect(ReturnValue(0x200).description == "CKR_FUNCTION_REJECTED")
        #expect(ReturnValue(0x1234_5678).description == "CKR 0x12345678")
    }
}
