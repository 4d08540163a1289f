// What the API of TokenSource names of AccessToken, so that a program needs `import TokenSource` alone. `script/docs` reports a
// type that is missing here.
@_exported public import struct AccessToken.Audience
@_exported public import struct AccessToken.ClientID
@_exported public import struct AccessToken.InvalidValue
@_exported public import struct AccessToken.Issuer
@_exported public import struct AccessToken.NumericDate
@_exported public import struct AccessToken.RemoteURL
@_exported public import struct AccessToken.Scope
