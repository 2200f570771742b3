"""The table of token formats keeps what it promises to its engine. Each token in here is drawn from a row."""

import base64
import random
import re
import time
from functools import cache

import pytest

from board.journal.formats import FORMATS, Format
from board.journal.marks import Marks
from board.journal.prefixes import likely, words_of
from board.journal.sieve import Sieve
from board.journal.tokens import KINDS, tokens_of
from tests.unit.tokens import Drawn, drawn, is_open, loose

compiled = cache(re.compile)
MARKS = Marks(b"k", lambda: KINDS)
SIEVES = [Sieve([], MARKS, None, fast=is_fast) for is_fast in (False, True)]
ROWS = [pytest.param(row, id=f"{number}-{row.kind}") for number, row in enumerate(FORMATS)]
OPEN = [row for row in ROWS if is_open(row.values[0])]  # type: ignore[arg-type]


def matched(row: Format, one: Drawn) -> re.Match[str] | None:
    """What the engine asks: is there a token where the prefix begins?"""
    return compiled(row.pattern).match(one.before + one.token, len(one.before))


def kinds_in(text: str) -> list[tuple[str, str]]:
    """Each match in a text, found by prefixes alone as an engine finds it: its kind and what it would mask."""
    found = []
    for row in FORMATS:
        for prefix in row.prefixes:
            at = text.find(prefix)
            while at >= 0:
                m = compiled(row.pattern).match(text, at)
                if m is not None:
                    found.append((row.kind, m[m.lastindex or 0]))
                at = text.find(prefix, at + 1)
    return found


@pytest.mark.parametrize("row", ROWS)
def test_a_row_finds_its_tokens_from_their_prefix(row: Format) -> None:
    """With each of its prefixes, a token of the least length is found where the prefix begins, and to its end.

    Mutant seen red: `ghp_` left out of its pattern.
    """
    for prefix in row.prefixes:
        for seed in range(3):
            one = drawn(row, prefix, seed)
            m = matched(row, one)
            assert m is not None, one
            assert m[0] == one.token


@pytest.mark.parametrize("row", ROWS)
def test_a_row_is_asked_wherever_one_of_its_tokens_stands(row: Format) -> None:
    """No cheap look at a line or at a long text leaves out a prefix that has a token there, of the least length too.

    Mutants seen red: what has a full stop soon is a long word; what may be absent counts.
    """
    for prefix, seed in ((prefix, seed) for prefix in row.prefixes for seed in range(3)):
        one = drawn(row, prefix, seed)
        for around in ("{}", "one\n use {} now\ntwo", "'{}'", "a\\n{}", "%22{}", "(/{})"):
            text = around.format(one.before + one.token)
            if any(tokens_of(prefix, text, MARKS)):
                assert prefix in {*likely(text, words_of(text))}, text
                assert all(sieve.hot(text) for sieve in SIEVES), text


@pytest.mark.parametrize("row", OPEN)
def test_a_longer_token_leaves_no_tail(row: Format) -> None:
    """Formats grow: 200 characters more of a row's own alphabet are masked with the rest, up to what cannot be its.

    Mutants seen red: a tail of exactly its length (`{16}`), one with a bound (`{40,64}`), a group around half of it.
    """
    for prefix in row.prefixes:
        one = drawn(row, prefix, "long", change=200)
        for behind in ("", " and", '"', "\n", ")"):
            m = matched(row, Drawn(one.before, one.token + behind))
            assert m is not None
            assert m[0] == one.token
            assert m.end(m.lastindex or 0) >= len(one.before + one.token) - (row.kind == "url")


@pytest.mark.parametrize("row", OPEN)
def test_a_token_that_is_too_short_is_none(row: Format) -> None:
    """One character below the least length nothing is found: the least is what keeps slugs and words clean.

    Mutant seen red: a least of 1.
    """
    for prefix in row.prefixes:
        one = drawn(row, prefix, "short", change=-1)
        assert matched(row, one) is None, one


@pytest.mark.parametrize("row", [row for row in ROWS if "(?<![" in row.values[0].pattern])
def test_no_token_begins_inside_a_word(row: Format) -> None:
    """Where a row has an edge, a capital or a figure before the prefix hides it; what an escape ends does not.

    Mutants seen red: an edge without its escapes, one without its lookbehind.
    """
    for prefix in row.prefixes:
        one = drawn(row, prefix, "edge")
        if one.before:
            continue
        assert matched(row, Drawn("X", one.token)) is None
        if "(?:(?<![" in row.pattern:
            for before in (r"\n", r"\t", "%3D", "%22", r"\u0022", r"\x3d"):
                assert matched(row, Drawn(before, one.token)) is not None, before


