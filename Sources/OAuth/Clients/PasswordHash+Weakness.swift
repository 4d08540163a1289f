import Libcrypto

extension PasswordHash {
    /// Why a password hash slows a search down by too little: a stolen clients file gives the secrets away that people
    /// choose. The raw value is the rest of a sentence that begins with the name of the setting.
    package enum Weakness: String, Sendable, CustomStringConvertible {
        /// OWASP's Password Storage Cheat Sheet asks for 600,000 with SHA-256 and 210,000 with SHA-512.
        case fewIterations = "has a PBKDF2 hash with fewer than 100000 iterations, which is searched fast"
        /// It asks for N = 2^17 with r = 8, or at least for as much work in other proportions.
        case cheapScrypt = "has a scrypt hash with less work than ln=14,r=8,p=1, which is searched fast"
        /// It asks for 10 at least.
        case cheapBcrypt = "has a bcrypt hash with a cost below 10, which is searched fast"

        package var description: String { rawValue }
    }

    /// `nil` for a hash that is slow enough.
    package var weakness: Weakness? {
        switch cost {
        case .derivation(.pbkdf2(_, iterations: let iterations), hashSize: _):
            iterations < 100_000 ? .fewIterations : nil
        case .derivation(
            .scrypt(logCost: let logCost, blockSize: let blockSize, parallelization: let parallelization), hashSize: _):
            // The parser bounds all three, so that the product fits.
            (blockSize * parallelization) << logCost < 8 << 14 ? .cheapScrypt : nil
        case .bcrypt(let cost): cost < 10 ? .cheapBcrypt : nil
        }
    }
}
