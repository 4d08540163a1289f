// What the API of TokenVerifier names of other modules, so that a program needs `import TokenVerifier` alone. A product of
// several targets would not do that: the program would have to import each. The types are named one by one, so that nothing
// else of these modules gets into the names of that program. `script/docs` reports a type that is missing
// here, and one that the API does not name.
@_exported public import enum AccessToken.AccessTokenRejection
@_exported public import struct AccessToken.Audience
@_exported public import struct AccessToken.ClientID
@_exported public import enum AccessToken.DPoPProofError
@_exported public import struct AccessToken.InvalidValue
@_exported public import struct AccessToken.Issuer
@_exported public import struct AccessToken.NumericDate
@_exported public import struct AccessToken.Scope
@_exported public import struct AccessToken.TokenProfile
@_exported public import struct AccessToken.VerifiedAccessToken
@_exported public import struct AccessToken.VerifiedClaims
@_exported public import struct JOSE.IgnoredKey
@_exported public import struct JOSE.JOSEHeader
@_exported public import struct JOSE.JSONError
@_exported public import struct JOSE.JSONObject
@_exported public import enum JOSE.JSONValue
@_exported public import struct JOSE.JWK
@_exported public import enum JOSE.JWKError
@_exported public import struct JOSE.JWKSet
@_exported public import enum JOSE.JWKSetError
@_exported public import enum JOSE.JWSError
@_exported public import struct JOSE.SignatureAlgorithm
@_exported public import enum Libcrypto.EllipticCurve
@_exported public import enum Libcrypto.HashFunction
@_exported public import enum Libcrypto.KeyError
@_exported public import enum Libcrypto.KeyType
@_exported public import struct Libcrypto.LibcryptoError
@_exported public import enum Libcrypto.PEMFault
@_exported public import class Libcrypto.PublicKey
@_exported public import enum Libcrypto.PublicKeyComponents
@_exported public import enum Libcrypto.SignatureScheme
@_exported public import struct RemoteKeys.DocumentCaching
@_exported public import struct RemoteKeys.DocumentFetchError
@_exported public import struct RemoteKeys.FetchedDocument
@_exported public import struct RemoteKeys.FetchSettings
