"""The table of secret token formats, narrow before wide: clouds, forges, registries, model providers, protocols.

Searches no text. What has no prefix of its own is not in here: the names of variables tell that.
"""

from typing import Final

from board.journal.row import (
    BASE62_BEFORE,
    BASE64,
    BASE64_BEFORE,
    DASH,
    DATA_EDGE,
    DOTTED,
    FIGURE,
    HEX,
    LOWER,
    MIXED,
    NO_SLUG,
    QUERY,
    STRICT_EDGE,
    UNDER,
    UPPER,
    UPPER_EDGE,
    UUID,
    WORD,
    WORD_BEFORE,
    Format,
    marked,
    parts,
    path,
    shaped,
    tail,
)
from board.journal.services import SERVICES

__all__ = ["FORMATS", "Format"]

_IN_DSN: Final = WORD_BEFORE + "!#$%&*+,.;=?^`{|}~"
_SIGNED: Final = "(?=[A-Za-z0-9%/+=_-]{0,63}[0-9])(?=[A-Za-z0-9%/+=_-]{0,63}[A-Z])"

CLOUDS: Final[tuple[Format, ...]] = (
    # Gene sequences are capitals too.
    tail("aws", "AKIA", "ASIA", of=UPPER, least=16, edge=UPPER_EDGE),
    tail("aws", "ABIA", "ACCA", of=UPPER, least=16, given="(?![ACGNTU]{16})"),
    tail("aws bedrock", "bedrock-api-key-", of=QUERY, least=30, edge=""),
    tail("aws bedrock", "ABSKQmVkcm9ja0", of=BASE64, least=40, edge=""),
    tail(
        "aws session",
        *("IQoJb3JpZ2lu", "FwoGZXIvYXdz", "FQoGZXIvYXdz"),
        of="[A-Za-z0-9%+/=_-]",
        least=60,
        edge=DATA_EDGE,
    ),
    path("aws signature", "X-Amz-Signature=", "([0-9a-fA-F]{40,})"),
    path("azure", "AccountKey=", f"({QUERY}{{20,}})"),
    path("azure", "SharedAccessKey=", f"({QUERY}{{20,}})"),
    shaped("azure", ("sig=",), rf"(?<![A-Za-z0-9_])sig={_SIGNED}([A-Za-z0-9%/+=_-]{{32,}})"),
    marked("azure", "Q~", WORD_BEFORE + "~.", r"(?<=[A-Za-z0-9_~.-]{3}[0-9])Q~[A-Za-z0-9_~.-]{31,}"),
    # Keys that Microsoft signs inside, so that they can be told.
    marked("azure key", "AZDO", BASE62_BEFORE, r"(?<=[A-Za-z0-9]{52})AZDO[A-Za-z0-9]{4,64}(?![A-Za-z0-9])"),
    marked(
        "azure key", "+ASt", BASE64_BEFORE, r"(?<=[A-Za-z0-9+/]{60})\+ASt[A-Za-z0-9+/]{6,64}={0,2}(?![A-Za-z0-9+/])"
    ),
    marked("azure key", "ACDb", BASE64_BEFORE, r"(?<=[A-Za-z0-9+/]{60})ACDb[A-Za-z0-9+/]{6,64}={0,2}(?![A-Za-z0-9+/])"),
    marked(
        "azure key", "+ACR", BASE64_BEFORE, r"(?<=[A-Za-z0-9+/]{40})\+ACR[A-Za-z0-9+/]{6,64}={0,2}(?![A-Za-z0-9+/])"
    ),
    marked("azure key", "AzFu", WORD_BEFORE, r"(?<=[A-Za-z0-9_-]{40})AzFu[A-Za-z0-9_-]{6,64}={0,2}(?![A-Za-z0-9_-])"),
    parts("amazon mws", "amzn.mws.", then=UUID),
    tail("elastic", "essu_", of=BASE64, least=40),
    tail("google", "AIza", of=WORD, least=30, edge=""),
    tail("google gemini", "AQ.", of=WORD, least=40, given=MIXED),
    tail("google oauth", *("ya29.", "GOCSPX-"), of=WORD, least=20, more=DOTTED),
    tail("google oauth", "1//0", of=WORD, least=40, edge=DATA_EDGE),
    tail("google storage", "GOOG1E", of=UPPER, least=20),
    path("google signature", "X-Goog-Signature=", "([0-9a-fA-F]{40,})"),
    tail("digitalocean", "dop_v1_", "doo_v1_", "dor_v1_", least=32, edge=""),
    tail("alibaba", "LTAI", least=12, edge=DATA_EDGE, given=MIXED),
    tail("tencent", "AKID", least=32, edge=DATA_EDGE, given=NO_SLUG),
    tail("volcengine", "AKLT", least=32, edge=DATA_EDGE, given=NO_SLUG),
    parts("baidu", "bce-v3/ALTAK-", then="[A-Za-z0-9]{20,64}/[0-9a-f]{32,}"),
    parts("yandex", "t1.", then=r"[A-Za-z0-9_-]{20,512}={0,2}\.[A-Za-z0-9_=-]{80,}"),
    tail("yandex", *("AQVN", "y0_"), of=WORD, least=35, edge=STRICT_EDGE, given=MIXED),
    tail("scaleway", "SCW", of=UPPER, least=17, edge=DATA_EDGE, given=FIGURE),
    tail("heroku", "HRKU-", of=WORD, least=36, edge=""),
    tail("fly", *("fm1_", "fm1a_", "fm1r_", "fm2_", "fo1_"), of=BASE64, least=40),
    tail("render", "rnd_", least=24, given=MIXED),
    tail("vercel", *("vcp_", "vci_", "vca_", "vcr_", "vck_"), of=UNDER, least=24, given=MIXED),
    tail("vercel blob", "vercel_blob_rw_", of=UNDER, least=20, given=NO_SLUG),
    tail("netlify", *("nfp_", "nfo_", "nfc_", "nfu_", "nfb_"), of=UNDER, least=30, given=MIXED),
    tail("cloudflare", *("cfut_", "cfat_", "cfk_"), of=UNDER, least=40),
    parts("cloudflare origin", "v1.0-", then="[0-9a-f]{24}-[0-9a-f]{100,}"),
    tail("supabase", "sb_secret_", of=WORD, least=20, given=NO_SLUG),
    tail("supabase personal", "sbp_", of=UNDER, least=32),
    tail("neon", "napi_", least=40),
    tail("planetscale", "pscale_tkn_", "pscale_pw_", "pscale_oauth_", of="[A-Za-z0-9_.=-]", least=32, edge=""),
    tail("databricks", "dapi", of=HEX, least=30, more=r"(?:-[0-9]++)?"),
    tail("datastax", "AstraCS:", of="[A-Za-z0-9:]", least=40),
    tail("mongodb", "mdb_sa_sk_", of=WORD, least=30),
    tail("cockroach", "CCDB1_", of=UNDER, least=40),
    tail("aiven", "AVNS_", of=WORD, least=16),
    parts("doppler", "dp.", then=r"(?:ct|pt|st|sa|said|scim|audit)\.(?:[a-z0-9_-]{1,64}\.)?[A-Za-z0-9]{40,}"),
    tail("pulumi", "pul-", of=HEX, least=40),
    marked("terraform", ".atlasv1.", BASE62_BEFORE, r"(?<=[A-Za-z0-9]{14})\.atlasv1\.[A-Za-z0-9_=-]{40,}"),
    tail("vault", "hvs.", "hvb.", "hvr.", of=WORD, least=20),
    parts("infisical", "st.", then=r"[0-9a-f]{24}\.[0-9a-f]{32}\.[0-9a-f]{32,}"),
    tail("onepassword", "ops_eyJ", of=BASE64, least=60),
    parts(
        "onepassword account",
        "A3-",
        then="[A-Z0-9]{6}-(?:[A-Z0-9]{11}|[A-Z0-9]{6}-[A-Z0-9]{5})(?:-[A-Z0-9]{5}){2}-[A-Z0-9]{5,}",
    ),
    tail("swarm", "SWMTKN-1-", of=DASH, least=40, edge=""),
    tail("openshift", "sha256~", of=WORD, least=40),
    parts("k3s", "K10", then=r"[0-9a-f]{64}::[A-Za-z0-9_.:~+/=-]{8,}"),
    shaped("rancher", ("token-",), r"token-[a-z0-9]{5}:([a-z0-9]{50,})"),
    tail("openstack", "gAAAAAB", of="[A-Za-z0-9_=%-]", least=80),
)

