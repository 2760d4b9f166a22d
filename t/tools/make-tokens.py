#!/usr/bin/python3

"""Keys and tokens for t/unit/jwt_test.c, made by an independent issuer.

    make-tokens.py > tokens; SECOPS_JWT_TOKENS=tokens jwt_test

Every line is words separated by one space:

    jwk    TYPE JWK             a public key (of oct: the secret), no spaces
    pem    TYPE PEM             the same in PEM, "|" for a line's end and "~"
                                for a space
    cert   TYPE PEM             the same in a certificate
    token  ALG TYPE MAKER JWS   a token whose header says ALG, signed by the
                                key of TYPE; valid when the two belong together

jwcrypto makes the tokens that it can.  The rest (an algorithm with every key
that it is not for, and the names Ed25519 and Ed448) is signed by the
cryptography package, in the way that comes nearest to what the header says.
"""

import base64
import datetime
import json

from cryptography import x509
from cryptography.hazmat.primitives import hashes, hmac, serialization
from cryptography.hazmat.primitives.asymmetric import (
    ec, ed448, ed25519, padding, rsa, utils)
from jwcrypto import jwk, jws

CLAIMS = {"sub": "alice", "roles": ["reader", "writer"], "exp": 4102444800}

HASHES = {"256": hashes.SHA256, "384": hashes.SHA384, "512": hashes.SHA512}

KEYS = {
    "oct": jwk.JWK.generate(kty="oct", size=512),
    "rsa": jwk.JWK.generate(kty="RSA", size=2048),
    "p256": jwk.JWK.generate(kty="EC", crv="P-256"),
    "p384": jwk.JWK.generate(kty="EC", crv="P-384"),
    "p521": jwk.JWK.generate(kty="EC", crv="P-521"),
    "ed25519": jwk.JWK.generate(kty="OKP", crv="Ed25519"),
    "ed448": jwk.JWK.generate(kty="OKP", crv="Ed448"),
}

FITS = {
    "oct": ["HS256", "HS384", "HS512"],
    "rsa": ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"],
    "p256": ["ES256"],
    "p384": ["ES384"],
    "p521": ["ES512"],
    "ed25519": ["EdDSA", "Ed25519"],
    "ed448": ["EdDSA", "Ed448"],
}

ALGS = sorted({alg for algs in FITS.values() for alg in algs})


def base64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def compact_json(value):
    return json.dumps(value, separators=(",", ":"))


def private_key(key):
    if key["kty"] == "oct":
        return base64.urlsafe_b64decode(key["k"] + "==")
    return serialization.load_pem_private_key(
        key.export_to_pem(private_key=True, password=None), None)


def sign(private, alg, data):
    """The signature of data by a key, as near to alg as the key allows."""
    digest = HASHES.get(alg[2:], hashes.SHA512)()

    if isinstance(private, bytes):
        mac = hmac.HMAC(private, digest)
        mac.update(data)
        return mac.finalize()

    if isinstance(private, rsa.RSAPrivateKey):
        if alg.startswith("PS"):
            scheme = padding.PSS(padding.MGF1(digest), digest.digest_size)
        else:
            scheme = padding.PKCS1v15()
        return private.sign(data, scheme, digest)

    if isinstance(private, ec.EllipticCurvePrivateKey):
        size = (private.curve.key_size + 7) // 8
        r, s = utils.decode_dss_signature(private.sign(data, ec.ECDSA(digest)))
        return r.to_bytes(size, "big") + s.to_bytes(size, "big")

    return private.sign(data)


def by_cryptography(key, alg):
    data = ".".join(base64url(compact_json(part).encode())
                    for part in ({"alg": alg}, CLAIMS))
    return data + "." + base64url(sign(private_key(key), alg, data.encode()))


def by_jwcrypto(key, alg):
    token = jws.JWS(compact_json(CLAIMS).encode())
    token.add_signature(key, alg, compact_json({"alg": alg}))
    return token.serialize(compact=True)


def certificate(private):
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "issuer")])
    edwards = (ed25519.Ed25519PrivateKey, ed448.Ed448PrivateKey)
    digest = None if isinstance(private, edwards) else hashes.SHA256()
    signed = (x509.CertificateBuilder()
              .subject_name(name).issuer_name(name)
              .public_key(private.public_key())
              .serial_number(1)
              .not_valid_before(datetime.datetime(2020, 1, 1))
              .not_valid_after(datetime.datetime(2020, 1, 2))
              .sign(private, digest))
    return signed.public_bytes(serialization.Encoding.PEM)


def one_line(pem):
    return pem.decode().replace("\n", "|").replace(" ", "~")


def main():
    for kind, key in KEYS.items():
        if kind == "oct":
            print("jwk", kind, compact_json(json.loads(key.export())))
            continue

        print("jwk", kind, compact_json(json.loads(key.export_public())))
        print("pem", kind, one_line(key.export_to_pem()))
        print("cert", kind, one_line(certificate(private_key(key))))

    for alg in ALGS:
        for kind, key in KEYS.items():
            if alg in FITS[kind] and not alg.startswith("Ed2") \
                    and not alg.startswith("Ed4"):
                print("token", alg, kind, "jwcrypto", by_jwcrypto(key, alg))

            print("token", alg, kind, "cryptography",
                  by_cryptography(key, alg))


main()