HOSTILE = ("aB3", "0123456789abcdef", "AZ29", "aB3_-", "aB3+/=", "aB3.", "a:@")
BETWEEN = ("", "-", ".", "aB3-", "%20")


@pytest.mark.parametrize("row", ROWS)
def test_a_hostile_line_costs_linear_time(row: Format) -> None:
    """Twice the line is about twice the work (processor time, best of three, much slack; what takes no time is fine).

    Both of a prefix with 100,000 characters behind it, and of as many prefixes. Mutant seen red: a header of a JWT
    without its bound.
    """
    prefix = row.prefixes[0]
    lines = [prefix + part * 100_000 for part in HOSTILE] + [(prefix + glue) * 100_000 for glue in BETWEEN]
    for line in lines:
        if cost(row, line[:100_000], times=1) > 0.02:
            assert cost(row, line[:100_000]) < 4 * cost(row, line[:50_000]), line[:40]


def cost(row: Format, line: str, times: int = 3) -> float:
    def once() -> float:
        start = time.process_time()
        searched(row, line)
        return time.process_time() - start

    return min(once() for _ in range(times))


def searched(row: Format, line: str) -> None:
    """Each place of a prefix, behind what was found last, as an engine does it."""
    for prefix in row.prefixes:
        at = line.find(prefix)
        while at >= 0:
            m = compiled(row.pattern).match(line, at)
            at = line.find(prefix, at + 1 if m is None else m.end())


@pytest.mark.parametrize("row", ROWS)
def test_only_the_last_quantifier_is_open(row: Format) -> None:
    """Nothing that may fail follows a greedy quantifier without a bound.

    Mutants seen red: `eyJ[A-Za-z0-9_-]{10,}\\.`, a tail `(?:[A-Za-z0-9]{20,})+` with something behind.
    """
    assert not loose(row.pattern)


def test_the_table_is_well_formed() -> None:
    """Literal prefixes of three characters or more, short lower-case kinds, a document for each, no row twice.

    Mutants seen red: a prefix `SK`, a kind `Stripe`, an `http:` source, a row copied.
    """
    for row in FORMATS:
        assert row.prefixes
        assert all(len(prefix) >= (2 if row.before else 3) for prefix in row.prefixes), row
        assert re.fullmatch("[a-z0-9]{1,16}", row.kind), row
        assert re.fullmatch(r"https://[a-z0-9.-]+\.[a-z]{2,}/\S*", row.source), row
        assert compiled(row.pattern).groups <= 1, row
    assert len({row.pattern for row in FORMATS}) == len(FORMATS)
    pairs = [(row.pattern, prefix) for row in FORMATS for prefix in row.prefixes]
    assert len(set(pairs)) == len(pairs)


@pytest.mark.parametrize("row", ROWS)
def test_narrow_before_wide(row: Format) -> None:
    """The first row that matches at a place names the kind: a token of a row is not taken for that of a wider one.

    Mutant seen red: the two rows `sk-` before `sk-ant-`.
    """
    for prefix in row.prefixes:
        one = drawn(row, prefix, "kind", change=24)
        for other in FORMATS:
            if one.token.startswith(other.prefixes) and matched(other, one):
                assert other.kind == row.kind or (row.kind, other.kind) in SHARED
                break


# One prefix, one shape: nobody can tell these apart.
SHARED = {("segment", "sourcegraph"), ("facebook", "square")}


def test_what_a_group_leaves() -> None:
    """Where a row has a group, only the secret is in it: the address, the name and the user stay to be read.

    Mutant seen red: no group in the row of a URL.
    """
    secret = drawn(next(row for row in FORMATS if row.kind == "npm"), "npm_", 1).token
    digits = "0" * 12
    for text, expected in (
        (f"postgres://app:{secret}@db.internal:5432/x", secret),
        (f"redis://:{secret}@cache:6379/0", secret),
        (f"Authorization: Bearer {secret}", secret),
        (f"authorization: bearer {secret}", secret),
        (f"AUTHORIZATION: BEARER {secret}", secret),
        (f"AccountName=app;AccountKey={secret};EndpointSuffix=core.windows.net", secret),
        (f"https://app.blob.core.windows.net/x?sv=1&sig={secret}A9&se=2", f"{secret}A9"),
        (f"https://hooks.slack.com/services/{secret}", secret),
        (f"https://discord.com/api/v10/webhooks/{digits}/{secret}AAAAAAAA", f"{digits}/{secret}AAAAAAAA"),
        (f"https://maker.ifttt.com/trigger/door_opened/with/key/{secret}", secret),
    ):
        assert [part for kind, part in kinds_in(text) if kind != "npm"] == [expected], text


