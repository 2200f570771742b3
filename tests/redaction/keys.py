"""Private keys, signed tokens and other secrets of many lines, whole and in pieces. Draws noise, not real keys."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator
from random import Random

from tests.redaction.values import Format, Sample, draw

_ARMOURS = {
    "rsa": ("RSA PRIVATE KEY", 25, 64),
    "ec": ("EC PRIVATE KEY", 3, 64),
    "dsa": ("DSA PRIVATE KEY", 10, 64),
    "pkcs8": ("PRIVATE KEY", 26, 64),
    "encrypted": ("ENCRYPTED PRIVATE KEY", 28, 64),
    "openssh": ("OPENSSH PRIVATE KEY", 6, 70),
    "openssh-rsa": ("OPENSSH PRIVATE KEY", 36, 70),
    "pgp": ("PGP PRIVATE KEY BLOCK", 30, 64),
    "age-file": ("AGE ENCRYPTED FILE", 6, 64),
}
_KEEP = ("deployed", "afterwards")


def key_formats() -> Iterator[Format]:
    for name, (label, lines, width) in _ARMOURS.items():
        for shape, make in _SHAPES.items():
            yield Format("key", f"{name}-{shape}", _Armoured(label, lines, width, make), prefixed=shape != "headless")
    yield Format("key", "rsa-dek-info", _legacy, prefixed=True)
    yield Format("key", "putty", _putty, prefixed=True)
    yield Format("key", "gcp-service-account", _service_account, prefixed=True)
    yield Format("key", "jwk", _jwk)
    yield Format("key", "wireguard", _wireguard)
    for name, parts in (("hs256", 43), ("rs256", 342), ("es256", 86)):
        yield Format("jwt", name, _Jwt(parts), prefixed=True)
    yield Format("jwt", "jwe", _jwe, prefixed=True)
    yield Format("jwt", "unsigned", _Jwt(0), prefixed=True)


class _Armoured:
    def __init__(self, label: str, lines: int, width: int, shape: Callable[[str, list[str]], str]) -> None:
        self._label, self._lines, self._width, self._shape = label, lines, width, shape

    def __call__(self, dice: Random) -> Sample:
        body = _body(dice, self._lines, self._width)
        text = self._shape(self._label, body)
        return Sample(f"the key was deployed:\n{text}\nand removed afterwards", tuple(body), _KEEP)


def _body(dice: Random, lines: int, width: int = 64) -> list[str]:
    body = [draw(dice, "b", width) for _ in range(lines - 1)]
    return [*body, draw(dice, "b", 38) + "=="]


def _whole(label: str, body: list[str]) -> str:
    return "\n".join((f"-----BEGIN {label}-----", *body, f"-----END {label}-----"))


def _headless(label: str, body: list[str]) -> str:
    """The end of a scrolled screen: the head is gone."""
    return "\n".join((*body, f"-----END {label}-----"))


def _endless(label: str, body: list[str]) -> str:
    """What `head` left of it."""
    return "\n".join((f"-----BEGIN {label}-----", *body, "..."))


def _one_line(label: str, body: list[str]) -> str:
    return 'KEY_MATERIAL="' + _whole(label, body).replace("\n", "\\n") + '\\n"'


def _spaced(label: str, body: list[str]) -> str:
    """As an unquoted variable in a shell prints it."""
    return _whole(label, body).replace("\n", " ")


def _indented(label: str, body: list[str]) -> str:
    return "tls:\n  material: |\n    " + _whole(label, body).replace("\n", "\n    ") + "\n  port: 443"


_SHAPES: dict[str, Callable[[str, list[str]], str]] = {
    "whole": _whole,
    "headless": _headless,
    "endless": _endless,
    "one-line": _one_line,
    "spaced": _spaced,
    "indented": _indented,
}


def _legacy(dice: Random) -> Sample:
    body = _body(dice, 25)
    head = ["Proc-Type: 4,ENCRYPTED", f"DEK-Info: AES-128-CBC,{draw(dice, 'H', 32)}", ""]
    return Sample("deployed\n" + _whole("RSA PRIVATE KEY", [*head, *body]) + "\nafterwards", tuple(body), _KEEP)


def _putty(dice: Random) -> Sample:
    public, private = _body(dice, 6), _body(dice, 14)
    head = ("PuTTY-User-Key-File-3: ssh-rsa", "Encryption: none", "Comment: build", "Public-Lines: 6", *public)
    text = "\n".join((*head, "Private-Lines: 14", *private, f"Private-MAC: {draw(dice, 'h', 64)}"))
    return Sample(f"deployed\n{text}\nafterwards", tuple(private), _KEEP)


def _service_account(dice: Random) -> Sample:
    body = _body(dice, 26)
    record = {
        "type": "service_account",
        "project_id": "orders-eu",
        "private_key_id": draw(dice, "h", 40),
        "private_key": _whole("PRIVATE KEY", body) + "\n",
        "client_email": "builder@orders-eu.iam.gserviceaccount.example",
    }
    return Sample(json.dumps(record, indent=2), tuple(body), ("service_account", "orders-eu"))


def _jwk(dice: Random) -> Sample:
    secret = draw(dice, "s", 43)
    record = {"kty": "EC", "crv": "P-256", "x": draw(dice, "s", 43), "y": draw(dice, "s", 43), "d": secret}
    return Sample(json.dumps(record), (secret,), ("P-256",))


def _wireguard(dice: Random) -> Sample:
    secret = draw(dice, "b", 43) + "="
    text = f"[Interface]\nAddress = 10.0.0.2/32\nPrivateKey = {secret}\nListenPort = 51820"
    return Sample(text, (secret,), ("Interface", "ListenPort"))


def _part(record: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(record).encode()).decode().rstrip("=")


class _Jwt:
    def __init__(self, signature: int) -> None:
        self._signature = signature

    def __call__(self, dice: Random) -> Sample:
        head = _part({"alg": "HS256" if self._signature else "none", "typ": "JWT"})
        claims = _part(
            {"sub": draw(dice, "d", 10), "name": draw(dice, "a", 8), "iat": dice.randrange(10**9, 2 * 10**9)}
        )
        signature = draw(dice, "s", self._signature) if self._signature else ""
        text = f"the session was opened with {head}.{claims}.{signature} and closed later"
        return Sample(text, (claims, signature) if signature else (claims,), ("session", "later"))


def _jwe(dice: Random) -> Sample:
    parts = [draw(dice, "s", n) for n in (86, 16, 120, 22)]
    head = _part({"alg": "RSA-OAEP", "enc": "A256GCM"})
    return Sample(f"sealed as {'.'.join((head, *parts))} for the broker", tuple(parts), ("sealed", "broker"))
