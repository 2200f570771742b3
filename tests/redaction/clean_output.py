"""What tools print: logs, progress, transcripts. All its noise is drawn; none of it is secret."""
# ruff: noqa: E501 - lines as they are printed

from __future__ import annotations

import json
from collections.abc import Callable
from random import Random

from tests.redaction.clean_draws import PACKAGES, PEOPLE, WORDS, Lines, number, say
from tests.redaction.values import draw, uuid


def _git_log(dice: Random) -> Lines:
    name = dice.choice(PEOPLE)
    mail = f"{name.split()[0].lower()}@example.org"
    return [
        f"commit {draw(dice, 'h', 40)}",
        f"Merge: {draw(dice, 'h', 7)} {draw(dice, 'h', 7)}",
        f"Author: {name} <{mail}>",
        f"Date:   Fri Nov {number(dice, 28)} 10:{number(dice, 60):02}:12 2026 +0100",
        "",
        f"    {say(dice, 7)}",
        f"    Signed-off-by: {name} <{mail}>",
        f"    Change-Id: I{draw(dice, 'h', 40)}",
        "",
    ]


def _git_oneline(dice: Random) -> Lines:
    return [f"* {draw(dice, 'h', 9)} (HEAD -> {say(dice, 1)}-{number(dice)}) {say(dice, 6)}" for _ in range(12)]


def _pytest(dice: Random) -> Lines:
    rows = [f"tests/unit/test_{w}.py {'.' * number(dice, 40)} [{number(dice, 100):3}%]" for w in dice.sample(WORDS, 8)]
    failed = f"FAILED tests/unit/test_auth.py::test_token[{number(dice)}-password] - AssertionError: assert 401 == 200"
    return ["=" * 30 + " test session starts " + "=" * 30, *rows, failed, f"{number(dice)} passed in 3.21s"]


def _cargo(dice: Random) -> Lines:
    rows = [f"\x1b[32m\x1b[1m   Compiling\x1b[0m {name} v1.{number(dice, 90)}.0" for name in PACKAGES]
    return [*rows, "warning: unused variable: `token`", "  --> src/auth.rs:12:9", "   |", "12 |     let token = x;"]


def _npm(dice: Random) -> Lines:
    rows = [f"npm http fetch GET 200 https://registry.example.org/{name} {number(dice)}ms" for name in PACKAGES]
    return [*rows, "npm warn deprecated oauthlib@1.0.0: no more support", f"added {number(dice)} packages in 3s"]


def _docker(dice: Random) -> Lines:
    layers = [draw(dice, "h", 12) for _ in range(6)]
    return [
        *(f"{layer}: Pull complete" for layer in layers),
        *(
            f"{layer}: Downloading [{'=' * number(dice, 40)}>  ] 12.4MB/45MB\r{layer}: Download complete"
            for layer in layers
        ),
        f"Digest: sha256:{draw(dice, 'h', 64)}",
        f"#12 sha256:{draw(dice, 'h', 64)} 3.14MB / 3.14MB 0.4s done",
        f"Successfully built {draw(dice, 'h', 12)}",
        f'{draw(dice, "h", 12)}   shop:latest   "/srv/start"   2 hours ago   Up 2 hours   0.0.0.0:8080->80/tcp   web-{number(dice)}',
    ]


def _progress(dice: Random) -> Lines:
    bars = [f"\rFetching {i * 10:3}%|{'█' * i}{' ' * (10 - i)}| {i}/10 [00:0{i % 10}<00:01]" for i in range(11)]
    return ["".join(bars), f"\x1b[2K\x1b[1A\x1b[32m✔\x1b[0m built in {number(dice)} ms", "\x1b]0;worker 3\x07done"]


def _transcript(dice: Random) -> Lines:
    call = {
        "type": "tool_use",
        "id": f"toolu_{draw(dice, 'w', 24)}",
        "name": "Bash",
        "input": {"command": f"grep -rn password src/ | head -{number(dice)}", "timeout": 120000},
    }
    usage = {"input_tokens": number(dice, 99999), "output_tokens": number(dice), "cache_read_input_tokens": 0}
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
        f"⏺ Read(src/auth/tokens.py) · {number(dice)} lines",
        f"  ⎿  {say(dice, 8)}",
        f"tokens used: {number(dice, 90) + 9},{number(dice, 900) + 99} · context left: {number(dice, 100)}%",
        f"✻ Thinking… ({number(dice, 60)}s · ↑ {number(dice, 90)}.2k tokens · esc to interrupt)",
        f"│ > {say(dice, 6).ljust(60)} │",
        f"Total cost: $0.{number(dice)}  Total tokens: {number(dice, 99999)}  Session: {uuid(dice)}",
    ]


