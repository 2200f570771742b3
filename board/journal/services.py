"""Rows of the table of token formats: chat, mail, payment, monitoring and other services.

Is part of `formats`, which tells the order; searches no text.
"""

from typing import Final

from board.journal.row import (
    BASE64,
    DASH,
    DATA_EDGE,
    DOTTED,
    EDGE,
    FIGURE,
    HEX,
    MIXED,
    NO_SLUG,
    STRICT_EDGE,
    UNDER,
    UUID,
    WORD,
    Format,
    parts,
    path,
    shaped,
    tail,
)

CHAT: Final[tuple[Format, ...]] = (
    # A session's cookie is percent-encoded.
    tail("slack", "xoxd-", of="[A-Za-z0-9%/+=_-]", least=10),
    parts("slack", "xox", then="[abceoprs]-[A-Za-z0-9-]{10,}"),
    tail("slack", "xapp-", "xwfp-", of=DASH, least=10),
    path("slack hook", "hooks.slack.com/", "[a-z]{1,16}/([A-Za-z0-9/_-]{16,})"),
    path("slack hook", "hooks.slack-gov.com/", "[a-z]{1,16}/([A-Za-z0-9/_-]{16,})"),
    path("discord", "/webhooks/", "([0-9]{10,24}/[A-Za-z0-9_-]{40,})"),
    # An id in base64, a time, a signature. Ids begin with a 1 since 2022.
    parts(
        "discord bot",
        *(f"MT{third}" for third in "AEIMQUYcgk"),
        then=r"[A-Za-z0-9]{20,25}\.[A-Za-z0-9_-]{6}\.[A-Za-z0-9_-]{27,}",
    ),
    shaped("telegram", (":AA",), r"(?<=[0-9]{8}):(AA[A-Za-z0-9_-]{30,})"),
    path("teams", ".webhook.office.com/", "[A-Za-z0-9]{1,16}/([A-Za-z0-9@/_-]{36,})"),
    path("googlechat", "chat.googleapis.com/v1/spaces/", r"[A-Za-z0-9_-]{1,64}/messages\?([A-Za-z0-9%&=_.~-]{40,})"),
    path("zapier", "hooks.zapier.com/hooks/", "[a-z]{1,16}/([0-9]{1,16}/[A-Za-z0-9/_-]{5,})"),
    path("ifttt", "maker.ifttt.com/trigger/", "[^/\\s\"'<>]{1,128}(?:/json)?/with/key/([A-Za-z0-9_-]{16,})"),
    path("make", ".make.com/", "([a-z0-9]{28,})"),
    path("pagerduty", "events.pagerduty.com/integration/", "([A-Za-z0-9]{20,})"),
    shaped("mattermost", ("/hooks/",), "/hooks/((?=[a-z]{0,25}[0-9])[a-z0-9]{26,})"),
    path("healthchecks", "hc-ping.com/", "([A-Za-z0-9-]{20,}+(?:/[A-Za-z0-9_-]*+)?)"),
    tail("ntfy", "tk_", least=28, edge=STRICT_EDGE, given=FIGURE),
)

MAIL: Final[tuple[Format, ...]] = (
    parts("sendgrid", "SG.", then=r"[A-Za-z0-9_-]{16,128}\.[A-Za-z0-9_-]{8,}"),
    tail("mailgun", "key-", of=HEX, least=32),
    tail("mandrill", "md-", of=WORD, least=20, edge=STRICT_EDGE, given=MIXED),
    tail("brevo", "xkeysib-", "xsmtpsib-", of=DASH, least=40, edge=""),
    tail("mailersend", "mlsn.", of=HEX, least=40),
    parts("resend", "re_", then=f"{MIXED}[A-Za-z0-9]{{8}}_[A-Za-z0-9]{{16,}}", edge=STRICT_EDGE),
    # The prefix is two letters: each figure that may follow.
    parts("twilio", *(f"SK{figure}" for figure in "0123456789abcdef"), then="[0-9a-f]{31,}"),
)