CLEAN = (
    # only the edge tells these
    "disk-Usage-Report-2024-For-The-Board",
    "task-Runner-2024-Final-Version-For-Review",
    "mask_live_Regions2024Updated",
    "surpa-Systems-And-Microphones-For-Large-Conference-Rooms-2024",
    # package names, slugs, classes, file names
    *(
        "import sklearn  # pip install scikit-learn sk-learn",
        "sk-learn==1.5.0",
        "pk.json",
        "key-value-store",
        "key-value",
    ),
    *(
        "dapixel.io/docs",
        "const dapi = new DataApi()",
        "SKIP",
        "SKIPPED 3 tests",
        "re_compile_pattern",
        "re_match_object_2",
    ),
    *(
        '<div class="sk-fading-circle sk-circle-bounce">',
        ".sk-cube-grid .sk-cube { width: 33%; }",
        "task-runner-2024-final",
    ),
    *(
        "disk-usage-report-2024-11-24",
        "mask_live_regions",
        "desk-proj-overview-and-planning-document",
        "ask-admin-for-access",
    ),
    *(
        "risk-assessment-proj-management-template",
        "sk-admin-dashboard-component-list",
        "sk-or-something-like-that-anyway",
    ),
    *(
        "sk-ant-colony-optimization-demo",
        "pypi-publish-workflow-for-packages-on-release",
        "npm_config_registry",
        "npm_lifecycle_event",
    ),
    *("hf_hub_download", "hf_transfer_enabled_by_default_in_new_versions", "r8_to_d8_migration_guide_for_android_apps"),
    *(
        "gsk_value_of_the_thing_that_is_not_one_at_all",
        "fw_printenv && fw_setenv bootcmd",
        "fw_load_firmware_from_disk_again",
    ),
    *(
        "pa-systems-and-microphones-for-large-conference-rooms",
        "as-needed-basis-for-the-next-20-Releases",
        "ak-47-history",
    ),
    *(
        "md-Button md-raised md-primary-Theme2",
        "fc-deadbeef",
        "e2b_sandbox_template",
        "m0-Cortex-Microcontroller-Unit-2",
    ),
    *("jina_embeddings_v3_text_matching_base_model_for_search", "nfc_llcp_send_ui_frame_to_remote_device", "nfp_mode"),
    *(
        "nfc_hci_recv_from_llc_and_dispatch_to_gate",
        "vca_table_of_all_known_adapters_and_their_state",
        "rnd_seed_value_used_here",
    ),
    *(
        "tk_window_manager_geometry_string_from_screen",
        "lip_sync_animation_controller",
        "ion_channel_current",
        "tss_segment_selector",
    ),
    *(
        "cu_stream_synchronize",
        "ck_assert_int_eq(value, 3);",
        "cs_open(CS_ARCH_X86, CS_MODE_64, &handle)",
        "ck_pr_load_ptr",
    ),
    *(
        "sk_test_dataset_loader_for_regression",
        "sk_live_migration_helper",
        "rk_test_runner_config_v2_loader",
        "whsec_rotation",
    ),
    *(
        "sb_secret_key_for_supabase_project",
        "secret_name_of_the_thing",
        "secret-agent-man-and-others",
        "lin_api_client_settings",
    ),
    *(
        "api-gateway-service-v2",
        "sdk-manager --licenses",
        "mob-programming",
        "pat-na1-region",
        "pat.match(text)",
        "sat.solver.run()",
    ),
    *(
        "path/to/pattern.txt",
        "patch.object(module, 'name')",
        "patterns.compile",
        "patristic.tree",
        "patchwork.ozlabs.org",
    ),
    *(
        "ops_eyJ is a prefix",
        "dp.state.update()",
        "dp.pt.layer",
        "st.session_state.counter",
        "test.server.local.",
        "sl.append(item)",
    ),
    *(
        "user.name.first",
        "ser.write(b'data')",
        "parser.add_argument_group",
        "v1.local.cluster",
        "v4.public.example",
        "host.local.lan",
    ),
    *("0/10 tests failed", "1/15 done", "2/12/2024: released", "1//0 is undefined", "0/123456789", "a/1/1234567890123"),
    # headings of rows without a token behind
    *(
        "Bearer token required",
        "bearer authentication",
        "Authorization: Bearer",
        "SSWS header",
        "a bearer of bad news, perhaps",
    ),
    *(
        "https://example.com:8443/path",
        "http://localhost:3000",
        "ssh://git@github.com:22/org/repo.git",
        "git@github.com:org/repo",
    ),
    *(
        "docker://nginx:1.25@sha256:" + "0" * 64,
        "oci://registry.test:tag@sha512:" + "a" * 128,
        "file:///etc/hosts",
        "s3://bucket/key",
    ),
    *(
        "https://hooks.slack.com/services/",
        "https://hooks.slack.com/workflows",
        "https://discord.com/api/webhooks/",
        "/hooks/useState",
    ),
    *(
        "src/hooks/useAuthenticatedRequestWithRetries.ts",
        ".git/hooks/pre-commit.sample",
        "/hooks/pre-receive",
        "GET /webhooks/1234567890",
    ),
    *(
        "https://hc-ping.com/docs",
        "https://hook.make.com/app",
        "events.pagerduty.com/integration/",
        "hooks.zapier.com/hooks/catch/",
    ),
    *("https://chat.googleapis.com/v1/spaces/AAAA/messages", "https://maker.ifttt.com/trigger/{event}/with/key/{key}"),
    *(
        "AccountKey=<your key>",
        "SharedAccessKey=...",
        "sig=inspect.signature(f)",
        "sig=some-identifier-that-is-long-and-a-slug",
        "Key=value",
    ),
    *(
        "def f(sig=None): ...",
        "config=abcdefghijklmnopqrstuvwxyzabcdefghijkl",
        "X-Amz-Signature=",
        "X-Goog-Signature=<hex>",
    ),
    # numbers, identifiers, digests
    *(
        "550e8400-e29b-41d4-a716-446655440000",
        "id=6ba7b810-9dad-11d1-80b4-00c04fd430c8",
        "urn:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bf6",
    ),
    *(
        "commit " + "9fceb02d0ae598e95dc970b74767f19372d61af8",
        "index e69de29bb2d1d6434b8b29ae775ad8c2e48c5391..0cfbf08886fca9a91c",
        "9fceb02",
    ),
    *(
        "sha256:" + "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "md5 d41d8cd98f00b204e9800998ecf8427e",
    ),
    *("integrity sha512-v2kDEe57lecTulaDIuNTPy3Ry4gLGJ6Z1O3vE1krgXZNrsQ+LFTGHVxVjcXPs17LhbZVGedAJv8XZ1tvj5FvSg==",),
    *(
        "hash = sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=",
        'sha256 = "0000000000000000000000000000000000000000000000000000"',
    ),
    *(
        "api-9fceb02d0ae598e95dc970b74767f19372d61af8",
        "web-sk-9fceb02",
        "key-9fceb02",
        "dapi-9fceb02d0ae598e9",
        "e2b_1234",
        "fc-00:11",
    ),
    *(
        "1234567890:AAb",
        "12:30:45",
        "12345678:AAA rating",
        "00000000:AABBCCDD",
        "2024-11-24T10:00:00.000Z",
        "1732442400000",
    ),
    # base64 data
    *(
        "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==",
    ),
    *(
        "data:image/gif;base64,R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7",
        "/9j/4AAQSkZJRgABAQEAYABgAAD/2wBDAAgGBgcGBQgH",
    ),
    *(
        "sourceMappingURL=data:application/json;base64,eyJ2ZXJzaW9uIjozLCJzb3VyY2VzIjpbImEudHMiXSwibmFtZXMiOltdfQ==",
        "eyJhIjoxfQ==",
    ),
    *(
        "AAAAB3NzaC1yc2EAAAADAQABAAABAQC7",
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl",
        "EAAAAAAAAAA=",
    ),
    # capitals, gene sequences, constants
    *(
        "ACCAGTACCAGTTTACGGATCCATTACAGGATTACA",
        ">seq1\nABIACGTACGTACGTACGTACGT",
        "ASIA-PACIFIC",
        "ASIANMARKETS",
        "AKIA",
        "AKIAEXAMPLE",
    ),
    *(
        "SCW_ACCESS_KEY",
        "SCWORKER",
        "GOOG1E",
        "LTAI",
        "AKIDS",
        "API-REFERENCE",
        "API-VERSIONING",
        "NRAK-",
        "PMAK-",
        "HRKU-",
        "AQE",
    ),
    *(
        "AGE-SECRET-KEY-1",
        "AGE-GROUP-18-25",
        "CFPAT-",
        "ATBB",
        "CLOJARS_USERNAME",
        "AVNS_",
        "CCIPAT_",
        "GITHUB_PAT_NAME",
        "EZAK",
    ),
    # prefixes that are spoken of
    *(
        "tokens start with ghp_ or github_pat_",
        "use a glpat- token",
        "the xoxb- prefix",
        "sk-... or sk-proj-...",
        "an AKIA... key",
    ),
    *(
        "npm_xxxxxxxx",
        "hvs.CAES",
        "shpat_1234",
        "dckr_pat_",
        "pypi-AgEI",
        "SG.xxx.yyy",
        "whsec_...",
        "eyJ...",
        "rubygems_<key>",
    ),
    *(
        "xoxb-test",
        "xox-games",
        "shp2pgsql -s 4326 roads.shp",
        "shp_files",
        "glsa_",
        "glc_context_t",
        "sntrys_",
        "tskey-",
        "gh_token",
    ),
    # source
    *(
        "MTAwMDAw.x",
        "MTU=1500",
        "MTA configuration: postfix",
        "MTU 9000",
        "MTIzNDU2Nzg5MA",
        "const MTg = 3;",
        "SG.map(x => x)",
    ),
    *(
        "self.ya29.x",
        "K10 = 10",
        "OC|",
        "API-key",
        "00D",
        "pat_re = re.compile(r'x')",
        "t1.join()",
        "t1.start(); t2.start()",
        "AQ.put(x)",
    ),
    *(
        "sha256~",
        "token-abcde:",
        "token-based:authentication",
        "kubectl get secret-token",
        "secret-token: x",
        "v1.0-rc1",
        "v1.0-beta.2",
    ),
    *(
        "the md- prefix",
        "tar.xz",
        "$aact_",
        "v^1.1#",
        "p8e-",
        "KEY0=1",
        "KEY02",
        "dt0c01.",
        "pk_id = Column()",
        "pk_1",
        "pk_12_name",
    ),
    *(
        "yarn.lock: resolved https://registry.yarnpkg.com/@babel/code-frame/-/code-frame-7.0.0.tgz#06e2ab19bdb535385559aabb5ba59729482800f8",
    ),
    *(
        '{"name":"web","version":"1.0.0","dependencies":{"react":"^18.2.0","@types/node":"20.1.0"}}',
        "Object.keys(x).map((k) => k)",
    ),
    *(
        "SELECT pk_id, fk_id FROM ask_live_view WHERE sk_test = 1;",
        "fatal: not a git repository",
        "On branch main, nothing to commit",
    ),
)


def test_there_are_clean_lines_enough() -> None:
    """The list is long enough to mean something."""
    assert len(set(CLEAN)) == len(CLEAN) >= 150


@pytest.mark.parametrize("line", CLEAN)
def test_clean_lines_match_no_row(line: str) -> None:
    """Slugs, classes, file names, digests, identifiers and prefixes alone are nobody's token.

    Mutants seen red: rows without their edge (`task-`), `sk-` without figures and capitals, a least of 1, a host that
    is a digest, gene sequences.
    """
    assert not kinds_in(line)


def test_random_data_is_nobodys_token() -> None:
    """2,000 lines of each of hex, UUIDs, base64 and base64url: no false alarm.

    Mutant seen red: the row `fw_` with a least of 12 and without its edge.
    """
    dice = random.Random(5)
    lines = []
    for _ in range(2_000):
        raw = dice.randbytes(57)
        text = raw.hex()
        uuid = f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:32]}"
        lines += [text, uuid, base64.b64encode(raw).decode(), f"sha256={base64.urlsafe_b64encode(raw[:32]).decode()}"]
    assert not kinds_in("\n".join(lines))
