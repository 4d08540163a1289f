"""A certificate authority that lives as long as a test."""

import datetime
import ipaddress
import os
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

KEYS = {
    "RSA": lambda: rsa.generate_private_key(public_exponent=65537, key_size=2048),
    "EC": lambda: ec.generate_private_key(ec.SECP256R1()),
}


def name(text):
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


@dataclass
class Pair:
    """A certificate for 127.0.0.1 and localhost, with what leads to its authority, and the key."""

    chain: list[x509.Certificate]
    key: object

    @property
    def serial_number(self) -> int:
        return self.chain[0].serial_number

    @property
    def expiry(self) -> float:
        return self.chain[0].not_valid_after_utc.timestamp()

    @property
    def certificate_pem(self) -> bytes:
        return b"".join(each.public_bytes(Encoding.PEM) for each in self.chain)

    def key_pem(self, form=PrivateFormat.PKCS8, passphrase=None) -> bytes:
        encryption = BestAvailableEncryption(passphrase) if passphrase else NoEncryption()
        return self.key.private_bytes(Encoding.PEM, form, encryption)

    def install(self, folder: Path, **options):
        """As `tls.crt` and `tls.key`, each whole at every moment."""
        replace(folder / "tls.crt", self.certificate_pem)
        replace(folder / "tls.key", self.key_pem(**options))


def replace(path: Path, contents: bytes, mode=0o600):
    draft = path.with_name(f".{path.name}.new")
    draft.write_bytes(contents)
    draft.chmod(mode)
    os.replace(draft, path)


class Authority:
    """A root that clients trust, and what signs in its name: servers must send the certificate of that too."""

    def __init__(self):
        self.root_key, self.key = KEYS["EC"](), KEYS["EC"]()
        self.root = self.certificate("Root", self.root_key, "Root", self.root_key, is_authority=True)
        self.intermediate = self.certificate("Intermediate", self.key, "Root", self.root_key, is_authority=True)

    @property
    def root_pem(self) -> bytes:
        return self.root.public_bytes(Encoding.PEM)

    def issue(self, kind="EC", days=30, host="localhost") -> Pair:
        key = KEYS[kind]()
        own = self.certificate("localhost", key, "Intermediate", self.key, days=days, host=host)
        return Pair([own, self.intermediate], key)

    def issue_to_client(self, *names: x509.GeneralName, subject="client", usage=ExtendedKeyUsageOID.CLIENT_AUTH, **validity):
        """A certificate with these names in its subjectAltName."""
        key = KEYS["EC"]()
        own = self.certificate(subject, key, "Intermediate", self.key, names=names, usage=usage, **validity)
        return Pair([own, self.intermediate], key)

    def certificate(
        self,
        subject,
        key,
        issuer,
        issuer_key,
        is_authority=False,
        days=365,
        host="localhost",
        names=None,
        usage=ExtendedKeyUsageOID.SERVER_AUTH,
        seconds=0,
    ):
        now = datetime.datetime.now(datetime.timezone.utc)
        builder = (
            x509.CertificateBuilder()
            .subject_name(name(subject))
            .issuer_name(name(issuer))
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(hours=1))
            .not_valid_after(now + (datetime.timedelta(seconds=seconds) if seconds else datetime.timedelta(days=days)))
            .add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), critical=False
            )
            .add_extension(
                x509.KeyUsage(
                    digital_signature=not is_authority,
                    key_cert_sign=is_authority,
                    crl_sign=is_authority,
                    content_commitment=False,
                    key_encipherment=False,
                    data_encipherment=False,
                    key_agreement=False,
                    encipher_only=False,
                    decipher_only=False,
                ),
                critical=True,
            )
        )
        if not is_authority:
            if names is None:
                names = [x509.DNSName(host)]
                if host == "localhost":
                    names.append(x509.IPAddress(ipaddress.ip_address("127.0.0.1")))
            if names:
                builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
            builder = builder.add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
        return builder.sign(issuer_key, hashes.SHA256())
