package import AccessToken
import JOSE
package import Libcrypto
import Libxcrypt
import WireText

/// The slow hash of a secret that a person chose, as another server stored it.
///
/// The text is in the PHC string format, `$pbkdf2-sha256$i=600000$SALT$HASH` and `$scrypt$ln=16,r=8,p=1$SALT$HASH` with
/// base64 without padding, or in bcrypt's own format, `$2b$12$...`. passlib's form of PBKDF2 is accepted too:
/// `$pbkdf2-sha256$29000$SALT$HASH`, with dots for plus signs.
public struct PasswordHash: Sendable, Hashable, CustomStringConvertible {
    /// The work of one check. Checks of hashes with the same cost take the same time.
    package enum Cost: Sendable, Hashable {
        /// The size of the hash, in octets, counts too: PBKDF2 repeats its work for each digest's length of output.
        case derivation(PasswordDerivation, hashSize: Int)
        /// bcrypt's cost: it runs 2 to the power of this number of rounds.
        case bcrypt(Int)
    }

    private enum Material: Hashable {
        case derived(salt: [UInt8], hash: [UInt8])
        case bcrypt
    }

    /// The work of a check.
    package let cost: Cost
    /// The text in `clients.yaml`.
    public let description: String
    private let material: Material

    /// Parses a hash.
    ///
    /// - Throws: for another kind of hash, for a malformed hash, and for one whose check would take minutes.
    package init(parsing text: String) throws(InvalidValue) {
        let fields = text.split(separator: "$", omittingEmptySubsequences: false).map(String.init)
        guard fields.count >= 4, fields[0].isEmpty else { throw InvalidValue("is not a supported hash") }
        description = text
        switch fields[1] {
        case "pbkdf2-sha256", "pbkdf2-sha512":
            let hash: HashFunction = fields[1] == "pbkdf2-sha256" ? .sha256 : .sha512
            (cost, material) = try Self.pbkdf2(hash, fields)
        case "scrypt": (cost, material) = try Self.scrypt(fields)
        case "2a", "2b", "2y": (cost, material) = (try Self.bcrypt(fields), .bcrypt)
        default: throw InvalidValue("is not a pbkdf2-sha256, pbkdf2-sha512, scrypt or bcrypt hash")
        }
    }

    private init(cost: Cost, material: Material, description: String) {
        self.cost = cost
        self.material = material
        self.description = description
    }

    /// Whether this is the hash of `secret`. The check is slow and must not run on an event loop.
    ///
    /// bcrypt ignores everything after 72 octets. A longer secret never matches, since only its first 72 octets would
    /// count. The empty secret never matches: it protects nothing. Its check takes as long as any other.
    func matches(_ secret: String) throws(LibcryptoError) -> Bool {
        switch (cost, material) {
        case (.derivation(let function, let size), .derived(let salt, let hash)):
            let derived = try function.derive(size, from: secret.utf8.span, salt: salt.span)
            return ConstantTime.areEqual(derived.span, hash.span) && !secret.utf8.isEmpty
        default:
            // The last 31 characters are the hash. The character before them has unused bits, which implementations set
            // differently.
            let hash = Array((Bcrypt.hash(secret.utf8.span, setting: description) ?? "").utf8.suffix(31))
            let expected = Array(description.utf8.suffix(31))
            return hash.count == 31 && ConstantTime.areEqual(hash.span, expected.span) && !secret.utf8.isEmpty
        }
    }

    /// A hash of this cost that no known secret matches.
    static func decoy(of cost: Cost) throws(LibcryptoError) -> PasswordHash {
        let salt = try RandomBytes.make(16)
        switch cost {
        case .derivation(_, let size):
            let hash = try RandomBytes.make(size)
            return PasswordHash(cost: cost, material: .derived(salt: salt, hash: hash), description: "")
        case .bcrypt(let rounds):
            let digits = rounds < 10 ? "0\(rounds)" : "\(rounds)"
            // bcrypt's base64 has dots and slashes beside letters and digits. 22 characters make a salt.
            let characters = Base64URL.encode(salt).map { $0 == "-" ? "." : $0 == "_" ? "/" : $0 }
            return PasswordHash(cost: cost, material: .bcrypt, description: "$2b$\(digits)$\(String(characters))")
        }
    }
}

