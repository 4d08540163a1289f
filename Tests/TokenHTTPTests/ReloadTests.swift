import AccessToken
import Foundation
import Logging
import OAuth
import TestSupport
import Testing

@testable import TokenHTTP

@Suite struct ReloadTests {
    @Test func aChangeTakesEffectWhole() throws {
        let fixture = try ServiceFixture()
        let store = SnapshotStore(try fixture.snapshot())
        let reload = ReloadService(fixture.configuration, snapshots: store, logger: .silent)
        let text = try fixture.folder.read("clients.yaml")
        try fixture.folder.write(text.replacing("reporting", with: "renamed"), to: "clients.yaml")
        reload.reload()
        #expect(store.current.clients[try ClientID("renamed")] != nil)
        #expect(store.current.clients[try ClientID("reporting")] == nil)
    }

    @Test(arguments: ["clients: [", "", "clients:\n  - client_id: a\n"]) func aBrokenFileChangesNothing(text: String)
        throws
    {
        let fixture = try ServiceFixture()
        let store = SnapshotStore(try fixture.snapshot())
        try fixture.folder.write(text, to: "clients.yaml")
        ReloadService(fixture.configuration, snapshots: store, logger: .silent).reload()
        #expect(store.current.clients.count == 3)
    }

    @Test func aBrokenKeyChangesNothing() throws {
        let fixture = try ServiceFixture()
        let store = SnapshotStore(try fixture.snapshot())
        let keyID = store.current.signingKey.keyID
        try fixture.folder.write("half", to: "keys/first.pem")
        ReloadService(fixture.configuration, snapshots: store, logger: .silent).reload()
        #expect(store.current.signingKey.keyID == keyID)
    }
}