PAYMENT: Final[tuple[Format, ...]] = (
    # No name of a function: no underscore soon.
    parts(
        "stripe",
        *("sk_live_", "rk_live_", "sk_test_", "rk_test_"),
        then=f"{NO_SLUG}[A-Za-z0-9]{{10}}[A-Za-z0-9_]{{2,}}",
    ),
    tail("stripe", "sk_org_", of=UNDER, least=20, given=NO_SLUG),
    tail("stripe hook", "whsec_", of="[A-Za-z0-9+/=]", least=12),
    parts("braintree", "access_token$production$", "access_token$sandbox$", then=r"[a-z0-9]{8,32}\$[0-9a-f]{24,}"),
    tail("square", "EAAAE", "EAAAl", of=WORD, least=50, edge=DATA_EDGE),
    tail("square", "sq0atp-", "sq0csp-", of=WORD, least=20),
    tail("facebook", "EAA", least=80, edge=DATA_EDGE, given=MIXED),
    parts("adyen", "AQE", edge=DATA_EDGE, then="[a-z]hm[A-Za-z0-9+/=]{40,}+(?:-[^\\s\"'`,;<>]*+)?"),
    tail("razorpay", "rzp_live_", "rzp_test_", least=14),
    tail("flutterwave", "FLWSECK-", "FLWSECK_TEST-", of=DASH, least=12),
    tail("cashfree", "cfsk_ma_prod_", "cfsk_ma_test_", of=UNDER, least=30),
    tail("midtrans", "Mid-server-", of=WORD, least=20, given=NO_SLUG),
    tail("mercadopago", "APP_USR-", of=WORD, least=50),
    tail("asaas", "$aact_", of="[A-Za-z0-9:+/=$_-]", least=40, edge=""),
    tail("paddle", "pdl_live_apikey_", "pdl_sdbx_apikey_", of=UNDER, least=30),
    tail("polar", "polar_oat_", "polar_pat_", "polar_whs_", of=UNDER, least=24, given=NO_SLUG),
    parts("shopify", "shp", then="(?:at|ca|pa|ss|tka)_[A-Za-z0-9]{24,}", edge=""),
    tail("woocommerce", "ck_", "cs_", of=HEX, least=40),
    parts("plaid", *(f"access-{place}-" for place in ("production", "sandbox", "development")), then=UUID),
    tail("duffel", "duffel_live_", "duffel_test_", of=WORD, least=30, given=NO_SLUG),
    tail("easypost", "EZAK", "EZTK", least=40),
    tail("shippo", "shippo_live_", "shippo_test_", least=30),
    tail("persona", "persona_production_", "persona_sandbox_", of=DASH, least=30),
)

MONITORING: Final[tuple[Format, ...]] = (
    tail("newrelic", *(f"NR{kind}-" for kind in ("AK", "JS", "II", "RA", "SP")), of=WORD, least=18),
    tail("grafana account", "glsa_", "glc_", of="[A-Za-z0-9_+/=]", least=30),
    tail("sentry", "sntrys_", "sntryu_", "sntrya_", "sntryi_", of=BASE64, least=40, edge=""),
    tail("honeycomb", *(f"hc{place}{kind}_" for place in "ax" for kind in ("ik", "lk", "mk")), least=32),
    parts("dynatrace", "dt0c", "dt0s", then=r"[0-9]{2}\.[A-Za-z0-9-]{8,64}\.[A-Z0-9]{60,}"),
    tail("axiom", "xaat-", "xapt-", of=DASH, least=30),
    tail("logfire", "pylf_v1_", of=UNDER, least=30),
    tail("posthog", "phx_", "phs_", of=UNDER, least=36),
    tail("checkly", "cu_", of=HEX, least=32),
    tail("rootly", "rootly_", least=40),
    parts("launchdarkly", "sdk-", "api-", "mob-", then=UUID),
    tail("statsig", "secret-", least=36, given=MIXED),
    tail("flagsmith", "ser.", least=20, given=MIXED),
    tail("devcycle", "dvc_server_", of=UNDER, least=30, given=NO_SLUG),
)

