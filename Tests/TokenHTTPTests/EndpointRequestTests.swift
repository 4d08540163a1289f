import HTTPEdge
import NIOCore
import NIOHTTP1
import OAuth
import ServiceFiles
import Testing

@testable import TokenHTTP

/// What an endpoint is given of a request.
@Suite struct EndpointRequestTests {
    @Test("The certificate of the client is that of its connection, whatever a field says, and the others are kept")
    func certificate() throws {
        for presented in [[[1, 2], [3]], [[1]], []] as [[[UInt8]]] {
            let request = Request(
                .POST, .path("/oauth2/token", query: nil), fields: ["Client-Cert": ":AA==:"],
                content: .whole(ByteBuffer()), peer: Peer(address: nil, certificates: presented))
            let certificate = try TrustedProxies(.none).certificate(of: nil, request.peer.certificates) {
                request.fields[$0]
            }
            let received = try EndpointRequest(
                receiving: request, at: "https://a.example/oauth2/token", from: nil, certificate: certificate)
            #expect(received.certificate?.der == presented.first)
            #expect(received.certificate?.intermediates ?? [] == Array(presented.dropFirst()))
        }
    }
}
