"""How a row of the table of token formats is written: its alphabets, its edges, its open tail.

Holds no format, compiles nothing and searches no text.
"""

from collections.abc import Mapping
from typing import Final, NamedTuple


class Format(NamedTuple):
    """One family of tokens. `pattern` is matched at a place where one of `prefixes` begins.

    Group 1, if there is one, is the secret, else all of the match; characters of `before` that stand in front of it
    are the secret's too. Only the last quantifier is open, all others are bounded or possessive: a hostile line costs
    linear time.
    """

    kind: str
    prefixes: tuple[str, ...]
    pattern: str
    source: str
    before: str = ""


_FIGURES: Final = "0123456789"
_CAPITALS: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
HEX_BEFORE: Final = _FIGURES + "abcdef"
BASE62_BEFORE: Final = _FIGURES + _CAPITALS + _CAPITALS.lower()
WORD_BEFORE: Final = BASE62_BEFORE + "_-"
BASE64_BEFORE: Final = BASE62_BEFORE + "+/"

HEX: Final = "[0-9a-f]"
LOWER: Final = "[a-z0-9]"
UPPER: Final = "[A-Z0-9]"
BASE62: Final = "[A-Za-z0-9]"
UNDER: Final = "[A-Za-z0-9_]"
DASH: Final = "[A-Za-z0-9-]"
WORD: Final = "[A-Za-z0-9_-]"
BASE64: Final = "[A-Za-z0-9+/=_-]"
QUERY: Final = "[A-Za-z0-9%/+=_.~-]"

# What looks like a letter or a figure before a token, and ends a word: `\n` as two characters, %3D, \u0022, \x22.
_ESCAPED: Final = r"(?<=\\[nrt])|(?<=%[0-9A-Fa-f]{2})|(?<=\\u00[0-9A-Fa-f]{2})|(?<=\\x[0-9A-Fa-f]{2})"
EDGE: Final = rf"(?:(?<![A-Za-z0-9])|{_ESCAPED})"
# Where a base64url digest may stand, and the prefix is short.
STRICT_EDGE: Final = rf"(?:(?<![A-Za-z0-9_-])|{_ESCAPED})"
# Where base64 data may stand, its signs are no edge.
DATA_EDGE: Final = rf"(?:(?<![A-Za-z0-9+/])|{_ESCAPED})"
UPPER_EDGE: Final = rf"(?:(?<![A-Z0-9])|{_ESCAPED})"
# For prefixes that are also words: a key has figures and capitals, a slug has not.
FIGURE: Final = "(?=[A-Za-z0-9_-]{0,63}[0-9])"
NO_SLUG: Final = "(?=[A-Za-z0-9_-]{0,63}[0-9A-Z])"
MIXED: Final = FIGURE + "(?=[A-Za-z0-9_-]{0,63}[A-Z])"
# Parts behind dots; the full stop behind a sentence is none.
DOTTED: Final = r"(?:\.[A-Za-z0-9_-]++)*+"
UUID: Final = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12,}"

# The list of the token formats that GitHub searches for, agreed with the vendors.
SCANNED: Final = "https://docs.github.com/en/code-security/reference/secret-security/supported-secret-scanning-patterns"

