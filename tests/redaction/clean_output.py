"""What tools print: logs, lock files, dumps, progress, transcripts. All its noise is drawn; none of it is secret."""
# ruff: noqa: E501 - lines as they are printed

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from random import Random

from tests.redaction.values import draw, uuid

Lines = list[str]
_PEOPLE = ["Ann Moss", "Bo Reyes", "Cy Okafor", "Dee Lind", "Eli Van Dam"]
_WORDS = [
    "fix",
    "the",
    "token",
    "bucket",
    "of",
    "password",
    "reset",
    "page",
    "when",
    "session",
    "key",
    "is",
    "read",
    "from",
    "cache",
    "and",
    "retry",
    "add",
    "test",
    "for",
    "auth",
]
_PACKAGES = [
    "requests",
    "left-pad",
    "serde",
    "tokio",
    "jsonwebtoken",
    "passlib",
    "keyring",
    "secretstorage",
    "oauthlib",
]


def _say(dice: Random, count: int) -> str:
    return " ".join(dice.choices(_WORDS, k=count))


def _number(dice: Random, top: int = 1000) -> int:
    return dice.randrange(1, top)


def _sri(dice: Random, kind: str = "sha512", size: int = 64) -> str:
    return f"{kind}-{base64.b64encode(dice.randbytes(size)).decode()}"


def _git_log(dice: Random) -> Lines:
    name = dice.choice(_PEOPLE)
    mail = f"{name.split()[0].lower()}@example.org"
    return [
        f"commit {draw(dice, 'h', 40)}",
        f"Merge: {draw(dice, 'h', 7)} {draw(dice, 'h', 7)}",
        f"Author: {name} <{mail}>",
        f"Date:   Fri Nov {_number(dice, 28)} 10:{_number(dice, 60):02}:12 2026 +0100",
        "",
        f"    {_say(dice, 7)}",
        f"    Signed-off-by: {name} <{mail}>",
        f"    Change-Id: I{draw(dice, 'h', 40)}",
        "",
    ]


def _git_oneline(dice: Random) -> Lines:
    return [f"* {draw(dice, 'h', 9)} (HEAD -> {_say(dice, 1)}-{_number(dice)}) {_say(dice, 6)}" for _ in range(12)]


def _uv_lock(dice: Random) -> Lines:
    name, digest = dice.choice(_PACKAGES), draw(dice, "h", 64)
    path = f"https://files.pythonhosted.org/packages/{draw(dice, 'h', 2)}/{draw(dice, 'h', 2)}/{draw(dice, 'h', 60)}"
    return [
        "[[package]]",
        f'name = "{name}"',
        f'version = "{_number(dice, 9)}.{_number(dice, 30)}.0"',
        'source = { registry = "https://pypi.org/simple" }',
        f'sdist = {{ url = "{path}/{name}.tar.gz", hash = "sha256:{digest}", size = {_number(dice, 99999)} }}',
        "wheels = [",
        f'    {{ url = "{path}/{name}-py3-none-any.whl", hash = "sha256:{draw(dice, "h", 64)}", size = 5321 }},',
        "]",
    ]


def _npm_lock(dice: Random) -> Lines:
    name = dice.choice(_PACKAGES)
    return [
        f'    "node_modules/{name}": {{',
        f'      "version": "{_number(dice, 9)}.{_number(dice, 30)}.1",',
        f'      "resolved": "https://registry.npmjs.org/{name}/-/{name}-1.2.3.tgz",',
        f'      "integrity": "{_sri(dice)}",',
        '      "license": "MIT"',
        "    },",
    ]


def _yarn_lock(dice: Random) -> Lines:
    name = dice.choice(_PACKAGES)
    resolved = f'  resolved "https://registry.yarnpkg.com/{name}/-/{name}-1.2.3.tgz#{draw(dice, "h", 40)}"'
    return [f'{name}@^1.2.0, "{name}@>= 1":', '  version "1.2.3"', resolved, f"  integrity {_sri(dice)}", ""]


def _cargo_lock(dice: Random) -> Lines:
    name = dice.choice(_PACKAGES)
    source = 'source = "registry+https://github.com/rust-lang/crates.io-index"'
    return ["[[package]]", f'name = "{name}"', 'version = "0.4.2"', source, f'checksum = "{draw(dice, "h", 64)}"', ""]


def _poetry_lock(dice: Random) -> Lines:
    name = dice.choice(_PACKAGES)
    line = '    {{file = "{}-2.0-py3-none-any.whl", hash = "sha256:{}"}},'
    return ["files = [", *(line.format(name, draw(dice, "h", 64)) for _ in range(6)), "]", ""]


