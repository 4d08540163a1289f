package import AccessToken
import Foundation
package import JOSE
import Libcrypto
package import OAuth
import Synchronization

/// Makes signatures, behind bounded queues in which clients take turns. A job that cannot be done in time is refused at
/// once.
///
/// Quick signatures are made by workers, which the event loops drive between their other work; slow ones, of RSA keys with
/// more than 2048 bits, by threads, so that no event loop waits for one. Without workers, threads make all of them. Each
/// worker and each thread has its own copy of the key. Signatures with keys that stay in other places are made there.
package final class SignerPool: Sendable {
    private let quick: SigningQueue
    private let slow: SigningQueue
    private let remote: RemoteSigning
    private let reportWait: @Sendable (Duration) -> Void
    private let signers: Mutex<[Signer]>
    /// For signatures that do not wait in a queue.
    private let ownSigner = Signer()

    /// A pool of threads.
    ///
    /// - Parameters:
    ///   - threadCount: as many as there are cores, usually.
    ///   - wait: how long a signature may wait at the current pace.
    ///   - remote: for keys that stay in other places.
    ///   - reportWait: called with the time that each job has waited.
    package convenience init(
        threadCount: Int, wait: Duration, remote: RemoteSigning = .none,
        reportWait: @escaping @Sendable (Duration) -> Void = { _ in }
    ) {
        let queue = SigningQueue(.wait(wait, threadCount: max(threadCount, 1)))
        self.init(quick: queue, slow: queue, remote: remote, reportWait: reportWait)
        startThreads(max(threadCount, 1))
    }

    /// A pool of workers, and of as many threads for slow keys.
    ///
    /// - Parameters:
    ///   - workerCount: how many workers will be made, at least 1; as many as there are event loops.
    ///   - wait: how long a signature may wait at the current pace.
    ///   - remote: for keys that stay in other places.
    ///   - reportWait: called with the time that each job has waited.
    ///   - wakeWorkers: called when a job was added for the workers, with the number of jobs that wait.
    package convenience init(
        workerCount: Int, wait: Duration, remote: RemoteSigning = .none,
        reportWait: @escaping @Sendable (Duration) -> Void,
        wakeWorkers: @escaping @Sendable (_ waitingCount: Int) -> Void
    ) {
        let count = max(workerCount, 1)
        self.init(
            quick: SigningQueue(.wait(wait, threadCount: count), onAdd: wakeWorkers),
            slow: SigningQueue(.wait(wait, threadCount: count), signature: Self.slowSignature),
            remote: remote, reportWait: reportWait)
        startThreads(count)
    }

    /// A pool without threads: the caller takes the jobs from the queue.
    convenience init(_ queue: SigningQueue) {
        self.init(quick: queue, slow: queue, remote: .none, reportWait: { _ in })
    }

    private init(
        quick: SigningQueue, slow: SigningQueue, remote: RemoteSigning,
        reportWait: @escaping @Sendable (Duration) -> Void
    ) {
        self.remote = remote
        self.quick = quick
        self.slow = slow
        self.reportWait = reportWait
        signers = Mutex([ownSigner])
    }

    private func startThreads(_ count: Int) {
        for number in 1...count {
            let signer = makeSigner()
            let thread = Thread { [slow, reportWait] in
                while let job = slow.next() { signer.perform(job, reportWait) }
            }
            thread.name = "signer-\(number)"
            thread.start()
        }
    }

    /// A worker for one event loop.
    package func makeWorker() -> SigningWorker { SigningWorker(quick, makeSigner(), reportWait) }

    private func makeSigner() -> Signer {
        let signer = Signer()
        signers.withLock { $0.append(signer) }
        return signer
    }

    /// Those of all workers and threads.
    var allSigners: [Signer] { signers.withLock { $0 } }

    /// Drops the copies of all other keys at once, also those of workers and threads that have nothing to sign.
    package func keep(only keys: [SigningKey]) {
        for signer in allSigners { signer.keep(only: keys.compactMap(\.privateKey)) }
    }

    /// How many signatures wait.
    package var waitingCount: Int { quick === slow ? quick.waitingCount : quick.waitingCount + slow.waitingCount }

    /// How many signatures may wait at the current pace.
    package var capacity: Int { quick.capacity }

    deinit {
        quick.close()
        slow.close()
    }

    /// The signature of `key` over `input`.
    ///
    /// - Parameter client: the client whose turn it takes.
    /// - Throws: ``SigningError/queueFull`` if it cannot be made in time: at once, or when a client with fewer jobs in
    ///   the queue needs the room.
    package func sign(
        _ input: JWSSigningInput, with key: SigningKey, for client: ClientID
    ) async throws(SigningError) -> [UInt8] {
        switch key.holder {
        case .process(let own):
            let queue = Self.isSlow(own) ? slow : quick
            let result: Result<[UInt8], SigningError> = await withCheckedContinuation { continuation in
                queue.add(
                    SigningJob(
                        client: client, message: input.octets, key: own, scheme: key.scheme,
                        continuation: continuation))
            }
            return try result.get()
        case .place(let remoteKey): return try await sign(input, with: remoteKey, key.algorithm, for: client)
        }
    }

    /// Signs for the service itself, such as a status list. A key of this process signs without a turn in the queue, on a thread
    /// that answers no requests.
    package func signForService(
        _ input: JWSSigningInput, with key: SigningKey
    ) async throws(SigningError) -> [UInt8] {
        switch key.holder {
        case .process(let own):
            return try await signElsewhere(input.octets, with: own, key.scheme)
        case .place(let remoteKey):
            return try await sign(input, with: remoteKey, key.algorithm, for: nil)
        }
    }

    @concurrent
    private func signElsewhere(
        _ message: [UInt8], with key: PrivateKey, _ scheme: SignatureScheme
    ) async throws(SigningError) -> [UInt8] {
        do throws(KeyError) { return try ownSigner.signature(over: message, with: key, scheme) } catch {
            throw .failed(error)
        }
    }

    private func sign(
        _ input: JWSSigningInput, with key: RemoteKey, _ algorithm: SignatureAlgorithm, for client: ClientID?
    ) async throws(SigningError) -> [UInt8] {
        do throws(RemoteKeyError) {
            return try await remote.signature(over: input.octets, with: key, algorithm, for: client)
        } catch {
            throw error.code == .overloaded ? .queueFull : .unavailable(error)
        }
    }

    /// The time of a signature with 4096 bits on a slow processor.
    private static let slowSignature: Duration = .milliseconds(6)

    /// Whether a signature takes more than about a millisecond.
    private static func isSlow(_ key: PrivateKey) -> Bool {
        if case .rsa(let bits) = key.type { bits > 2048 } else { false }
    }
}

/// Makes signatures on the thread of one event loop.
package final class SigningWorker {
    private let queue: SigningQueue
    private let reportWait: @Sendable (Duration) -> Void
    private let signer: Signer

    init(_ queue: SigningQueue, _ signer: Signer, _ reportWait: @escaping @Sendable (Duration) -> Void) {
        self.queue = queue
        self.signer = signer
        self.reportWait = reportWait
    }

    /// Whether jobs wait.
    package var hasWork: Bool { queue.waitingCount > 0 }

    /// Makes signatures for about this time, and at least one if any waits.
    ///
    /// - Returns: whether more jobs may wait.
    package func work(for time: Duration) -> Bool {
        let end = ContinuousClock.now + time
        while let job = queue.nextIfAny() {
            signer.perform(job, reportWait)
            if ContinuousClock.now >= end { return true }
        }
        return false
    }
}
