package import AccessToken
import JOSE
package import Libcrypto
import Libxcrypt

/// The hash of a secret that a person chose, made slow on purpose, as another server stored it.
///
/// It is written in the PHC string format, `$pbkdf2-sha256$i=600000$SALT$HASH` and `$scrypt$ln=16,r=8,p=1$SALT$HASH`
/// with base64 without padding, or as bcrypt writes it, `$2b$12$...`. passlib's spelling of PBKDF2 is read too:
/// `$pbkdf2-sha256$29000$SALT$HASH`, with dots for plus signs.
public struct PasswordHash: Sendable, Hashable, CustomStringConvertible {
    /// How much work one check is. Hashes of the same cost cannot be told apart by the time that they take.
    package enum Cost: Sendable, Hashable {
        /// The octets of the hash count too: PBKDF2 takes a round of work for each digest's worth of them.
        case derivation(PasswordDerivation, hashSize: Int)
        /// 2 to the power of the cost rounds.
        case bcrypt(Int)
    }

    private enum Material: Hashable {
        case derived(salt: [UInt8], hash: [UInt8])
        case bcrypt
    }

    /// What decides how long a check takes.
    package let cost: Cost
    /// As it stands in `clients.yaml`.
    public let description: String
    private let material: Material

    /// Reads a hash, and throws for another kind of hash, a malformed one, and one whose check would take minutes.
    package init(parsing text: String) throws(InvalidValue) {
        let fields = text.split(separator: "$", omittingEmptySubsequences: false).map(String.init)
        guard fields.count >= 4, fields[0].isEmpty else { throw InvalidValue("is not a hash that is known") }
        description = text
        switch fields[1] {
        case "pbkdf2-sha256", "pbkdf2-sha512":
            let hash: HashFunction = fields[1] == "pbkdf2-sha256" ? .sha256 : .sha512
            (cost, material) = try Self.pbkdf2(hash, fields)
        case "scrypt": (cost, material) = try Self.scrypt(fields)
        case "2a", "2b", "2y": (cost, material) = (try Self.bcrypt(fields), .bcrypt)
        default: throw InvalidValue("is none of pbkdf2-sha256, pbkdf2-sha512, scrypt and bcrypt")
        }
    }

    private init(cost: Cost, material: Material, description: String) {
        self.cost = cost
        self.material = material
        self.description = description
    }

    /// Whether this is the hash of `secret`: slow, and not for an event loop.
    ///
    /// bcrypt looks at 72 octets only: a longer secret is refused, since it would be taken for another.
    func matches(_ secret: String) throws(LibcryptoError) -> Bool {
        switch (cost, material) {
        case (.derivation(let function, let size), .derived(let salt, let hash)):
            let derived = try function.derive(size, from: secret.utf8.span, salt: salt.span)
            return ConstantTime.areEqual(derived.span, hash.span)
        default:
            // The last 31 characters are the hash; the one before them has bits that writers of hashes differ in.
            let hash = Array((Bcrypt.hash(secret.utf8.span, setting: description) ?? "").utf8.suffix(31))
            let expected = Array(description.utf8.suffix(31))
            return hash.count == 31 && ConstantTime.areEqual(hash.span, expected.span)
        }
    }

    /// A hash of this cost that no secret is known for.
    static func decoy(of cost: Cost) throws(LibcryptoError) -> PasswordHash {
        let salt = try RandomBytes.make(16)
        switch cost {
        case .derivation(_, let size):
            let hash = try RandomBytes.make(size)
            return PasswordHash(cost: cost, material: .derived(salt: salt, hash: hash), description: "")
        case .bcrypt(let rounds):
            let digits = rounds < 10 ? "0\(rounds)" : "\(rounds)"
            // bcrypt's base64 has the same characters as any other; 22 of them make a salt.
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
            let iterations = parameters["i"], (1...10_000_000).contains(iterations)
        else {
            throw InvalidValue("is a PBKDF2 hash without a number of iterations from 1 to 10000000")
        }
        guard Set(parameters.keys).isSubset(of: ["i", "l"]) else {
            throw InvalidValue("is a PBKDF2 hash with a parameter that is not known")
        }
        let (salt, octets) = try derived(fields[3], fields[4])
        guard parameters["l"].map({ $0 == octets.count }) ?? true else {
            throw InvalidValue("is a PBKDF2 hash of another length than it says")
        }
        let cost = Cost.derivation(.pbkdf2(hash, iterations: iterations), hashSize: octets.count)
        return (cost, .derived(salt: salt, hash: octets))
    }

    /// `$scrypt$ln=16,r=8,p=1$SALT$HASH`
    private static func scrypt(_ fields: [String]) throws(InvalidValue) -> (Cost, Material) {
        guard fields.count == 5, let parameters = parameters(fields[2]), Set(parameters.keys) == ["ln", "r", "p"],
            let logCost = parameters["ln"], let blockSize = parameters["r"], let parallelization = parameters["p"]
        else { throw InvalidValue("is a scrypt hash that does not read $scrypt$ln=16,r=8,p=1$SALT$HASH") }
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

    /// `i=600000,l=32`; nil for what is not written so.
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
