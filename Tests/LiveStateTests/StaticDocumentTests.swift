import TestSupport
import Testing

@testable import LiveState

@Suite("RFC 9110 section 13.1.2: If-None-Match")
struct StaticDocumentTests {
    private let document: StaticDocument
    private let tag: String

    init() throws {
        document = try StaticDocument(Array("{}".utf8), mediaType: "application/json", maximumAge: .seconds(60))
        tag = document.entityTag
    }

    @Test("A client has the document if one of its tags is the document's, strong or weak, or if it sends a star")
    func matches() {
        for field in [
            tag, "W/\(tag)", " \(tag)\t", "\"a\", \(tag)", "\"a\",W/\"b\" ,\t\(tag),\"c\"", "\"a,b\", \(tag)",
            "\"\", \(tag)",
            "\"a\",, \(tag)", "\"*\", \(tag)", "*", " * ",
        ] {
            #expect(document.isCurrent(ifNoneMatch: field), "\(field)")
        }
    }

    @Test("Any other field is not a match")
    func doesNotMatch() {
        let opaque = tag.dropFirst().dropLast()
        #expect(!document.isCurrent(ifNoneMatch: nil))
        for field in [
            "", " ", ",", "\"a\"", "w/\(tag)", "W/ \(tag)", String(opaque), String(tag.dropLast()), "\"\(opaque)x\"",
            "\"\(opaque) \"", "\"x,*,y\"", "\"x,\(opaque),y\"", "\"a\" \(tag)", "\"a\", *", "**", "a, \(tag)", "\"",
            "W/",
            "\"a\",", "\"a\";\(tag)",
        ] {
            #expect(!document.isCurrent(ifNoneMatch: field), "\(field)")
        }
    }

    @Test("Tags and separators are octets", arguments: UnicodeMarks.all)
    func takesApartByOctets(mark: String) {
        #expect(document.isCurrent(ifNoneMatch: "\"a\(mark)\", \(tag)"))
        #expect(document.isCurrent(ifNoneMatch: "\"\(mark)a\",\(tag), \(mark)"))
        for field in [
            "\(mark)\(tag)", "\(tag.dropLast())\(mark)\"", "\"\(mark)\(tag.dropFirst())", "W\(mark)/\(tag)",
            "W/\(mark)\(tag)",
            "*\(mark)", "\(mark)*", "\"a\"\(mark),\(tag)", "\"a\",\(mark)\(tag)",
        ] {
            #expect(!document.isCurrent(ifNoneMatch: field), "\(field)")
        }
    }

    @Test("The first 64 tags are compared, and the work is proportional to the length of the field")
    func isBounded() {
        let others = String(repeating: "\"a\",", count: 63)
        #expect(document.isCurrent(ifNoneMatch: others + tag))
        #expect(!document.isCurrent(ifNoneMatch: others + "\"a\"," + tag))
        for part in ["a,", "\"a\",", ",", "\"", "W/", " ", "\"a\" ,", "*"] {
            let growth = Effort.growth({ String(repeating: part, count: $0) }, from: 1000) {
                _ = document.isCurrent(ifNoneMatch: $0)
            }
            #expect(growth < 64, "\(part)")
        }
    }
}
