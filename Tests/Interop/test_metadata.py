"""The metadata document as Authlib reads it."""

import requests
from authlib.oauth2.rfc8414 import AuthorizationServerMetadata

from service import DEADLINE


def test_authlib_validates_it(service):
    document = requests.get(f"{service.issuer}/.well-known/oauth-authorization-server", timeout=DEADLINE).json()
    # Authlib asks for https in every URL; that is the one rule a loopback issuer breaks.
    secure = {
        name: value.replace("http://", "https://") if isinstance(value, str) else value
        for name, value in document.items()
    }
    AuthorizationServerMetadata(secure).validate()


def test_both_names_give_one_document(service):
    names = ["oauth-authorization-server", "openid-configuration"]
    documents = {requests.get(f"{service.issuer}/.well-known/{name}", timeout=DEADLINE).content for name in names}
    assert len(documents) == 1