def _go_sum(dice: Random) -> Lines:
    return [
        f"golang.org/x/{dice.choice(_PACKAGES)} v0.{_number(dice)}.0 h1:{_sri(dice, '', 32)[1:]}" for _ in range(10)
    ]


def _pip_hashes(dice: Random) -> Lines:
    hashes = [f"    --hash=sha256:{draw(dice, 'h', 64)} \\" for _ in range(5)]
    return [f"{dice.choice(_PACKAGES)}==2.{_number(dice, 30)}.0 \\", *hashes, "    # via -r requirements.in"]


def _hex_dump(dice: Random) -> Lines:
    rows = [(i * 16, dice.randbytes(16)) for i in range(20)]
    return [f"{at:08x}  {row[:8].hex(' ')}  {row[8:].hex(' ')}  |{_printable(row)}|" for at, row in rows]


def _xxd(dice: Random) -> Lines:
    rows = [(i * 16, dice.randbytes(16)) for i in range(20)]
    return [f"{at:08x}: {row.hex(' ', 2)}  {_printable(row)}" for at, row in rows]


def _printable(row: bytes) -> str:
    return "".join(chr(c) if 32 < c < 127 else "." for c in row)


def _uuids(dice: Random) -> Lines:
    return [f"{uuid(dice)},{dice.choice(_PEOPLE)},{_number(dice)},2026-11-{_number(dice, 28):02}" for _ in range(20)]


def _checksums(dice: Random) -> Lines:
    sizes = ((32, "iso"), (40, "zip"), (64, "tar.gz"), (128, "img"))
    return [f"{draw(dice, 'h', size)}  release-{_number(dice)}.{end}" for size, end in sizes * 4]


def _data_uris(dice: Random) -> Lines:
    image = base64.b64encode(dice.randbytes(_number(dice, 900) + 60)).decode()
    return [
        f'<img alt="logo" src="data:image/png;base64,{image}">',
        f".icon {{ background: url(data:image/svg+xml;base64,{image[:200]}) no-repeat; color: #{draw(dice, 'h', 6)} }}",
        json.dumps({"type": "image", "source": {"media_type": "image/png", "data": image}, "alt": "a chart"}),
        json.dumps({"src": f"data:font/woff2;base64,{image}", "weight": 400}),
        f"//# sourceMappingURL=data:application/json;charset=utf-8;base64,{image}",
        f'<script src="/app.{draw(dice, "h", 8)}.js" integrity="{_sri(dice, "sha384", 48)}" nonce="x"></script>',
    ]


def _pytest(dice: Random) -> Lines:
    rows = [
        f"tests/unit/test_{w}.py {'.' * _number(dice, 40)} [{_number(dice, 100):3}%]" for w in dice.sample(_WORDS, 8)
    ]
    failed = f"FAILED tests/unit/test_auth.py::test_token[{_number(dice)}-password] - AssertionError: assert 401 == 200"
    return ["=" * 30 + " test session starts " + "=" * 30, *rows, failed, f"{_number(dice)} passed in 3.21s"]


def _cargo(dice: Random) -> Lines:
    rows = [f"\x1b[32m\x1b[1m   Compiling\x1b[0m {name} v1.{_number(dice, 90)}.0" for name in _PACKAGES]
    return [*rows, "warning: unused variable: `token`", "  --> src/auth.rs:12:9", "   |", "12 |     let token = x;"]


def _npm(dice: Random) -> Lines:
    rows = [f"npm http fetch GET 200 https://registry.npmjs.org/{name} {_number(dice)}ms" for name in _PACKAGES]
    return [*rows, "npm warn deprecated oauthlib@1.0.0: no more support", f"added {_number(dice)} packages in 3s"]


def _docker(dice: Random) -> Lines:
    layers = [draw(dice, "h", 12) for _ in range(6)]
    return [
        *(f"{layer}: Pull complete" for layer in layers),
        *(
            f"{layer}: Downloading [{'=' * _number(dice, 40)}>  ] 12.4MB/45MB\r{layer}: Download complete"
            for layer in layers
        ),
        f"Digest: sha256:{draw(dice, 'h', 64)}",
        f"#12 sha256:{draw(dice, 'h', 64)} 3.14MB / 3.14MB 0.4s done",
        f"Successfully built {draw(dice, 'h', 12)}",
        f'{draw(dice, "h", 12)}   shop:latest   "/srv/start"   2 hours ago   Up 2 hours   0.0.0.0:8080->80/tcp   web-{_number(dice)}',
    ]


