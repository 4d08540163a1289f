import AccessToken
import OAuth

/// How `writ token request` proves who it is.
enum ClientProof {
    case secret(String)
    case key(ClientAssertionSigner)
}
