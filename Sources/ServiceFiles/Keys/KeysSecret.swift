import AccessToken
import Foundation
package import JOSE
import Libcrypto
import OAuth
import SystemPackage
import WireText

/// A Kubernetes Secret that holds the files of a keys folder. It is read and written as JSON; no key is written to a file.
package struct KeysSecret: Sendable {
    /// Stands for a folder in messages.
    static let place = "standard input"
    /// The largest Secret in octets. etcd takes 1.5 MiB at most.
    package static let maximumSize = 4 << 20
    /// `kubectl apply` leaves a copy of everything that was applied here, private keys included.
    private static let lastApplied = "kubectl.kubernetes.io/last-applied-configuration"

    /// All members as they were read.
    private let manifest: JSONObject
    /// `data`: names of files, and their contents in base64.
    private(set) var files: [JSONObject.Member]
    /// When the Secret was last changed; `nil` if it does not say so.
    let changed: NumericDate?

    /// - Parameter text: the JSON of `kubectl get secret NAME --output json --show-managed-fields`.
    /// - Throws: if it is no Secret that can be replaced.
    package init(reading text: [UInt8]) throws(InvalidConfiguration) {
        guard let manifest = (try? JSONReader.read(text))?.object, manifest["kind"]?.string == "Secret" else {
            throw Self.problem(
                "is not a Secret of Kubernetes as JSON",
                hint: "kubectl get secret NAME --output json --show-managed-fields prints it")
        }
        guard manifest["immutable"] != .bool(true) else {
            throw Self.problem("is an immutable Secret, which Kubernetes does not replace")
        }
        self.manifest = manifest
        files = manifest["data"]?.object?.members ?? []
        // creationTimestamp is no substitute: a key that was added later could be taken for expired.
        let fields = manifest["metadata"]?.object?["managedFields"]?.array ?? []
        changed = fields.compactMap { $0.object?["time"]?.string }.compactMap { try? NumericDate(rfc3339: $0) }.max()
    }

    /// The Secret with the present files. Everything else is as it was, resourceVersion included; only the copy that
    /// `kubectl apply` keeps is dropped.
    package var json: JSONValue {
        let members = manifest.members.map { member in
            switch member.name {
            case "data": JSONObject.Member("data", .object(JSONObject(files)))
            case "metadata": JSONObject.Member("metadata", Self.withoutCopy(member.value))
            default: member
            }
        }
        return .object(JSONObject(members))
    }

    private static func withoutCopy(_ metadata: JSONValue) -> JSONValue {
        guard let members = metadata.object?.members else { return metadata }
        return .object(
            JSONObject(
                members.map { member in
                    guard member.name == "annotations", let annotations = member.value.object else { return member }
                    return JSONObject.Member(
                        member.name, .object(JSONObject(annotations.members.filter { $0.name != lastApplied })))
                }))
    }

    /// The names of the files that hold keys.
    ///
    /// - Throws: all names that are almost that of a key file.
    var keyFileNames: [KeyFileName] {
        get throws(InvalidConfiguration) {
            var problems: [Problem] = []
            var names: [KeyFileName] = []
            for file in files {
                do throws(InvalidValue) { if let name = try KeyFileName(file.name) { names.append(name) } } catch {
                    problems.append(Problem(.file("\(Self.place)/\(file.name)", line: nil), "the name \(error)"))
                }
            }
            guard problems.isEmpty else { throw InvalidConfiguration(problems) }
            return names.withoutPublicHalves
        }
    }

    /// - Returns: `nil` if the contents are not base64.
    func contents(of name: KeyFileName) throws(LibcryptoError) -> SecretBytes? {
        let text = files.first { $0.name.isSameText(as: name.description) }?.value.string
        guard let data = text.flatMap({ Data(base64Encoded: $0) }) else { return nil }
        var octets = Array(data)
        return try SecretBytes(moving: &octets)
    }

    mutating func add(_ name: KeyFileName, _ contents: SecretBytes) {
        add(name, contents.withBytes { bytes in bytes.indices.map { bytes[$0] } })
    }

    mutating func add(_ remote: RemoteKeyFiles) {
        add(remote.key.name, Array(remote.uri.utf8))
        add(remote.halfName, Array(remote.publicHalf.utf8))
    }

    private mutating func add(_ name: KeyFileName, _ octets: [UInt8]) {
        files.append(JSONObject.Member(name.description, .string(Data(octets).base64EncodedString())))
    }

    mutating func remove(_ names: [KeyFileName]) {
        let removed = names + names.compactMap(\.publicHalf)
        files.removeAll { file in removed.contains { $0.description.isSameText(as: file.name) } }
    }

    private static func problem(_ message: String, hint: String? = nil) -> InvalidConfiguration {
        InvalidConfiguration([Problem(.file(place, line: nil), message, hint: hint)])
    }
}
