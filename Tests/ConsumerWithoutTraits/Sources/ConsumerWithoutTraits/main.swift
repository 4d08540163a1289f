import TokenVerifier

print(try Issuer("https://tokens.example.com"))
