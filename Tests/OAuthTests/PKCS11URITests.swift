import AccessToken
import TestSupport
import Testing
import WireText

@testable import OAuth

@Suite struct PKCS11URITests {
    private static func uri(_ text: String) throws -> PKCS11URI { try PKCS11URI(Octets(text)) }

    private static func refusal(of text: String) -> String? {
        do throws(InvalidValue) { _ = try PKCS11URI(Octets(text)) } catch { return error.description }
        return nil
    }

    /// Pairs of a URI and its normal form.
    static let accepted = [
        // RFC 7512 section 3, the examples that name a private key or a token.
        ("pkcs11:slot-description=Sun%20Metaslot", "pkcs11:slot-description=Sun%20Metaslot"),
        (
            "pkcs11:token=My%20token%25%20created%20by%20Joe;library-version=3;id=%01%02%03%Ba%dd%Ca%fe%04%05%06",
            "pkcs11:token=My%20token%25%20created%20by%20Joe;library-version=3;id=%01%02%03%BA%DD%CA%FE%04%05%06;type=private"
        ),
        // The same without the query, which is refused.
        ("pkcs11:object=my-key;type=private", "pkcs11:object=my-key;type=private"),
        ("pkcs11:object=my-sign-key;type=private", "pkcs11:object=my-sign-key;type=private"),
        (
            "pkcs11:token=Software%20PKCS%2311%20softtoken;manufacturer=Snake%20Oil,%20Inc.?",
            "pkcs11:token=Software%20PKCS%2311%20softtoken;manufacturer=Snake%20Oil%2C%20Inc."
        ),
        (
            "pkcs11:token=The%20Software%20PKCS%2311%20Softtoken;manufacturer=Snake%20Oil,%20Inc.;model=1.0;"
                + "object=my-certificate;id=%69%95%3E%5C%F4%BD%EC%91;serial=",
            "pkcs11:token=The%20Software%20PKCS%2311%20Softtoken;manufacturer=Snake%20Oil%2C%20Inc.;model=1.0;serial=;"
                + "object=my-certificate;id=%69%95%3E%5C%F4%BD%EC%91;type=private"
        ),
        (
            "pkcs11:token=A%20name%20with%20a%20substring%20%25%3B;object=k",
            "pkcs11:token=A%20name%20with%20a%20substring%20%25%3B;object=k;type=private"
        ),
        (
            "pkcs11:token=Name%20with%20a%20small%20A%20with%20acute:%20%C3%A1;object=k",
            "pkcs11:token=Name%20with%20a%20small%20A%20with%20acute%3A%20%C3%A1;object=k;type=private"
        ),
        // And what the RFC has no example of.
        ("PKCS11:id=abc;token=t", "pkcs11:token=t;id=%61%62%63;type=private"),
        ("pkcs11:token=t;type=private", "pkcs11:token=t"),
        ("pkcs11:slot-id=007", "pkcs11:slot-id=7"),
        ("pkcs11:id=%00%ff", "pkcs11:id=%00%FF;type=private"),
        ("pkcs11:token=a%D8%80%CC%81%E2%84%AA", "pkcs11:token=a%D8%80%CC%81%E2%84%AA"),
    ]

    @Test("RFC 7512: a URI of a token or a private key is read, and written in its normal form", arguments: accepted)
    func writesTheNormalForm(text: String, normal: String) throws {
        let uri = try Self.uri(text)
        #expect(uri.description == normal)
        #expect(try Self.uri(normal) == uri)
        #expect(try KeyURI(text) == .pkcs11(uri))
    }