# Where else a format is told, by its kind and, if one is not enough, the name of the format.
SOURCES: Final[Mapping[str, str]] = {
    "adyen": "https://docs.adyen.com/development-resources/api-credentials/",
    "age": "https://age-encryption.org/v1",
    "age plugin": "https://github.com/C2SP/C2SP/blob/main/age-plugin.md",
    "airtable": "https://airtable.com/developers/web/guides/personal-access-tokens",
    "alchemy": "https://www.alchemy.com/docs/create-an-api-key",
    "amazon login": "https://developer.amazon.com/docs/login-with-amazon/access-token.html",
    "amazon mws": "https://developer-docs.amazon.com/sp-api/docs/migrating-authorization-from-mws",
    "apify": "https://docs.apify.com/platform/integrations/api",
    "asaas": "https://docs.asaas.com/docs/authentication",
    "aws": "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html",
    "aws bedrock": "https://docs.aws.amazon.com/bedrock/latest/userguide/api-keys.html",
    "aws session": "https://docs.aws.amazon.com/cli/latest/userguide/cli-configure-files.html",
    "aws signature": "https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html",
    "axiom": "https://axiom.co/docs/reference/tokens",
    "azure key": "https://github.com/microsoft/security-utilities",
    "azure": "https://learn.microsoft.com/en-us/purview/sit-defn-all-creds",
    "baidu": "https://cloud.baidu.com/doc/qianfan-api/s/ym9chdsy5",
    "bearer": "https://www.rfc-editor.org/rfc/rfc6750#section-2.1",
    "bitcoin": "https://github.com/bitcoin/bips/blob/master/bip-0032.mediawiki",
    "brevo": "https://developers.brevo.com/docs/getting-started",
    "browserbase": "https://docs.browserbase.com/introduction/getting-started",
    "buildkite": "https://buildkite.com/docs/platform/security/tokens",
    "cerebras": "https://inference-docs.cerebras.ai/quickstart",
    "checkly": "https://www.checklyhq.com/docs/api-reference/authentication",
    "circleci": "https://circleci.com/docs/managing-api-tokens/",
    "clickup": "https://developer.clickup.com/docs/authentication",
    "cloudflare": "https://developers.cloudflare.com/fundamentals/api/get-started/token-formats/",
    "cloudflare origin": "https://developers.cloudflare.com/fundamentals/api/get-started/ca-keys/",
    "context7": "https://context7.com/docs/howto/api-keys",
    "crypt": "https://man7.org/linux/man-pages/man5/crypt.5.html",
    "cursor": "https://cursor.com/docs/api",
    "databento": "https://databento.com/docs/portal/api-keys",
    "daytona": "https://www.daytona.io/docs/en/api-keys/",
    "databricks": "https://docs.databricks.com/aws/en/dev-tools/auth/pat",
    "datastax": "https://docs.datastax.com/en/astra-db-serverless/administration/manage-application-tokens.html",
    "deepseek": "https://api-docs.deepseek.com/",
    "discord": "https://docs.discord.com/developers/resources/webhook",
    "discord bot": "https://docs.discord.com/developers/reference",
    "docker": "https://docs.docker.com/security/access-tokens/",
    "doppler": "https://docs.doppler.com/reference/auth-token-formats",
    "dynatrace": "https://docs.dynatrace.com/docs/dynatrace-api/basics/dynatrace-api-authentication",
    "dsn": "https://github.com/go-sql-driver/mysql#dsn-data-source-name",
    "e2b": "https://e2b.dev/docs/api-key",
    "ebay": "https://developer.ebay.com/api-docs/static/oauth-tokens.html",
    "elastic": "https://www.elastic.co/docs/deploy-manage/api-keys/elastic-cloud-api-keys",
    "feishu": "https://open.feishu.cn/document/client-docs/bot-v3/add-custom-bot",
    "firecrawl": "https://docs.firecrawl.dev/api-reference/introduction",
    "firebase": "https://firebase.google.com/docs/cloud-messaging/manage-tokens",
    "fireworks": "https://docs.fireworks.ai/api-reference/introduction",
    "flagsmith": "https://docs.flagsmith.com/clients/server-side",
    "fly": "https://fly.io/docs/security/tokens/",
    "github": "https://github.blog/engineering/platform-security/behind-githubs-new-authentication-token-formats/",
    "github app": "https://docs.github.com/en/apps/creating-github-apps/authenticating-with-a-github-app/generating-an-installation-access-token-for-a-github-app",
    "gitlab": "https://docs.gitlab.com/security/tokens/",
    "google": "https://cloud.google.com/docs/authentication/api-keys",
    "google gemini": "https://ai.google.dev/gemini-api/docs/api-key",
    "google oauth": "https://developers.google.com/identity/protocols/oauth2",
    "google signature": "https://cloud.google.com/storage/docs/access-control/signed-urls",
    "google storage": "https://cloud.google.com/storage/docs/authentication/hmackeys",
    "googlechat": "https://developers.google.com/workspace/chat/quickstart/webhooks",
    "grafana account": "https://grafana.com/docs/grafana/latest/administration/service-accounts/",
    "harness": "https://developer.harness.io/docs/platform/automation/api/add-and-manage-api-keys/",
    "healthchecks": "https://healthchecks.io/docs/http_api/",
    "helicone": "https://docs.helicone.ai/helicone-headers/helicone-auth",
    "heroku": "https://devcenter.heroku.com/articles/authentication",
    "honeycomb": "https://docs.honeycomb.io/configure/environments/manage-api-keys/",
    "hubspot": "https://developers.hubspot.com/docs/guides/apps/private-apps/overview",
    "huggingface": "https://huggingface.co/docs/hub/security-tokens",
    "ifttt": "https://ifttt.com/maker_webhooks",
    "infisical": "https://infisical.com/docs/documentation/platform/token",
    "infura": "https://docs.metamask.io/services/how-to/secure-an-api/",
    "jdbc": "https://docs.oracle.com/en/database/oracle/oracle-database/19/jjdbc/data-sources-and-URLs.html",
    "jina": "https://jina.ai/embeddings/",
    "jwt": "https://www.rfc-editor.org/rfc/rfc7519",
    "k3s": "https://docs.k3s.io/cli/token",
    "klaviyo": "https://developers.klaviyo.com/en/docs/authenticate_",
    "langfuse": "https://langfuse.com/docs/api-and-data-platform/features/public-api",
    "launchdarkly": "https://launchdarkly.com/docs/home/account/api",
    "lichess": "https://lichess.org/api#section/Introduction/Authentication",
    "linear": "https://linear.app/developers/graphql",
    "llamaindex": "https://developers.llamaindex.ai/python/cloud/general/api_key/",
    "logfire": "https://logfire.pydantic.dev/docs/how-to-guides/create-write-tokens/",
    "mailersend": "https://developers.mailersend.com/general.html",
    "make": "https://help.make.com/webhooks",
    "mandrill": "https://mailchimp.com/developer/transactional/guides/quick-start/",
    "mapbox": "https://docs.mapbox.com/accounts/guides/tokens/",
    "mattermost": "https://developers.mattermost.com/integrate/webhooks/incoming/",
    "mailchimp": "https://mailchimp.com/developer/marketing/docs/fundamentals/",
    "matrix": "https://element-hq.github.io/synapse/latest/usage/configuration/user_authentication/refresh_tokens.html",
    "maxmind": "https://dev.maxmind.com/license-key-validation-api",
    "mem0": "https://docs.mem0.ai/platform/quickstart",
    "mercadopago": "https://www.mercadopago.com.br/developers/en/docs/your-integrations/credentials",
    "modal": "https://modal.com/docs/reference/modal.config",
    "mongodb": "https://www.mongodb.com/docs/atlas/api/service-accounts-overview/",
    "neon": "https://neon.com/docs/manage/api-keys",
    "netlify": "https://answers.netlify.com/t/change-to-the-netlify-authentication-token-format/106146",
    "newrelic": "https://docs.newrelic.com/docs/apis/intro-apis/new-relic-api-keys/",
    "nostr": "https://github.com/nostr-protocol/nips/blob/master/19.md",
    "notion": "https://developers.notion.com/reference/authentication",
    "npm": "https://docs.npmjs.com/about-access-tokens",
    "ntfy": "https://docs.ntfy.sh/config/#access-tokens",
    "nvidia": "https://docs.nvidia.com/ngc/latest/ngc-user-guide.html",
    "octopus": "https://octopus.com/docs/octopus-rest-api/how-to-create-an-api-key",
    "okta": "https://developer.okta.com/docs/guides/create-an-api-token/main/",
    "onepassword": "https://developer.1password.com/docs/service-accounts/security/",
    "onepassword account": "https://support.1password.com/secret-key-security/",
    "openai": "https://platform.openai.com/docs/api-reference/authentication",
    "openrouter": "https://openrouter.ai/docs/api-reference/authentication",
    "openshift": "https://docs.okd.io/latest/authentication/managing-oauth-access-tokens.html",
    "openstack": "https://docs.openstack.org/keystone/latest/admin/fernet-token-faq.html",
    "packagist": "https://packagist.com/docs/api-authentication",
    "paddle": "https://developer.paddle.com/api-reference/about/api-keys",
    "pagerduty": "https://developer.pagerduty.com/docs/events-api-v1-overview",
    "paseto": "https://github.com/paseto-standard/paseto-spec",
    "perplexity": "https://docs.perplexity.ai/guides/getting-started",
    "plaid": "https://plaid.com/docs/api/items/",
    "polar": "https://docs.polar.sh/integrate/authentication",
    "posthog": "https://posthog.com/docs/api",
    "rancher": "https://ranchermanager.docs.rancher.com/api/api-tokens",
    "razorpay": "https://razorpay.com/docs/api/authentication/",
    "render": "https://render.com/docs/api",
    "replicate": "https://replicate.com/docs/topics/security/api-tokens",
    "resend": "https://resend.com/docs/api-reference/introduction",
    "rubygems": "https://guides.rubygems.org/api-key-scopes/",
    "runpod": "https://docs.runpod.io/get-started/api-keys",
    "salesforce": "https://help.salesforce.com/s/articleView?id=xcloud.remoteaccess_oauth_tokens_scopes.htm",
    "scaleway": "https://www.scaleway.com/en/docs/iam/concepts/",
    "secret": "https://www.rfc-editor.org/rfc/rfc8959",
    "segment": "https://docs.segmentapis.com/tag/Getting-Started",
    "sentry": "https://docs.sentry.io/account/auth-tokens/",
    "shopify": "https://shopify.dev/docs/apps/build/authentication-authorization",
    "slack": "https://docs.slack.dev/authentication/tokens",
    "slack hook": "https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks",
    "sonar": "https://docs.sonarsource.com/sonarqube-server/user-guide/managing-tokens",
    "sourcegraph": "https://sourcegraph.com/docs/cli/how-tos/creating-an-access-token",
    "statsig": "https://docs.statsig.com/sdk-keys/api-keys",
    "stripe": "https://docs.stripe.com/keys",
    "stripe hook": "https://docs.stripe.com/webhooks",
    "supabase": "https://supabase.com/docs/guides/api/api-keys",
    "supabase personal": "https://supabase.com/docs/reference/api/introduction",
    "swarm": "https://docs.docker.com/engine/swarm/join-nodes/",
    "tailscale": "https://tailscale.com/kb/1085/auth-keys",
    "tavily": "https://docs.tavily.com/documentation/api-reference/introduction",
    "teams": "https://learn.microsoft.com/en-us/microsoftteams/platform/webhooks-and-connectors/how-to/add-incoming-webhook",
    "telegram": "https://core.telegram.org/bots/features#botfather",
    "tor": "https://spec.torproject.org/control-spec/commands.html",
    "trello": "https://developer.atlassian.com/cloud/trello/guides/rest-api/authorization/",
    "together": "https://docs.together.ai/docs/api-keys-authentication",
    "twilio": "https://www.twilio.com/docs/iam/api-keys",
    "twitter": "https://docs.x.com/fundamentals/authentication/oauth-2-0/application-only",
    "url": "https://www.rfc-editor.org/rfc/rfc3986#section-3.2.1",
    "vault": "https://developer.hashicorp.com/vault/docs/concepts/tokens",
    "vercel": "https://vercel.com/changelog/new-token-formats-and-secret-scanning",
    "vercel blob": "https://vercel.com/docs/vercel-blob",
    "voyage": "https://docs.voyageai.com/docs/api-key-and-installation",
    "wecom": "https://developer.work.weixin.qq.com/document/path/91770",
    "woocommerce": "https://woocommerce.github.io/woocommerce-rest-api-docs/#authentication",
    "xendit": "https://docs.xendit.co/docs/api-keys",
    "yandex": "https://yandex.cloud/en/docs/security/operations/search-secrets",
    "zapier": "https://help.zapier.com/hc/en-us/articles/8496288690317-Trigger-Zaps-from-webhooks",
}