def _progress(dice: Random) -> Lines:
    bars = [f"\rFetching {i * 10:3}%|{'█' * i}{' ' * (10 - i)}| {i}/10 [00:0{i % 10}<00:01]" for i in range(11)]
    return ["".join(bars), f"\x1b[2K\x1b[1A\x1b[32m✔\x1b[0m built in {_number(dice)} ms", "\x1b]0;worker 3\x07done"]


def _transcript(dice: Random) -> Lines:
    call = {
        "type": "tool_use",
        "id": f"toolu_{draw(dice, 'w', 24)}",
        "name": "Bash",
        "input": {"command": f"grep -rn password src/ | head -{_number(dice)}", "timeout": 120000},
    }
    usage = {"input_tokens": _number(dice, 99999), "output_tokens": _number(dice), "cache_read_input_tokens": 0}
    reply = {
        "id": f"msg_{draw(dice, 'w', 24)}",
        "model": "some-model-20260101",
        "max_tokens": 4096,
        "stop_reason": "tool_use",
        "usage": usage,
        "session_id": uuid(dice),
        "request_id": f"req_{draw(dice, 'w', 24)}",
    }
    return [
        json.dumps(call),
        json.dumps(reply),
        f"⏺ Read(src/auth/tokens.py) · {_number(dice)} lines",
        f"  ⎿  {_say(dice, 8)}",
        f"tokens used: {_number(dice, 90) + 9},{_number(dice, 900) + 99} · context left: {_number(dice, 100)}%",
        f"✻ Thinking… ({_number(dice, 60)}s · ↑ {_number(dice, 90)}.2k tokens · esc to interrupt)",
        f"│ > {_say(dice, 6).ljust(60)} │",
        f"Total cost: $0.{_number(dice)}  Total tokens: {_number(dice, 99999)}  Session: {uuid(dice)}",
    ]


def _table(dice: Random) -> Lines:
    rows = [f"│ {w:<14} │ {_number(dice):>6} │ {draw(dice, 'h', 8)} │" for w in dice.sample(_WORDS, 8)]
    return ["┌────────────────┬────────┬──────────┐", *rows, "└────────────────┴────────┴──────────┘"]