extension PasswordHash {
    /// `$pbkdf2-sha256$i=600000,l=32$SALT$HASH`, or passlib's `$pbkdf2-sha256$29000$SALT$HASH`.
    private static func pbkdf2(_ hash: HashFunction, _ fields: [String]) throws(InvalidValue) -> (Cost, Material) {
        guard fields.count == 5 else { throw InvalidValue("is a PBKDF2 hash that lacks iterations, salt or hash") }
        guard let parameters = parameters(fields[2]) ?? self.parameters("i=\(fields[2])"),
            let iterations = parameters["i"], (fewestIterations...10_000_000).contains(iterations)
        else {
            throw InvalidValue("is a PBKDF2 hash without a number of iterations from 1000 to 10000000")
        }
        guard Set(parameters.keys).isSubset(of: ["i", "l"]) else {
            throw InvalidValue("is a PBKDF2 hash with an unknown parameter")
        }
        let (salt, octets) = try derived(fields[3], fields[4])
        guard parameters["l"].map({ $0 == octets.count }) ?? true else {
            throw InvalidValue("is a PBKDF2 hash whose length is not that of its parameter l")
        }
        let cost = Cost.derivation(.pbkdf2(hash, iterations: iterations), hashSize: octets.count)
        return (cost, .derived(salt: salt, hash: octets))
    }

    /// NIST SP 800-132 section 5.2: the iteration count is at least 1000.
    private static var fewestIterations: Int { 1000 }

    /// `$scrypt$ln=16,r=8,p=1$SALT$HASH`
    private static func scrypt(_ fields: [String]) throws(InvalidValue) -> (Cost, Material) {
        guard fields.count == 5, let parameters = parameters(fields[2]), Set(parameters.keys) == ["ln", "r", "p"],
            let logCost = parameters["ln"], let blockSize = parameters["r"], let parallelization = parameters["p"]
        else { throw InvalidValue("is a scrypt hash that is not of the form $scrypt$ln=16,r=8,p=1$SALT$HASH") }
        guard (1...22).contains(logCost), (1...32).contains(blockSize), (1...16).contains(parallelization),
            blockSize << (logCost + 7) <= 256 << 20, logCost < 16 * blockSize
        else { throw InvalidValue("is a scrypt hash that takes more than 256 MiB, or has parameters out of range") }
        let (salt, octets) = try derived(fields[3], fields[4])
        let function = PasswordDerivation.scrypt(
            logCost: logCost, blockSize: blockSize, parallelization: parallelization)
        return (.derivation(function, hashSize: octets.count), .derived(salt: salt, hash: octets))
    }

    /// `$2b$12$`, 22 characters of salt and 31 of hash.
    private static func bcrypt(_ fields: [String]) throws(InvalidValue) -> Cost {
        let alphabet = "./".utf8
        guard fields.count == 4, fields[2].utf8.count == 2, fields[3].utf8.count == 53,
            fields[3].utf8.allSatisfy({ ASCII.isLetter($0) || ASCII.isDigit($0) || alphabet.contains($0) })
        else { throw InvalidValue("is not a bcrypt hash of 60 characters") }
        guard let cost = UInt8(fields[2]).map(Int.init), !fields[2].hasPrefix("+"), (4...18).contains(cost) else {
            throw InvalidValue("is a bcrypt hash whose cost is not from 04 to 18")
        }
        return .bcrypt(cost)
    }

    private static func derived(
        _ salt: String, _ hash: String
    ) throws(InvalidValue) -> (salt: [UInt8], hash: [UInt8]) {
        guard let salt = base64(salt), let hash = base64(hash) else {
            throw InvalidValue("has a salt or a hash that is not base64 without padding")
        }
        guard (4...64).contains(salt.count), (16...64).contains(hash.count) else {
            throw InvalidValue("has a salt that is not of 4 to 64 octets, or a hash that is not of 16 to 64")
        }
        return (salt, hash)
    }

    /// The base64 of RFC 4648 section 4 without padding; passlib writes a dot for a plus sign.
    private static func base64(_ text: String) -> [UInt8]? {
        Base64Alphabet.passlib.decode(text.utf8.span)
    }

    /// `i=600000,l=32`; `nil` for any other form.
    private static func parameters(_ text: String) -> [String: Int]? {
        var parameters: [String: Int] = [:]
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            let pair = part.split(separator: "=", omittingEmptySubsequences: false)
            guard pair.count == 2, !pair[1].isEmpty, pair[1].utf8.allSatisfy(ASCII.isDigit),
                let value = Int(pair[1]), parameters.updateValue(value, forKey: String(pair[0])) == nil
            else { return nil }
        }
        return parameters
    }
}
