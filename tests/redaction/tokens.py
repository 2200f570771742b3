"""Tokens that are known by their own shape: what vendors publish of their formats. Says nothing of any redactor.

Sources: the vendors' own pages on token formats, and the public list of patterns that GitHub's secret scanning knows.
"""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from tests.redaction.values import Format, Sample, fill

CLOUD = """
aws-access-key          AKIA<B16>
aws-session-key         ASIA<B16>
aws-mws                 amzn.mws.<g0>
gcp-api-key             AIza<s35>
google-client-secret    GOCSPX-<s28>
google-access-token     ya29.<s120>
google-refresh-token    1//0<s80>
azure-client-secret     <w3?>8Q~<s34>
azure-devops            <w76>AZDO<w4?>
azure-storage-key       <b76>+ASt<w6?>==
azure-cosmos-key        <b76>ACDb<w6?>==
azure-registry-password <b42>+ACR<w6?>
azure-function-key      <s44>AzFu<w6?>==
digitalocean-pat        dop_v1_<h64>
digitalocean-oauth      doo_v1_<h64>
digitalocean-refresh    dor_v1_<h64>
alibaba-access-key      LTAI5t<w18>
tencent-secret-id       AKID<w32>
yandex-api-key          AQVN<s35>
yandex-oauth            y0_<s55>
flyio-access            fo1_<s43>
flyio-macaroon          fm2_<b200>
heroku                  HRKU-AA<s58>
cloudflare-origin-ca    v1.0-<h24>-<h146>
netlify                 nfp_<w36>
render                  rnd_<w28>
supabase-access         sbp_<h40>
supabase-secret         sb_secret_<s22>_<s8>
planetscale-token       pscale_tkn_<s43>
planetscale-password    pscale_pw_<s43>
planetscale-oauth       pscale_oauth_<s43>
neon                    napi_<l64>
databricks              dapi<h32>
terraform-cloud         <w14>.atlasv1.<s66>
vault-service           hvs.<s95>
vault-batch             hvb.<s140>
vault-recovery          hvr.<s95>
doppler-personal        dp.pt.<w43>
doppler-service         dp.st.prd.<w43>
pulumi                  pul-<h40>
onepassword-service     ops_eyJ<w280>
onepassword-secret-key  A3-<u6>-<u11>-<u5>-<u5>-<u5>
openshift               sha256~<s43>
tailscale-auth          tskey-auth-k<w11?>CNTRL-<w32>
tailscale-api           tskey-api-k<w11?>CNTRL-<w32>
scaleway                SCW<u17>
infisical-service       st.<h24?>.<h32>.<h32>
elastic-cloud           essu_<w80>
"""
FORGE = """
github-pat              ghp_<w36>
github-oauth            gho_<w36>
github-user             ghu_<w36>
github-server           ghs_<w36>
github-refresh          ghr_<w76>
github-fine-grained     github_pat_<w22>_<w59>
gitlab-pat              glpat-<s20>
gitlab-pat-routable     glpat-<s43>.01.<l9>
gitlab-deploy           gldt-<s20>
gitlab-runner           glrt-<s20>
gitlab-runner-routable  glrt-t1_<s30>.01.<l9>
gitlab-trigger          glptt-<h40>
gitlab-job              glcbt-64_<s20>
gitlab-scim             glsoat-<s20>
gitlab-feed             glft-<s20>
gitlab-mail             glimt-<s25>
gitlab-agent            glagent-<s50>
gitlab-oauth-app        gloas-<s64>
gitlab-flags            glffct-<s20>
gitlab-registration     GR1348941<s20>
bitbucket-app           ATBB<w32>
atlassian               ATATT3xFfGF0<s170>=<H8?>
bitbucket-access        ATCTT3xFfGN0<s170>=<H8?>
sourcegraph             sgp_<h16?>_<h40>
circleci-personal       CCIPAT_<w22>_<h40>
circleci-project        CCIPRJ_<w22>_<h40>
buildkite               bkua_<h40>
sonar-user              squ_<h40>
sonar-project           sqp_<h40>
harness                 pat.<s22>.<h24>.<w20>
octopus                 API-<u32>
linear                  lin_api_<w40>
prefect                 pnu_<w36>
"""
REGISTRY = """
npm                     npm_<w36>
pypi                    pypi-AgEIcHlwaS5vcmc<s160>
testpypi                pypi-AgENdGVzdC5weXBpLm9yZw<s160>
rubygems                rubygems_<h48>
crates                  cio<w32>
nuget                   oy2<l43>
docker-pat              dckr_pat_<s27>
docker-org              dckr_oat_<s32>
jfrog                   AKCp8<w68>
jfrog-reference         cmVmdGtuOj<w54>
clojars                 CLOJARS_<h60>
scalingo                tk-us-<s48>
"""
CHAT = """
slack-bot               xoxb-<d12?>-<d13?>-<w24>
slack-user              xoxp-<d12?>-<d12?>-<d13?>-<h32>
slack-app               xapp-1-A<u10?>-<d13?>-<h64>
slack-config            xoxe.xoxp-1-<u164>
slack-config-refresh    xoxe-1-<u146>
slack-client            xoxc-<d12?>-<d12?>-<d13?>-<h64>
slack-cookie            xoxd-<w120>
discord-bot             MT<w22?>.G<w5?>.<s38>
telegram-bot            <d10?>:AA<s33>
matrix                  syt_<w12?>_<w20>_<w6?>
"""
MAIL = """
sendgrid                SG.<s22>.<s43>
mailgun                 key-<h32>
mailchimp               <h32>-us12
brevo-api               xkeysib-<h64>-<w16>
brevo-smtp              xsmtpsib-<h64>-<w16>
resend                  re_<w8>_<w24>
mandrill                md-<s22>
mailersend              mlsn.<h64>
klaviyo                 pk_<h34>
"""
PAYMENT = """
stripe-live             sk_live_<w24>
stripe-live-long        sk_live_51<w97>
stripe-test             sk_test_<w24>
stripe-restricted       rk_live_<w99>
stripe-webhook          whsec_<w32>
square-access           sq0atp-<s22>
square-secret           sq0csp-<s43>
square-token            EAAA<s60>
braintree               access_token$production$<l16>$<h32>
flutterwave             FLWSECK-<h32>-X
flutterwave-test        FLWSECK_TEST-<h32>-X
paystack                sk_live_<h40>
plaid                   access-production-<g0>
easypost                EZAK<w54>
shippo                  shippo_live_<h40>
duffel                  duffel_live_<s43>
mercado-pago            APP_USR-<d16?>-<d6?>-<h32>-<d9?>
paddle                  pdl_live_apikey_01<l24>_<w22>_<w3?>
xendit                  xnd_production_<w48>
"""
MONITORING = """
grafana-cloud           glc_<w100>
grafana-service         glsa_<w32>_<h8?>
grafana-api             eyJrIjoi<w90>
sentry-org              sntrys_eyJpYXQiO<w90>_<w43>
sentry-user             sntryu_<h64>
newrelic-user           NRAK-<u27>
newrelic-insert         NRII-<s32>
newrelic-licence        <h32>FFFFNRAL
dynatrace               dt0c01.<u24?>.<u64>
axiom                   xaat-<g0>
langsmith               lsv2_pt_<h32>_<h10>
langfuse                sk-lf-<g0>
logfire                 pylf_v1_us_<w43>
posthog-personal        phx_<w43>
honeycomb               hcaik_01<l56>
checkly                 cu_<h32>
"""
MODEL = """
anthropic               sk-ant-api03-<s93>AA
anthropic-admin         sk-ant-admin01-<s93>AA
anthropic-oauth         sk-ant-oat01-<s95>AA
openai                  sk-<w20>T3BlbkFJ<w20>
openai-project          sk-proj-<s74>T3BlbkFJ<s74>
openai-service          sk-svcacct-<s74>T3BlbkFJ<s74>
openai-admin            sk-admin-<s58>T3BlbkFJ<s58>
huggingface             hf_<w34>
huggingface-org         api_org_<w34>
groq                    gsk_<w52>
xai                     xai-<w80>
perplexity              pplx-<w48>
replicate               r8_<w37>
fireworks               fw_<w24>
together                tgp_v1_<s43>
openrouter              sk-or-v1-<h64>
deepseek                sk-<h32>
cerebras                csk-<l48>
nvidia                  nvapi-<s64>
elevenlabs              sk_<h48>
tavily                  tvly-dev-<w32>
pinecone                pcsk_<w6?>_<w63>
voyage                  pa-<s43>
jina                    jina_<w60>
llamacloud              llx-<w48>
bedrock                 ABSKQmVkcm9ja0FQSUtleS<w110>
e2b                     e2b_<h40>
firecrawl               fc-<h32>
apify                   apify_api_<w36>
cursor                  crsr_<h64>
"""
SERVICE = """
notion                  ntn_<d11><w35>
notion-old              secret_<w43>
figma                   figd_<s40>
airtable                pat<w14?>.<h64>
clickup                 pk_<d8?>_<u32>
postman                 PMAK-<h24>-<h34>
contentful              CFPAT-<s43>
readme                  rdme_<l70>
typeform                tfp_<s44>_<w14>
dropbox                 sl.<s135>
adobe                   p8e-<w32>
shopify-access          shpat_<h32>
shopify-secret          shpss_<h32>
shopify-custom          shpca_<h32>
shopify-private         shppa_<h32>
facebook                EAAG<w180>
twitter-bearer          AAAAAAAAAAAAAAAAAAAAAA<w30>%3D<w50>
mapbox-secret           sk.eyJ1Ijoi<w60>.<s22>
launchdarkly            sdk-<g0>
maxmind                 <w6?>_<w29>_mmk
twilio-api-key          SK<h32>
asana                   1/<d16?>:<h32>
age-secret-key          AGE-SECRET-KEY-1<x58>
rootly                  rootly_<h64>
frameio                 fio-u-<s64>
databento               db-<w29>
"""
_TABLES = {
    "cloud": CLOUD,
    "forge": FORGE,
    "registry": REGISTRY,
    "chat": CHAT,
    "mail": MAIL,
    "payment": PAYMENT,
    "monitoring": MONITORING,
    "model": MODEL,
    "service": SERVICE,
}
_SENTENCES = (
    ("please rotate {} before the release on Friday", "rotate release Friday"),
    ("I found {} in the fixture and left it there", "found fixture there"),
    ("step 3: the worker was started with {} (see the runbook)", "worker started runbook"),
    ("curl failed: 403 for {}, retrying in 5 seconds", "failed: retrying seconds"),
    ("use `{}` for staging, nothing else works", "staging, nothing works"),
    ('client = connect("{}", timeout=30)', "client connect timeout=30"),
    ("- credential {}\n- region eu-west-1", "credential eu-west-1"),
)


def token_formats() -> Iterator[Format]:
    for kind, table in _TABLES.items():
        for line in table.strip().splitlines():
            name, template = line.split(maxsplit=1)
            yield Format(kind, name, _Token(template), prefixed=True)


class _Token:
    """A token in a sentence that is drawn with it."""

    def __init__(self, template: str) -> None:
        self._template = template

    def __call__(self, dice: Random) -> Sample:
        token, secrets = fill(dice, self._template)
        sentence, keep = dice.choice(_SENTENCES)
        return Sample(sentence.format(token), secrets, tuple(keep.split()))