def _trace(dice: Random) -> Lines:
    place = f'  File "/srv/app/auth/tokens.py", line {_number(dice)}, in verify_token'
    return [
        "Traceback (most recent call last):",
        place,
        "    password = self.store.read(key, token=token)",
        "               ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^",
        f"KeyError: 'session:{_number(dice, 99999)}'",
        f"    at verifyToken (/srv/app/dist/auth.js:{_number(dice)}:{_number(dice, 80)})",
        f"    at org.shop.auth.PasswordEncoder.matches(PasswordEncoder.java:{_number(dice)})",
        f"goroutine {_number(dice)} [running]: main.(*Token).Refresh(0xc000{draw(dice, 'h', 6)}, 0x{draw(dice, 'h', 8)})",
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


def _ls(dice: Random) -> Lines:
    names = ["id_rsa.pub", "token.py", "password.txt", "secrets.yaml", ".env.example", "keys", "auth_test.go"]
    return [f"-rw-r--r-- 1 ann staff {_number(dice, 99999):>6} Nov {_number(dice, 28):>2} 10:12 {n}" for n in names]


def _ps(dice: Random) -> Lines:
    commands = [
        "/usr/bin/python3 -m http.server -p 8080",
        "ssh -p 2222 ann@host.example.org",
        "postgres: checkpointer",
        "/usr/sbin/sshd -D [listener] 0 of 10-100 startups",
        "node /srv/app/server.js --port=3000 --token-ttl=3600",
        "tmux -u new-session -s main -P -F #{pane_id}",
    ]
    return [
        f"ann {_number(dice, 99999):>7}  0.{_number(dice, 9)}  1.2 pts/{_number(dice, 9)} S+ 10:12 0:00 {c}"
        for c in commands
    ]


def _systemd(dice: Random) -> Lines:
    rows = [
        f"sshd[{_number(dice)}]: Accepted publickey for ann from 10.0.0.{_number(dice, 255)} port 50122 ssh2: ED25519 SHA256:{draw(dice, 'b', 43)}",
        f"sshd[{_number(dice)}]: Failed password for invalid user admin from 10.0.0.7 port 40022 ssh2",
        "systemd[1]: Started systemd-ask-password-console.service - Dispatch Password Requests to Console.",
        f"kernel: [{_number(dice)}.{_number(dice, 999999):06}] usb 1-1: New USB device found, idVendor=0bda, idProduct=8153",
        f'app[{_number(dice)}]: level=info msg="token refreshed" user={_number(dice)} ttl=3600 trace_id={draw(dice, "h", 32)}',
        f"app[{_number(dice)}]: GET /v1/orders?page=2&limit=50&cursor={draw(dice, 'l', 12)} 200 {_number(dice)}ms",
        f'dockerd: msg="loading containers" container={draw(dice, "h", 64)}',
    ]
    return [f"Nov 20 10:12:{_number(dice, 60):02} build {row}" for row in rows]


def _json_records(dice: Random) -> Lines:
    record = {
        "id": uuid(dice),
        "sha": draw(dice, "h", 40),
        "etag": f'W/"{draw(dice, "h", 32)}"',
        "token_count": _number(dice),
        "has_password": True,
        "password_changed_at": "2026-11-20T10:00:00Z",
        "keyword": _say(dice, 1),
        "public_key": draw(dice, "b", 43) + "=",
        "author": dice.choice(_PEOPLE),
        "next": f"https://api.example.org/v1/orders?page={_number(dice)}&sort=key",
        "password": None,
        "tokens": [_number(dice) for _ in range(4)],
    }
    return [json.dumps(record), *json.dumps(record, indent=2).split("\n")]


def _http(dice: Random) -> Lines:
    return [
        "< HTTP/2 200",
        "< content-type: application/json; charset=utf-8",
        f'< etag: "{draw(dice, "h", 32)}"',
        f"< x-request-id: {uuid(dice)}",
        f"< cf-ray: {draw(dice, 'h', 16)}-AMS",
        "< access-control-allow-headers: authorization, x-api-key, content-type",
        '< www-authenticate: Bearer realm="shop", error="invalid_token"',
        f"< x-ratelimit-remaining: {_number(dice)}",
        f"< x-amz-id-2: {draw(dice, 'b', 75)}=",
        f"< content-md5: {draw(dice, 'b', 22)}==",
    ]


def _git_diff(dice: Random) -> Lines:
    name = f"src/{dice.choice(_PACKAGES)}/{_say(dice, 1)}.py"
    body = [f"{dice.choice('+- ')}    {_say(dice, 5)} = {draw(dice, 'a', 7)}({_number(dice)})" for _ in range(9)]
    head = [f"diff --git a/{name} b/{name}", f"index {draw(dice, 'h', 7)}..{draw(dice, 'h', 7)} 100644"]
    return [
        *head,
        "Binary files a/logo.png and b/logo.png differ",
        f"@@ -{_number(dice)},9 +{_number(dice)},9 @@",
        *body,
    ]


def _minified(dice: Random) -> Lines:
    names = [draw(dice, "a", 2) + draw(dice, "w", 3) for _ in range(40)]
    return ["!function(){" + ";".join(f"var {n}=e.{n.lower()}||{_number(dice)}" for n in names) + "}();"]


def _paths(dice: Random) -> Lines:
    return [
        f"/nix/store/{draw(dice, 'l', 32)}-openssl-3.0.{_number(dice, 20)}/lib/libssl.so",
        f"/var/lib/docker/overlay2/{draw(dice, 'h', 64)}/merged/etc/passwd",
        f".git/objects/{draw(dice, 'h', 2)}/{draw(dice, 'h', 38)}",
        f"s3://shop-artifacts/builds/{uuid(dice)}/{draw(dice, 'h', 40)}.zip",
        f"arn:aws:secretsmanager:eu-west-1:{draw(dice, 'd', 12)}:secret:orders/db-password-{draw(dice, 'w', 6)}",
        f"https://github.com/example/shop/commit/{draw(dice, 'h', 40)}#diff-{draw(dice, 'h', 64)}",
        f"ghcr.io/example/shop@sha256:{draw(dice, 'h', 64)}",
        f"https://www.youtube.com/watch?v={draw(dice, 's', 11)}&t={_number(dice)}s",
        f"projects/p/locations/eu/keyRings/r/cryptoKeys/k/cryptoKeyVersions/{_number(dice)}",
    ]


SHAPES: dict[str, Callable[[Random], Lines]] = {
    "git log": _git_log,
    "git oneline": _git_oneline,
    "git diff": _git_diff,
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
    "pytest": _pytest,
    "cargo": _cargo,
    "npm": _npm,
    "docker": _docker,
    "progress": _progress,
    "transcript": _transcript,
    "table": _table,
    "trace": _trace,
    "public keys": _public_keys,
    "ls": _ls,
    "ps": _ps,
    "systemd": _systemd,
    "json": _json_records,
    "http": _http,
    "minified": _minified,
    "paths": _paths,
}