def tail(
    name: str, *prefixes: str, least: int, of: str = BASE62, edge: str = EDGE, given: str = "", more: str = ""
) -> Format:
    """`least` or more characters behind a prefix, if `given` holds there; `more` may follow them."""
    possessive = "+" if more else ""
    return shaped(name, prefixes, f"{edge}{_any(prefixes)}{given}{of}{{{least},}}{possessive}{more}")


def parts(name: str, *prefixes: str, then: str, edge: str = EDGE) -> Format:
    """A token whose parts are told by `then`."""
    return shaped(name, prefixes, f"{edge}{_any(prefixes)}{then}")


def path(name: str, prefix: str, then: str) -> Format:
    """An address whose end is the secret: group 1 of `then`."""
    return shaped(name, (prefix,), _any((prefix,)) + then)


def shaped(name: str, prefixes: tuple[str, ...], pattern: str) -> Format:
    """`name` is a key of the sources; its first word is the kind."""
    return Format(name.split(maxsplit=1)[0], prefixes, pattern, SOURCES.get(name, SCANNED))


def marked(name: str, mark: str, before: str, pattern: str) -> Format:
    """A token that shows by what stands inside of it; `before` are the characters that it may begin with."""
    return shaped(name, (mark,), pattern)._replace(before=before)


def _any(prefixes: tuple[str, ...]) -> str:
    literals = "|".join(prefixes)
    for sign in ".$^?":
        literals = literals.replace(sign, "\\" + sign)
    return literals if len(prefixes) == 1 else f"(?:{literals})"
