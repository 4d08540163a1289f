// A program that has the middleware makes a verifier too.
@_exported public import TokenVerifier