FORGES: Final[tuple[Format, ...]] = (
    tail("github", *("github_pat_", "ghp_", "gho_", "ghu_", "ghr_"), of=UNDER, least=20, edge=""),
    tail("github app", "ghs_", of=WORD, least=20, edge="", more=DOTTED),
    tail(
        "gitlab",
        *("glpat-", "gldt-", "glrt-", "glrtr-", "glptt-", "glcbt-", "glft-", "glimt-", "glagent-", "gloas-"),
        *("glsoat-", "glffct-", "glwt-", "GR1348941"),
        of=WORD,
        least=16,
        more=DOTTED,
    ),
    tail("atlassian", "ATATT3", "ATSTT3", "ATCTT3", of="[A-Za-z0-9_=-]", least=40),
    tail("bitbucket", "ATBB", of=WORD, least=24, given=NO_SLUG),
    tail("trello", "ATTA", of=HEX, least=40),
    parts("sourcegraph", "sgp_", then="(?:[0-9a-fA-F]{16}_|local_)?[0-9a-f]{40,}"),
    tail("circleci", "CCIPAT_", "CCIPRJ_", of=UNDER, least=40, edge=""),
    tail("buildkite", *("bkua_", "bkaa_", "bkaj_", "bkct_", "bkpt_", "bkps_"), of=WORD, least=30),
    tail("sonar", *("squ_", "sqp_", "sqa_"), least=40),
    parts("harness", *("pat.", "sat."), then=r"[A-Za-z0-9_-]{20,24}\.[A-Za-z0-9]{24}\.[A-Za-z0-9]{20,}"),
    tail("octopus", "API-", of=UPPER, least=25, given=FIGURE),
)

