import AccessToken
import Foundation
import JOSE
import Libcrypto
import Logging
import OAuth
import ServiceFixture
import SystemPackage
import TestSupport
import Testing

@testable import LiveState
@testable import ServiceFiles

/// `keys_rotation`
@Suite struct AutomaticRotationTests {
    private let folder: TemporaryFolder
    private let keys: KeysFolder
    private let now = NumericDate(1_795_426_200)
    private let logger = Logger(label: "silent") { _ in SwiftLogNoOpLogHandler() }

    init() throws {
        folder = try TemporaryFolder()
        keys = KeysFolder(FilePath(folder.path("keys")), algorithm: .es256)
    }

    private var files: [String] {
        (try? FileManager.default.contentsOfDirectory(atPath: folder.path("keys")).sorted())?.filter {
            $0 != FolderLock.fileName
        } ?? []
    }

    /// A key that signs from `start`.
    private func generate(start: NumericDate) throws -> NamedKey {
        try keys.locked { try keys.signing.generate(start: BasicTime(start)) }
    }

    @Test("A key is removed after it has been expired for an hour without interruption")
    func whatHasBeenExpiredForAnHourIsRemoved() throws {
        let plan = try RotationPlan(every: .seconds(86400), announce: .seconds(600))
        let lifetimes = TokenLifetimes(accessToken: .seconds(900), refreshToken: .seconds(900))
        let (first, second) = (
            try generate(start: now), try generate(start: now + .seconds(400))
        )
        for key in [first, second] { try folder.setTime(of: "keys/\(key.name)", toSecondsSince1970: now.seconds) }
        var rotation = AutomaticRotation(of: keys.signing, logger: logger)
        let late = now + .seconds(10_000)
        let loaded = try keys.load()
        let uptime = ContinuousClock.now
        func step(_ now: NumericDate, after seconds: Int) {
            _ = rotation.step(plan, keys: loaded, lifetimes: lifetimes, now: now, uptime: uptime + .seconds(seconds))
        }
        let both = [first.name.description, second.name.description]
        step(late, after: 0)
        step(late, after: 3599)
        #expect(files == both)
        // The clock is right again for a moment.
        step(now, after: 3600)
        step(late, after: 3601)
        step(late, after: 7200)
        #expect(files == both)
        step(late, after: 7201)
        #expect(files == [both[1]])
    }

    @Test("A key that follows one in another place is made there, and not before a file can be written")
    func remote() throws {
        let places = KeysFolder(keys.path, algorithm: .es256, places: [.pkcs11])
        try places.path.createFolder(.ownerReadWriteExecute)
        let uri = try KeyURI("pkcs11:token=writ;object=a")
        let first = RemoteKey(uri, try PrivateKey.generate(on: .p256).publicKey)
        _ = try places.signing.generateNext(remote: first, now: now)
        let plan = try RotationPlan(every: .seconds(86400), announce: .seconds(600))
        let lifetimes = TokenLifetimes(accessToken: .seconds(900), refreshToken: .seconds(900))
        let loaded = try places.load()
        let written = NumericDate(Int64(Date.now.timeIntervalSince1970))
        var rotation = AutomaticRotation(of: places.signing, logger: logger)
        let early = rotation.step(plan, keys: loaded, lifetimes: lifetimes, now: written, uptime: .now)
        #expect(early?.uri == nil)
        let due = written + .seconds(86000)
        let predecessor = rotation.step(plan, keys: loaded, lifetimes: lifetimes, now: due, uptime: .now)
        #expect(predecessor?.uri == uri)
        // No key was made in a file.
        #expect(files == ["es256.key-uri", "es256.pub.pem"])
        let next = RemoteKey(uri, try PrivateKey.generate(on: .p256).publicKey)
        let follows = [1, 2].map { _ in rotation.finish(plan, with: next, keys: loaded, now: due) }
        // The second is that of another replica.
        #expect(follows == [true, false])
        #expect(files.count == 4)
    }

    @Test("keys_rotation makes both signing and sealing keys")
    func rotationByItselfConcernsBothChains() throws {
        let fixture = try ServiceFixture()
        let folder = fixture.configuration.keys
        let plan = try RotationPlan(every: .seconds(3600), announce: .seconds(600))
        let lifetimes = fixture.configuration.lifetimes(of: [])
        let late = ServiceFixture.now + .seconds(10 * 366 * 86400)
        for chain in [folder.signing, folder.sealing] {
            var rotation = AutomaticRotation(of: chain, logger: logger)
            let predecessor = rotation.step(
                plan, keys: try folder.load(), lifetimes: lifetimes, now: late, uptime: .now)
            #expect(predecessor?.uri == nil)
        }
        #expect(try folder.load().count == 2)
        #expect(try folder.loadSealing().count == 2)
    }
}
