import ServiceFiles
import SystemPackage
import TestSupport
import Testing

@Suite struct SecretTextTests {
    @Test(
        "A secret has no byte order mark and no line ends around it",
        arguments: [
            ("secret", "secret"), ("secret\n", "secret"), ("secret\r\n\n", "secret"), ("\nsecret", "secret"),
            ("\u{FEFF}secret\n", "secret"), ("se\ncret", "se\ncret"), (" secret ", " secret "), ("", ""), ("\n", ""),
            ("secret\u{2028}", "secret\u{2028}"), ("\r\u{301}secret", "\u{301}secret"),
        ])
    func dropsLineEnds(text: String, secret: String) {
        #expect(SecretFile.withoutLineEnds(text).utf8.elementsEqual(secret.utf8))
    }
}
