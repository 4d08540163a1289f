import AccessToken
import Testing

@testable import RemoteKeys

@Suite struct CertificateDiagnosisTests {
    private static let now = NumericDate(1_900_000_000)

    private static func time(_ start: Int64, _ end: Int64) -> ValidityTime {
        ValidityTime(NumericDate(now.seconds + start), NumericDate(now.seconds + end))
    }

    @Test(
        "A certificate that does not verify is reported by what is wrong with it",
        arguments: [
            ([time(-10, 10)], "its certificate is not signed by a trusted authority"),
            ([], "its certificate is not signed by a trusted authority"),
            ([time(-10, -1)], "its certificate expired on 2030-03-17T17:46:39Z"),
            ([time(1, 10)], "its certificate is not valid before 2030-03-17T17:46:41Z"),
            ([time(-10, 10), time(-10, -1)], "a certificate of its chain expired on 2030-03-17T17:46:39Z"),
            ([time(-10, -1), time(1, 2)], "its certificate expired on 2030-03-17T17:46:39Z"),
        ] as [([ValidityTime], String)])
    func namesTheReason(chain: [ValidityTime], reason: String) {
        #expect(CertificateDiagnosis.reason(chain, now: Self.now) == reason)
    }
}