REGISTRIES: Final[tuple[Format, ...]] = (
    tail("npm", "npm_", least=30, edge=""),
    tail("pypi", "pypi-", of=WORD, least=32, given=MIXED),
    tail("rubygems", "rubygems_", least=32),
    tail("crates", "cio", least=32, edge=DATA_EDGE, given=MIXED),
    tail("docker", "dckr_pat_", "dckr_oat_", of=WORD, least=20, edge=""),
    parts("packagist", *(f"packagist_{kind}_" for kind in ("ort", "out", "uut", "ack", "acs")), then="[0-9a-f]{40,}"),
    tail("nuget", "oy2", of=LOWER, least=40, edge=DATA_EDGE),
    tail("clojars", "CLOJARS_", least=40),
    tail("jfrog", "AKCp", least=50, edge=DATA_EDGE, given=NO_SLUG),
    tail("jfrog", "cmVmdGtu", of=BASE64, least=40, edge=DATA_EDGE),
    tail("scalingo", "tk-us-", of=WORD, least=40),
)

MODELS: Final[tuple[Format, ...]] = (
    tail("anthropic", "sk-ant-", of=WORD, least=16, given=NO_SLUG),
    tail("openrouter", "sk-or-", of=WORD, least=24, given=NO_SLUG),
    tail("langfuse", "sk-lf-", of=WORD, least=24, given=NO_SLUG),
    tail("helicone", "sk-helicone-", of=WORD, least=20, given=NO_SLUG),
    tail("openai", *("sk-proj-", "sk-svcacct-", "sk-admin-"), of=WORD, least=20, given=NO_SLUG),
    tail("deepseek", "sk-", of=HEX, least=32, more="[A-Za-z0-9_-]*+"),
    tail("openai", "sk-", of=WORD, least=20, given=MIXED),
    tail("elevenlabs", "sk_", of=HEX, least=40),
    tail("groq", "gsk_", least=30),
    tail("xai", "xai-", least=30),
    tail("huggingface", "hf_", "api_org_", least=30, edge=STRICT_EDGE, given=NO_SLUG),
    tail("replicate", "r8_", least=30, edge=STRICT_EDGE),
    tail("perplexity", "pplx-", least=30),
    tail("fireworks", "fw_", least=20, edge=STRICT_EDGE, given=NO_SLUG),
    tail("cerebras", "csk-", least=32, given=FIGURE),
    tail("nvidia", "nvapi-", of=WORD, least=30),
    tail("langsmith", "lsv2_pt_", "lsv2_sk_", of=UNDER, least=32),
    tail("tavily", "tvly-", of=WORD, least=20),
    tail("pinecone", "pcsk_", of=UNDER, least=40, given=NO_SLUG),
    tail("voyage", "pa-", of=WORD, least=40, edge=STRICT_EDGE, given=MIXED),
    tail("jina", "jina_", of=WORD, least=40, given=MIXED),
    tail("firecrawl", "fc-", of=HEX, least=32),
    tail("e2b", "e2b_", of=HEX, least=32),
    tail("modal", "ak-", "as-", least=20, edge=STRICT_EDGE, given=MIXED),
    tail("llamaindex", "llx-", least=30),
    tail("mem0", "m0-", least=30, edge=STRICT_EDGE, given=MIXED),
    tail("runpod", "rpa_", least=30),
    tail("apify", "apify_api_", least=30),
    tail("context7", "ctx7sk-", of=DASH, least=30),
    tail("together", "tgp_v1_", of=WORD, least=30),
    tail("cursor", "crsr_", "key_", of=HEX, least=48),
    tail("daytona", "dtn_", of=HEX, least=48),
    tail("browserbase", "bb_live_", of=WORD, least=20, given=NO_SLUG),
)

