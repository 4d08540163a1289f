import AccessToken
import JOSE
import LiveState
import OAuth
import ServiceFiles

/// The document of `/console/state.json`. It has no secret, no hash of one and no token, and no identifier that is not
/// registered. Its size is bounded, however many clients there are.
struct ConsoleState {
    let numbers: ConsoleNumbers
    let snapshot: Snapshot
    let reload: ReloadStatus
    /// `nil` if the service does not end TLS.
    let tlsIdentity: TLSIdentity?
    let issuerKeys: IssuerKeySets
    let clients: ConsoleClients

    /// The most keys, and the most issuers, in one answer.
    private static let most = 200

    var json: [UInt8] {
        var writer = JSONWriter(reservingCapacity: 32 * 1024)
        writer.object { object in
            object.name("numbers")
            numbers.write(to: &object)
            writeService(to: &object)
            object.name("keys")
            object.array { array in
                for key in keys { key.write(to: &array) }
            }
            object.name("jwks")
            object.object { set in
                set.name("keys")
                set.array { array in
                    for key in snapshot.keys where key.state != .expired { key.jwk.write(to: &array) }
                }
            }
            object.name("clients")
            clients.write(to: &object)
            writeIssuers(to: &object)
            writeFiles(to: &object)
            if let tlsIdentity {
                object.name("tls")
                object.object { $0.member("expires_at", tlsIdentity.end.seconds) }
            }
        }
        return writer.bytes
    }

    private func writeService(to object: inout JSONWriter) {
        object.name("service")
        object.object { service in
            service.member("issuer", snapshot.configuration.issuer.description)
            service.member("version", Release.version)
            service.member("algorithm", snapshot.policy.algorithm.name)
        }
    }

    /// The keys as a time line shows them, with their states now.
    private var keys: [ConsoleKey] {
        let states = snapshot.keyStates(at: numbers.time)
        func state(_ id: String, _ use: String) -> KeySchedule.State? {
            states.first { $0.keyID == id && $0.use == use }?.state
        }
        let signing = snapshot.keys.suffix(Self.most).map { key in
            ConsoleKey(
                id: key.key.keyID, file: key.key.name.description,
                use: key.key.name.content == .verifying ? "verifying" : "signing", algorithm: key.key.algorithm.name,
                state: state(key.key.keyID, "signing") ?? key.state, since: key.since, until: key.until)
        }
        let sealing = snapshot.sealingKeys.suffix(Self.most).map { key in
            ConsoleKey(
                id: key.key.named.keyID, file: key.key.name.description, use: "sealing", algorithm: nil,
                state: state(key.key.named.keyID, "sealing") ?? key.state, since: key.since, until: key.until)
        }
        return signing + sealing
    }

    private func writeIssuers(to object: inout JSONWriter) {
        let all = snapshot.identities.all.sorted { $0.name < $1.name }
        object.name("issuers")
        object.object { issuers in
            issuers.member("count", Int64(all.count))
            issuers.name("entries")
            issuers.array { array in
                for issuer in all.prefix(Self.most) { write(issuer, to: &array) }
            }
        }
    }

    private func write(_ issuer: TrustedIssuer, to array: inout JSONWriter) {
        let fetches = issuerKeys.fetches(of: issuer)
        array.object { entry in
            entry.member("name", issuer.name)
            entry.member("issuer", issuer.identifier)
            let place =
                switch issuer.keys {
                case .discovery: "discovery"
                case .keySet: "jwks_uri"
                case .bundle: "spiffe_bundle"
                case .fixed: "file"
                }
            entry.member("place", place)
            if let time = fetches?.succeededAt { entry.member("keys_fetched_at", time.seconds) }
            entry.member("failed", .bool(fetches?.hasFailed ?? false))
            entry.member("failures", Int64(fetches?.failureCount ?? 0))
        }
    }

    private func writeFiles(to object: inout JSONWriter) {
        object.name("files")
        object.object { files in
            files.member("read_at", reload.time.seconds)
            files.name("parts")
            files.array { array in
                for part in StatePart.allCases {
                    array.object { entry in
                        entry.member("part", part.rawValue)
                        entry.member("count", Int64(reload.problemCounts[part] ?? 0))
                        entry.name("problems")
                        entry.array { list in
                            for problem in reload.firstProblems[part] ?? [] { problem.write(to: &list) }
                        }
                    }
                }
            }
        }
    }
}

/// A key on the time line.
private struct ConsoleKey {
    let id: String
    let file: String
    let use: String
    let algorithm: String?
    let state: KeySchedule.State
    let since: NumericDate?
    let until: NumericDate?

    func write(to array: inout JSONWriter) {
        array.object { key in
            key.member("kid", id)
            key.member("file", file)
            key.member("use", use)
            if let algorithm { key.member("alg", algorithm) }
            key.member("state", state.rawValue)
            if let since { key.member("from", since.seconds) }
            if let until { key.member("until", until.seconds) }
        }
    }
}

extension Problem {
    fileprivate func write(to array: inout JSONWriter) {
        array.object { entry in
            entry.member("place", place.description)
            entry.member("message", message)
            if let hint { entry.member("hint", hint) }
        }
    }
}