    /// Pairs of a URI and a part of the reason.
    static let refused = [
        // RFC 7512 section 3, the examples that name other objects, or have a query.
        ("pkcs11:", "neither a token nor a key"),
        ("pkcs11:object=my-pubkey;type=public", "type is not private"),
        ("pkcs11:object=my-key;type=private?pin-source=file:/etc/token", "pkcs11.pin_file"),
        ("pkcs11:object=my-sign-key;type=private?module-name=mypkcs11", "pkcs11.module"),
        ("pkcs11:object=my-sign-key;type=private?module-path=/mnt/libmypkcs11.so.1", "pkcs11.module"),
        ("pkcs11:token=t;manufacturer=Snake%20Oil,%20Inc.?pin-value=the-pin", "pkcs11.pin_file"),
        ("pkcs11:token=t?module-path=/m&pin-value=the-pin", "pkcs11.pin_file"),
        ("pkcs11:token=t?vendor-bbb=value-b", "a query"),
        (
            "pkcs11:library-manufacturer=Snake%20Oil,%20Inc.;library-description=Soft%20Token%20Library;library-version=1.23",
            "neither a token nor a key"
        ),
        ("pkcs11:token=t;object=my-certificate;type=cert", "type is not private"),
        ("pkcs11:token=my-token;object=my-certificate;vendor-aaa=value-a", "not known"),
        ("pkcs11:token=t;x-vendor=v", "not known"),
        // And what its section 2.3 does not allow.
        ("pkcs11", "no pkcs11: URI"),
        ("pkcs12:token=t", "no pkcs11: URI"),
        ("pkcs11:token=t;token=t", "twice: token"),
        ("pkcs11:token=t;type=private;type=private", "type twice"),
        ("pkcs11:Token=t", "not known"),
        ("pkcs11:token", "without a value"),
        ("pkcs11:token=t;", "without a value"),
        (";token=t", "no pkcs11: URI"),
        ("pkcs11:;token=t", "without a value"),
        ("pkcs11:token=a b", "must be percent-encoded"),
        ("pkcs11:token=a/b", "must be percent-encoded"),
        ("pkcs11:token=a#b", "must be percent-encoded"),
        ("pkcs11:token=a\nb", "must be percent-encoded"),
        ("pkcs11:token=\u{E1}", "must be percent-encoded"),
        ("pkcs11:token=%", "hexadecimal"),
        ("pkcs11:token=%4", "hexadecimal"),
        ("pkcs11:token=%4g", "hexadecimal"),
        ("pkcs11:id=%%41", "hexadecimal"),
        ("pkcs11:token=a%00", "not text: token"),
        ("pkcs11:object=%FF", "not text: object"),
        ("pkcs11:id=", "empty id"),
        ("pkcs11:slot-id=", "not a number"),
        ("pkcs11:slot-id=-1", "not a number"),
        ("pkcs11:slot-id=%D9%A1", "not a number"),
        ("pkcs11:slot-id=99999999999999999999", "not a number"),
        ("pkcs11:token=t;library-version=1.", "1.23"),
        ("pkcs11:token=t;library-version=1.2.3", "1.23"),
        ("pkcs11:token=t;library-version=", "1.23"),
        ("pkcs11:token=" + String(repeating: "t", count: 4096), "4096"),
    ]

    @Test("RFC 7512 section 2.3: any other URI is refused with its reason, which repeats no value", arguments: refused)
    func refuses(text: String, reason: String) throws {
        let refusal = try #require(Self.refusal(of: text))
        #expect(Octets(refusal).parts(between: " ").count > 1)
        #expect(refusal.contains(reason))
        for value in ["the-pin", "/etc/token", "mypkcs11", "/mnt/", "value-"] { #expect(!refusal.contains(value)) }
    }

    @Test(
        "A character that joins with a separator, or looks like one, changes no attribute", arguments: UnicodeMarks.all)
    func readsOctets(mark: String) {
        for separator: Unicode.Scalar in [";", "=", ":"] {
            for text in UnicodeMarks.variants(of: "pkcs11:token=t;object=k", at: separator, with: mark) {
                #expect(Self.refusal(of: text) != nil, "\(text.debugDescription)")
            }
        }
    }

    @Test("A bare NUL is refused, and an encoded one stands in an id alone")
    func refusesNUL() throws {
        #expect(Self.refusal(of: "pkcs11:token=a\0b")?.contains("must be percent-encoded") == true)
        #expect(Self.refusal(of: "pkcs11:id=\0")?.contains("must be percent-encoded") == true)
        #expect(try Self.uri("pkcs11:id=%00")[.id] == [0])
    }

    @Test("Labels that Unicode takes for equal are different keys")
    func comparesOctets() throws {
        #expect(try Self.uri("pkcs11:object=%C3%A1") != Self.uri("pkcs11:object=a%CC%81"))
        #expect(try Self.uri("pkcs11:object=K") != Self.uri("pkcs11:object=%E2%84%AA"))
    }

    @Test("The token of a key is the same URI without what names the key")
    func namesTheToken() throws {
        let key = try Self.uri("pkcs11:token=t;serial=1;object=k;id=%01")
        #expect(key.namesKey && key.namesToken)
        #expect(key.token.description == "pkcs11:token=t;serial=1")
        #expect(!key.token.namesKey)
        #expect(try !Self.uri("pkcs11:object=k").namesToken)
    }
}