PROTOCOLS: Final[tuple[Format, ...]] = (
    # Hashes of passwords can be guessed at leisure.
    tail(
        "crypt",
        *("$6$", "$5$", "$y$", "$2a$", "$2b$", "$2y$", "$apr1$", "$argon2"),
        of="[A-Za-z0-9./=,+$_-]",
        least=20,
        edge="",
    ),
    marked("firebase", ":APA91b", WORD_BEFORE, r"(?<=[A-Za-z0-9_-]{11}):APA91b[A-Za-z0-9_-]{60,}"),
    path("aws signature", "&Signature=", "([A-Za-z0-9%+/=_~-]{20,})"),
    path("aws signature", "?Signature=", "([A-Za-z0-9%+/=_~-]{20,})"),
    tail("age", "AGE-SECRET-KEY-", of="[A-Z0-9-]", least=20, edge=""),
    tail("age plugin", "AGE-PLUGIN-", of="[A-Z0-9-]", least=40, edge=""),
    tail("nostr", "nsec1", of=LOWER, least=50, given=FIGURE),
    tail("bitcoin", *("xprv", "yprv", "zprv", "tprv"), least=90, edge=DATA_EDGE),
    tail("tor", "ED25519-V3:", of="[A-Za-z0-9+/=]", least=60),
    tail("paseto", ".local.", ".public.", of=WORD, least=40, edge="(?<=v[1-9])", more=DOTTED),
    path("secret", "secret-token:", "([A-Za-z0-9_.~%+/=-]{8,})"),
    tail("grafana", "eyJrIjoi", of=BASE64, least=40),
    # A header, and two to five parts (RFC 7516); the second may be empty.
    parts("jwt", "eyJ", then=r"[A-Za-z0-9_-]{10,2048}+\.{1,2}[A-Za-z0-9_-]{10,}+(?:\.[A-Za-z0-9_-]*+){0,3}+"),
    # A token alone, before a host: a name has no figures and capitals.
    shaped("url", ("://",), rf"://({MIXED}[A-Za-z0-9_-]{{20,256}})@"),
    # The digest of an image is no host.
    shaped("url", ("://",), r"://[^\s/:@\"'<>]{0,128}:([^\s/\"'<>]{1,4096})@(?!sha[0-9]{3}:)"),
    path("jdbc", "jdbc:oracle:", "[a-z]{1,8}:[^\\s/@\"']{1,64}/([^\\s@\"'/]{1,128})@"),
    marked("dsn", "@tcp(", _IN_DSN, r"(?<=[^\s:@/\"'<>()\[\]]{3})()@tcp\("),
    marked("dsn", "@unix(", _IN_DSN, r"(?<=[^\s:@/\"'<>()\[\]]{3})()@unix\("),
    shaped(
        "bearer",
        ("earer ", "EARER "),
        r"(?:(?<=[bB])earer|(?<=B)EARER)[ \t]{1,4}((?=[^\s]{0,63}[0-9])[A-Za-z0-9._~+/=-]{16,})",
    ),
)

FORMATS: Final[tuple[Format, ...]] = (*CLOUDS, *FORGES, *REGISTRIES, *MODELS, *SERVICES, *PROTOCOLS)
