// A test that has an issuer of its own makes a verifier too.
@_exported public import TokenVerifier
