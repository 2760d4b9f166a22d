#!/usr/bin/python3

"""An issuer of tokens that shares no code with this project: jwcrypto.

Reads one JSON object a line and answers each with one; see
t/lib/SecOps/Tokens.pm, which is how tests speak to it.

    {"key": NAME, "kty": "RSA", "size": 2048, "kid": "a"}
        makes a key; any parameter of jwcrypto's JWK.generate().
        -> {"jwk": the public key (of oct: the secret), "pem": the same}

    {"sign": NAME, "header": {"alg": "RS256"}, "claims": {}}
        signs them; "payload", a text, may stand in place of claims.  What the
        header says is not checked.  -> {"token": ...}

    {"encrypt": NAME, "header": {"alg": "RSA-OAEP", "enc": "A128GCM"},
     "claims": {}}
        -> {"token": ...}
"""

import json
import sys

from jwcrypto import jwe, jwk, jws
from jwcrypto.common import base64url_encode

KEYS = {}


def make_key(name, **parameters):
    key = KEYS[name] = jwk.JWK.generate(**parameters)

    if key["kty"] == "oct":
        return {"jwk": json.loads(key.export())}

    return {"jwk": json.loads(key.export_public()),
            "pem": key.export_to_pem().decode()}


def sign(name, header, payload):
    if not header.get("b64", True):
        payload = base64url_encode(payload)     # so that it has no dot

    parts = jws.JWSCore(header["alg"], KEYS[name], json.dumps(header),
                        payload, algs=[header["alg"]]).sign()

    return ".".join((parts["protected"], parts["payload"].decode(),
                     parts["signature"]))


def encrypt(name, header, payload):
    token = jwe.JWE(payload.encode(), json.dumps(header))
    token.add_recipient(KEYS[name])
    return token.serialize(compact=True)


def answer(question):
    if "key" in question:
        return make_key(question.pop("key"), **question)

    payload = question.get("payload")
    if payload is None:
        payload = json.dumps(question["claims"])

    if "sign" in question:
        return {"token": sign(question["sign"], question["header"], payload)}

    return {"token": encrypt(question["encrypt"], question["header"],
                             payload)}


for line in sys.stdin:
    print(json.dumps(answer(json.loads(line))), flush=True)