def _table(dice: Random) -> Lines:
    rows = [f"│ {w:<14} │ {number(dice):>6} │ {draw(dice, 'h', 8)} │" for w in dice.sample(WORDS, 8)]
    return ["┌────────────────┬────────┬──────────┐", *rows, "└────────────────┴────────┴──────────┘"]


def _trace(dice: Random) -> Lines:
    place = f'  File "/srv/app/auth/tokens.py", line {number(dice)}, in verify_token'
    return [
        "Traceback (most recent call last):",
        place,
        "    password = self.store.read(key, token=token)",
        "               ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^",
        f"KeyError: 'session:{number(dice, 99999)}'",
        f"    at verifyToken (/srv/app/dist/auth.js:{number(dice)}:{number(dice, 80)})",
        f"    at org.shop.auth.PasswordEncoder.matches(PasswordEncoder.java:{number(dice)})",
        f"goroutine {number(dice)} [running]: main.(*Token).Refresh(0xc000{draw(dice, 'h', 6)}, 0x{draw(dice, 'h', 8)})",
    ]


def _ls(dice: Random) -> Lines:
    names = ["id_rsa.pub", "token.py", "password.txt", "secrets.yaml", ".env.example", "keys", "auth_test.go"]
    return [f"-rw-r--r-- 1 ann staff {number(dice, 99999):>6} Nov {number(dice, 28):>2} 10:12 {n}" for n in names]


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
        f"ann {number(dice, 99999):>7}  0.{number(dice, 9)}  1.2 pts/{number(dice, 9)} S+ 10:12 0:00 {c}"
        for c in commands
    ]


def _systemd(dice: Random) -> Lines:
    rows = [
        f"sshd[{number(dice)}]: Accepted publickey for ann from 10.0.0.{number(dice, 255)} port 50122 ssh2: ED25519 SHA256:{draw(dice, 'b', 43)}",
        f"sshd[{number(dice)}]: Failed password for invalid user admin from 10.0.0.7 port 40022 ssh2",
        "systemd[1]: Started systemd-ask-password-console.service - Dispatch Password Requests to Console.",
        f"kernel: [{number(dice)}.{number(dice, 999999):06}] usb 1-1: New USB device found, idVendor=0bda, idProduct=8153",
        f'app[{number(dice)}]: level=info msg="token refreshed" user={number(dice)} ttl=3600 trace_id={draw(dice, "h", 32)}',
        f"app[{number(dice)}]: GET /v1/orders?page=2&limit=50&cursor={draw(dice, 'l', 12)} 200 {number(dice)}ms",
        f'dockerd: msg="loading containers" container={draw(dice, "h", 64)}',
    ]
    return [f"Nov 20 10:12:{number(dice, 60):02} build {row}" for row in rows]


def _http(dice: Random) -> Lines:
    return [
        "< HTTP/2 200",
        "< content-type: application/json; charset=utf-8",
        f'< etag: "{draw(dice, "h", 32)}"',
        f"< x-request-id: {uuid(dice)}",
        f"< cf-ray: {draw(dice, 'h', 16)}-AMS",
        "< access-control-allow-headers: authorization, x-api-key, content-type",
        '< www-authenticate: Bearer realm="shop", error="invalid_token"',
        f"< x-ratelimit-remaining: {number(dice)}",
        f"< x-amz-id-2: {draw(dice, 'b', 75)}=",
        f"< content-md5: {draw(dice, 'b', 22)}==",
    ]


def _git_diff(dice: Random) -> Lines:
    name = f"src/{dice.choice(PACKAGES)}/{say(dice, 1)}.py"
    body = [f"{dice.choice('+- ')}    {say(dice, 5)} = {draw(dice, 'a', 7)}({number(dice)})" for _ in range(9)]
    head = [f"diff --git a/{name} b/{name}", f"index {draw(dice, 'h', 7)}..{draw(dice, 'h', 7)} 100644"]
    return [
        *head,
        "Binary files a/logo.png and b/logo.png differ",
        f"@@ -{number(dice)},9 +{number(dice)},9 @@",
        *body,
    ]


SHAPES: dict[str, Callable[[Random], Lines]] = {
    "git log": _git_log,
    "git oneline": _git_oneline,
    "git diff": _git_diff,
    "pytest": _pytest,
    "cargo": _cargo,
    "npm": _npm,
    "docker": _docker,
    "progress": _progress,
    "transcript": _transcript,
    "table": _table,
    "trace": _trace,
    "ls": _ls,
    "ps": _ps,
    "systemd": _systemd,
    "http": _http,
}