WORKPLACE: Final[tuple[Format, ...]] = (
    tail("linear", "lin_api_", "lin_oauth_", least=24, edge=""),
    tail("notion", "ntn_", least=24),
    tail("notion", "secret_", least=40, given=MIXED),
    parts("airtable", "pat", then=r"[A-Za-z0-9]{14}\.[0-9a-f]{60,}"),
    tail("figma", "figd_", "figo_", of=WORD, least=30, given=NO_SLUG),
    tail("postman", "PMAK-", "PMAT-", of=DASH, least=24),
    parts("asana", "0/1", "1/1", "2/1", then="[0-9]{9,20}(?:/[0-9]{9,20})?:[0-9a-f]{32,}"),
    parts("clickup", "pk_", then="[0-9]{2,20}_[A-Z0-9]{30,}"),
    tail("typeform", "tfp_", of=WORD, least=30, given=NO_SLUG),
    parts("hubspot", "pat-", then=f"[a-z]{{2}}[0-9]-{UUID}"),
    tail("contentful", "CFPAT-", of=WORD, least=30, edge=""),
    tail("prefect", "pnu_", "pnb_", least=30),
    tail("mapbox", "sk.eyJ", "tk.eyJ", of="[A-Za-z0-9_.-]", least=40),
    tail("tailscale", "tskey-", of=DASH, least=16, edge=""),
    tail("defined", "dnkey-", of=WORD, least=40),
    tail("segment", "sgp_", of=UNDER, least=40),
    tail("intercom", "dG9rO", of="[A-Za-z0-9+/=]", least=50, edge=DATA_EDGE),
    shaped("okta", ("SSWS ",), "SSWS ([A-Za-z0-9_-]{20,})"),
    tail("readme", "rdme_", least=40),
    tail("frameio", "fio-u-", of=WORD, least=40),
    tail("dropbox", "sl.", of=WORD, least=60, given=MIXED, more=DOTTED),
    parts("salesforce", "00D", then=r"[A-Za-z0-9]{12,15}!([A-Za-z0-9._]{60,})"),
    tail("samsara", "samsara_api_", least=24),
    tail("lichess", "lip_", "lio_", least=20, edge=STRICT_EDGE, given=NO_SLUG),
    parts("wakatime", "waka_", then=UUID),
    tail("ionic", "ion_", least=40, given=FIGURE),
    tail("thunderstore", "tss_", least=30, given=FIGURE),
    tail("telnyx", "KEY0", of=UNDER, least=40),
    parts("onfido", "api_live", "api_sandbox", then=r"(?:_[a-z]{2})?\.[A-Za-z0-9_-]{8,16}\.[A-Za-z0-9_-]{24,}"),
    tail("zuplo", "zpka_", of=UNDER, least=32),
    tail("cfx", "cfxk_", of=UNDER, least=20),
    tail("adobe", "p8e-", of=WORD, least=30, given=NO_SLUG),
    tail("amazon", "amzn1.oa2-cs.v1.", of=HEX, least=40),
    shaped("amazon login", ("Atza|", "Atzr|"), rf"{EDGE}Atz[ar]\|[A-Za-z0-9_-]{{40,}}"),
    shaped("oculus", ("OC|",), rf"{EDGE}OC\|[0-9]{{8,24}}\|[A-Za-z0-9_-]{{16,}}"),
    tail("ebay", "v^1.1#", of="[A-Za-z0-9+/=^#|_.-]", least=60, edge=""),
)

SERVICES: Final = (*CHAT, *MAIL, *PAYMENT, *MONITORING, *WORKPLACE)
