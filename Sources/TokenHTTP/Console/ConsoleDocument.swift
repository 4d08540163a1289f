import ConsoleResources
import HTTPEdge
import JOSE
import Libcrypto
import NIOCore
import NIOHTTP1
import WireText

/// The page of the console: one document with its style and its script, and with the policy that allows nothing else.
struct ConsoleDocument: Sendable {
    /// The whole document.
    let body: ByteBuffer
    /// `Content-Security-Policy`
    let policy: String

    private static let openingOfStyle = Array("<style>".utf8)
    private static let openingOfScript = Array("<script>".utf8)

    /// Puts style and script into the document, and computes their hashes.
    ///
    /// - Throws: if libcrypto cannot hash.
    init(
        document: [UInt8] = ConsolePage.document, style: [UInt8] = ConsolePage.style,
        script: [UInt8] = ConsolePage.script
    ) throws(LibcryptoError) {
        let parts = [(Self.openingOfStyle, style), (Self.openingOfScript, script)]
        body = ByteBuffer(
            bytes: parts.reduce(document) { document, part in
                let (opening, content) = part
                guard let place = document.firstRange(of: opening) else { return document }
                return document[..<place.upperBound] + content + document[place.upperBound...]
            })
        policy = [
            "default-src 'none'", "script-src \(try Self.source(script))", "style-src \(try Self.source(style))",
            "img-src data:", "connect-src 'self'", "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'",
            "require-trusted-types-for 'script'", "trusted-types 'none'",
        ].joined(separator: "; ")
    }

    /// A hash as CSP Level 3 section 2.3.1 writes it: of the content of the element, as it stands in the document.
    private static func source(_ content: [UInt8]) throws(LibcryptoError) -> String {
        "'sha256-\(Base64.encode(try HashFunction.sha256.digest(of: content.span)))'"
    }

    var response: Response {
        Response.ofConsole(body, mediaType: "text/html; charset=utf-8", policy: policy)
    }
}

extension Response {
    /// A response of the console: no cache stores it, no page of another origin reads or frames it, and no other page
    /// learns of it.
    static func ofConsole(
        _ content: ByteBuffer, status: HTTPResponseStatus = .ok, mediaType: String,
        policy: String = "default-src 'none'; frame-ancestors 'none'"
    ) -> Response {
        Response(
            status,
            fields: [
                "Content-Type": mediaType, "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff",
                "Referrer-Policy": "no-referrer", "Cross-Origin-Opener-Policy": "same-origin",
                "Cross-Origin-Resource-Policy": "same-origin", "Content-Security-Policy": policy,
            ], content: content)
    }
}
