"""Tokens of vendors that tell by their documented form what they are. Those without one stand in the texts.

Taken from the vendors' pages on their tokens and from GitHub's list of supported secret scanning patterns.
"""

from __future__ import annotations

from tests.redaction.second_draws import Form

# Nothing but the token itself tells that it is one.
_BARE = (
    ("created {at}, shown only once:  {it}", "shown only once"),
    ("  -> copied {it} to the clipboard", "to the clipboard"),
    ('{"id": 4711, "value": "{it}", "state": "active"}', '"state": "active"'),
    ("deploy.sh --region eu-west-1 {it} --wait", "--region eu-west-1"),
    ("I found {it} in the old notes; shall I rotate it?", "in the old notes"),
    ("| nightly | {it} | 2026-03-01 |", "nightly"),
    ("error: request with '{it}' was rejected (401)", "was rejected (401)"),
)
# What stands before `|` names the account and is public.
_PREFIXED = """
github classic: ghp_ A:36
github fine-grained: github_pat_ A:22 _ A:59
github oauth: gho_ A:36
github user-to-server: ghu_ A:36
github installation: ghs_ A:36
github refresh: ghr_ A:76
gitlab personal: glpat- w:20
gitlab routable: glpat- w:27 .01. L:9
gitlab deploy: gldt- w:20
gitlab runner: glrt- w:20
gitlab job: glcbt- h:2 _ w:20
gitlab trigger: glptt- h:40
gitlab feed: glft- w:20
gitlab scim: glsoat- w:20
gitlab oauth app: gloas- h:64
gitlab mail: glimt- w:25
gitlab agent: glagent- w:50
gitlab feature flags: glffct- w:20
gitlab registration: GR1348941 w:20
bitbucket app password: ATBB A:24 H:8
bitbucket repository: ATCTT3xFfGN0 w:171 = H:8
atlassian: ATATT3xFfGF0 w:171 = H:8
sourcegraph: sgp_ h:16 _ h:40
npm: npm_ A:36
pypi: pypi-AgEIcHlwaS5vcmc w:150
rubygems: rubygems_ h:48
docker personal: dckr_pat_ w:27
docker organisation: dckr_oat_ w:32
crates: cio A:32
nuget: oy2 L:43
jfrog reference: cmVmdGtu A:56
jfrog key: AKCp A:69
clojars: CLOJARS_ h:60
packagist: packagist_uut_ h:68
bedrock long: ABSKQmVkcm9ja0FQSUtleS1 b:109
digitalocean personal: dop_v1_ h:64
digitalocean oauth: doo_v1_ h:64
digitalocean refresh: dor_v1_ h:64
fly deploy: fm2_ b:200
fly personal: fo1_ w:43
heroku: HRKU-AA w:58
netlify: nfp_ A:36
render: rnd_ A:32
cloudflare user: cfut_ A:40 h:8
cloudflare account: cfat_ A:40 h:8
cloudflare global: cfk_ A:40 h:8
cloudflare origin ca: v1.0- h:24 - h:146
supabase personal: sbp_ h:40
supabase secret: sb_secret_ w:22 _ A:8
planetscale service: pscale_tkn_ w:43
planetscale password: pscale_pw_ w:43
neon: napi_ L:64
databricks: dapi h:32
pulumi: pul- h:40
terraform cloud: A:14 .atlasv1. w:67
vault service: hvs. w:95
vault batch: hvb. w:138
doppler service: dp.st.prd. A:43
doppler personal: dp.pt. A:43
1password service account: ops_eyJ w:250
1password secret key: A3- U:6 - U:6 - U:5 - U:5 - U:5 - U:5
infisical: st. h:24 . h:32 . h:32
tailscale auth: tskey-auth-k A:11 CNTRL- A:32
tailscale api: tskey-api-k A:11 CNTRL- A:32
tailscale client: tskey-client-k A:11 CNTRL- A:32
tailscale webhook: tskey-webhook-k A:11 CNTRL- A:32
yandex api: AQVN w:36
yandex oauth: y0_ w:55
google api: AIza w:35
google client secret: GOCSPX- w:28
google refresh: 1//0 w:100
google access: ya29.a0 w:180
firebase server: AAAA w:7 :APA91b w:134
azure client secret: A:3 8Q~ w:34
slack bot: xoxb- d:12 - d:13|- A:24
slack user: xoxp- d:12 - d:12 - d:13|- h:32
slack app: xapp-1-A U:10 - d:13|- h:64
slack configuration: xoxe.xoxp-1- A:166
discord bot: snow:18|. w:6 . w:38
telegram bot: d:10|:AA w:33
sendgrid: SG. w:22 . w:43
mailgun: key- h:32
mailchimp: h:32 -us12
resend: re_ A:8 _ A:24
brevo: xkeysib- h:64 - A:16
linear: lin_api_ A:40
notion: ntn_ A:46
notion older: secret_ A:43
asana: 2/ d:16 / d:16|: h:32
airtable: pat A:14 . h:64
figma: figd_ w:40
shopify admin: shpat_ h:32
shopify shared: shpss_ h:32
stripe live: sk_live_51 A:97
stripe restricted: rk_live_51 A:97
stripe webhook: whsec_ A:32
square access: EAAA w:60
square secret: sq0csp- w:43
braintree: access_token$production$ L:16 $ h:32
plaid: access-production- uuid:1
paddle: pdl_live_apikey_01 L:24 _ A:22 _ A:3
flutterwave: FLWSECK- h:32 -X
sentry organisation: sntrys_eyJ w:90 _ w:43
sentry user: sntryu_ h:64
new relic user: NRAK- U:27
new relic licence: h:36 NRAL
grafana service account: glsa_ A:32 _ h:8
grafana cloud: glc_eyJ A:110
honeycomb ingest: hcaik_ L:58
dynatrace: dt0c01. U:24 . U:64
posthog: phx_ A:43
launchdarkly sdk: sdk- uuid:1
mapbox: sk.eyJ w:70 . w:22
contentful: CFPAT- w:43
typeform: tfp_ w:44
postman: PMAK- h:24 - h:34
prefect: pnu_ A:36
buildkite: bkua_ h:40
circleci: CCIPAT_ A:22 _ h:40
sonarqube user: squ_ h:40
sonarqube project: sqp_ h:40
readme: rdme_ L:70
dropbox: sl. w:135
openai project: sk-proj- w:74 T3BlbkFJ w:74
openai service account: sk-svcacct- w:74 T3BlbkFJ w:74
anthropic: sk-ant-api03- w:93 AA
anthropic oauth: sk-ant-oat01- w:93 AA
anthropic admin: sk-ant-admin01- w:93 AA
hugging face: hf_ x:34
replicate: r8_ A:37
groq: gsk_ A:52
xai: xai- A:80
perplexity: pplx- A:48
openrouter: sk-or-v1- h:64
deepseek: sk- h:32
fireworks: fw_ A:24
together: tgp_v1_ w:43
pinecone: pcsk_ A:5 _ A:63
langsmith: lsv2_pt_ h:32 _ h:10
langfuse: sk-lf- uuid:1
elevenlabs: sk_ h:48
nvidia: nvapi- w:64
voyage: pa- w:43
tavily: tvly-dev- A:32
firecrawl: fc- h:32
jina: jina_ A:60
cerebras: csk- L:48
apify: apify_api_ A:36
runpod: rpa_ U:44
e2b: e2b_ h:40
daytona: dtn_ h:64
cursor: key_ h:64
clerk: sk_test_ A:42
age identity: AGE-SECRET-KEY-1 U:58
"""


def _prefixed() -> tuple[Form, ...]:
    rows = (line.partition(": ") for line in _PREFIXED.strip().splitlines())
    made = []
    for at, (name, _, spec) in enumerate(rows):
        text, *keep = _BARE[at % len(_BARE)]
        public, _, secret = spec.rpartition("|")
        it = f"<<{public}>><<!{secret}>>" if public else f"<<!{secret}>>"
        made.append(Form(name, text.replace("{it}", it).replace("{at}", "2026-02-11"), tuple(keep)))
    return tuple(made)


PREFIXED = _prefixed()
