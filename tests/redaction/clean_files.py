"""What files hold that is noise and no secret: hashes of lock files, dumps, images, public keys, identifiers."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from random import Random

from tests.redaction.clean_draws import PACKAGES, PEOPLE, Lines, integrity, number, say
from tests.redaction.values import draw, uuid


def _uv_lock(dice: Random) -> Lines:
    name, digest = dice.choice(PACKAGES), draw(dice, "h", 64)
    path = f"https://files.example.org/packages/{draw(dice, 'h', 2)}/{draw(dice, 'h', 2)}/{draw(dice, 'h', 60)}"
    return [
        "[[package]]",
        f'name = "{name}"',
        f'version = "{number(dice, 9)}.{number(dice, 30)}.0"',
        'source = { registry = "https://index.example.org/simple" }',
        f'sdist = {{ url = "{path}/{name}.tar.gz", hash = "sha256:{digest}", size = {number(dice, 99999)} }}',
        "wheels = [",
        f'    {{ url = "{path}/{name}-py3-none-any.whl", hash = "sha256:{draw(dice, "h", 64)}", size = 5321 }},',
        "]",
    ]


def _npm_lock(dice: Random) -> Lines:
    name = dice.choice(PACKAGES)
    return [
        f'    "node_modules/{name}": {{',
        f'      "version": "{number(dice, 9)}.{number(dice, 30)}.1",',
        f'      "resolved": "https://registry.example.org/{name}/-/{name}-1.2.3.tgz",',
        f'      "integrity": "{integrity(dice)}",',
        '      "license": "MIT"',
        "    },",
    ]


def _yarn_lock(dice: Random) -> Lines:
    name = dice.choice(PACKAGES)
    resolved = f'  resolved "https://registry.example.org/{name}/-/{name}-1.2.3.tgz#{draw(dice, "h", 40)}"'
    return [f'{name}@^1.2.0, "{name}@>= 1":', '  version "1.2.3"', resolved, f"  integrity {integrity(dice)}", ""]


def _cargo_lock(dice: Random) -> Lines:
    name = dice.choice(PACKAGES)
    source = 'source = "registry+https://index.example.org/crates"'
    return ["[[package]]", f'name = "{name}"', 'version = "0.4.2"', source, f'checksum = "{draw(dice, "h", 64)}"', ""]


def _poetry_lock(dice: Random) -> Lines:
    name = dice.choice(PACKAGES)
    line = '    {{file = "{}-2.0-py3-none-any.whl", hash = "sha256:{}"}},'
    return ["files = [", *(line.format(name, draw(dice, "h", 64)) for _ in range(6)), "]", ""]


def _go_sum(dice: Random) -> Lines:
    return [
        f"golang.org/x/{dice.choice(PACKAGES)} v0.{number(dice)}.0 h1:{integrity(dice, '', 32)[1:]}" for _ in range(10)
    ]


def _pip_hashes(dice: Random) -> Lines:
    hashes = [f"    --hash=sha256:{draw(dice, 'h', 64)} \\" for _ in range(5)]
    return [f"{dice.choice(PACKAGES)}==2.{number(dice, 30)}.0 \\", *hashes, "    # via -r requirements.in"]


def _hex_dump(dice: Random) -> Lines:
    rows = [(i * 16, dice.randbytes(16)) for i in range(20)]
    return [f"{at:08x}  {row[:8].hex(' ')}  {row[8:].hex(' ')}  |{_printable(row)}|" for at, row in rows]


def _xxd(dice: Random) -> Lines:
    rows = [(i * 16, dice.randbytes(16)) for i in range(20)]
    return [f"{at:08x}: {row.hex(' ', 2)}  {_printable(row)}" for at, row in rows]


def _printable(row: bytes) -> str:
    return "".join(chr(c) if 32 < c < 127 else "." for c in row)


def _uuids(dice: Random) -> Lines:
    return [f"{uuid(dice)},{dice.choice(PEOPLE)},{number(dice)},2026-11-{number(dice, 28):02}" for _ in range(20)]


def _checksums(dice: Random) -> Lines:
    sizes = ((32, "iso"), (40, "zip"), (64, "tar.gz"), (128, "img"))
    return [f"{draw(dice, 'h', size)}  release-{number(dice)}.{end}" for size, end in sizes * 4]


def _data_uris(dice: Random) -> Lines:
    image = base64.b64encode(dice.randbytes(number(dice, 900) + 60)).decode()
    return [
        f'<img alt="logo" src="data:image/png;base64,{image}">',
        f".icon {{ background: url(data:image/svg+xml;base64,{image[:200]}) no-repeat; color: #{draw(dice, 'h', 6)} }}",
        json.dumps({"type": "image", "source": {"media_type": "image/png", "data": image}, "alt": "a chart"}),
        json.dumps({"src": f"data:font/woff2;base64,{image}", "weight": 400}),
        f"//# sourceMappingURL=data:application/json;charset=utf-8;base64,{image}",
        f'<script src="/app.{draw(dice, "h", 8)}.js" integrity="{integrity(dice, "sha384", 48)}" nonce="x"></script>',
    ]


def _public_keys(dice: Random) -> Lines:
    ed = "AAAAC3NzaC1lZDI1NTE5AAAAI" + draw(dice, "b", 43)
    rsa = "AAAAB3NzaC1yc2EAAAADAQABAAABgQ" + draw(dice, "b", 340) + "="
    body = [draw(dice, "b", 64) for _ in range(14)]
    return [
        f"ssh-ed25519 {ed} ann@example.org",
        f"ssh-rsa {rsa} bo@example.org",
        f"host.example.org ssh-ed25519 {ed}",
        f"SHA256:{draw(dice, 'b', 43)} ann@example.org (ED25519)",
        "-----BEGIN CERTIFICATE-----",
        *body,
        draw(dice, "b", 30) + "==",
        "-----END CERTIFICATE-----",
        "-----BEGIN PUBLIC KEY-----",
        *body[:6],
        "-----END PUBLIC KEY-----",
        f"age1{draw(dice, 'l', 58)}",
        f"Fingerprint={':'.join(draw(dice, 'H', 2) for _ in range(20))}",
        f"pub   ed25519 2026-01-02 [SC]\t{draw(dice, 'H', 40)}",
    ]


def _json_records(dice: Random) -> Lines:
    record = {
        "id": uuid(dice),
        "sha": draw(dice, "h", 40),
        "etag": f'W/"{draw(dice, "h", 32)}"',
        "token_count": number(dice),
        "has_password": True,
        "password_changed_at": "2026-11-20T10:00:00Z",
        "keyword": say(dice, 1),
        "public_key": draw(dice, "b", 43) + "=",
        "author": dice.choice(PEOPLE),
        "next": f"https://api.example.org/v1/orders?page={number(dice)}&sort=key",
        "password": None,
        "tokens": [number(dice) for _ in range(4)],
    }
    return [json.dumps(record), *json.dumps(record, indent=2).split("\n")]


def _minified(dice: Random) -> Lines:
    names = [draw(dice, "a", 2) + draw(dice, "w", 3) for _ in range(40)]
    return ["!function(){" + ";".join(f"var {n}=e.{n.lower()}||{number(dice)}" for n in names) + "}();"]


def _paths(dice: Random) -> Lines:
    return [
        f"/nix/store/{draw(dice, 'l', 32)}-openssl-3.0.{number(dice, 20)}/lib/libssl.so",
        f"/var/lib/docker/overlay2/{draw(dice, 'h', 64)}/merged/etc/passwd",
        f".git/objects/{draw(dice, 'h', 2)}/{draw(dice, 'h', 38)}",
        f"s3://shop-artifacts/builds/{uuid(dice)}/{draw(dice, 'h', 40)}.zip",
        f"arn:aws:secretsmanager:eu-west-1:{draw(dice, 'd', 12)}:secret:orders/db-password-{draw(dice, 'w', 6)}",
        f"https://github.com/example/shop/commit/{draw(dice, 'h', 40)}#diff-{draw(dice, 'h', 64)}",
        f"images.example/shop@sha256:{draw(dice, 'h', 64)}",
        f"https://www.youtube.com/watch?v={draw(dice, 's', 11)}&t={number(dice)}s",
        f"projects/p/locations/eu/keyRings/r/cryptoKeys/k/cryptoKeyVersions/{number(dice)}",
    ]


SHAPES: dict[str, Callable[[Random], Lines]] = {
    "uv.lock": _uv_lock,
    "package-lock": _npm_lock,
    "yarn.lock": _yarn_lock,
    "Cargo.lock": _cargo_lock,
    "poetry.lock": _poetry_lock,
    "go.sum": _go_sum,
    "requirements": _pip_hashes,
    "hex dump": _hex_dump,
    "xxd": _xxd,
    "uuids": _uuids,
    "checksums": _checksums,
    "data uris": _data_uris,
    "public keys": _public_keys,
    "json": _json_records,
    "minified": _minified,
    "paths": _paths,
}
