"""Secrets that are known by where they stand: connection strings, authorisation, cookies, addresses that are secrets.

From the manuals of the protocols and clients (RFC 3986, 6265, 6750, 7617; libpq, JDBC, ADO.NET, AMQP, Redis ...).
"""
# ruff: noqa: E501 - a table of one-line texts

from __future__ import annotations

import base64
from collections.abc import Iterator
from random import Random

from tests.redaction.values import Format, Sample, draw, from_template

# name | text | words that stay
CONNECTION = r"""
postgres | connecting to postgres://app:<w16>@db.internal:5432/orders as planned | connecting planned
postgres-asyncpg | engine=postgresql+asyncpg://app:<w20>@db.internal/orders echo=on | echo=on
postgres-special | connecting to postgresql://app:<w8>%40<w8>%2F@db.internal/orders as planned | connecting planned
postgres-short | connecting to postgres://app:<w6>@db.internal:5432/orders as planned | connecting planned
postgres-words | connecting to postgres://app:<q0>@db.internal:5432/orders as planned | connecting planned
mysql | reading mysql://root:<w16>@10.0.0.7:3306/shop?charset=utf8mb4 and waiting | reading waiting
mysql-go | dsn is shop:<w16>@tcp(10.0.0.7:3306)/shop?parseTime=true in main.go | main.go
mongodb-srv | opened mongodb+srv://crew:<w18>@cluster0.example.net/?retryWrites=true at last | opened last
amqp | broker amqps://worker:<w24>@mq.internal/vhost is up | broker up
redis | cache redis://:<w32>@cache.internal:6379/0 answered | cache answered
redis-user | cache rediss://default:<w32>@cache.internal:6380 answered | cache answered
jdbc-query | url jdbc:postgresql://db.internal/orders?user=app&password=<w16>&ssl=true was read | read
jdbc-sqlserver | url jdbc:sqlserver://db.internal;user=sa;password=<w16>;encrypt=true was read | encrypt=true
jdbc-oracle | url jdbc:oracle:thin:scott/<w14>@//db.internal:1521/ORCL was read | read
ado | Server=db.internal;Database=orders;User Id=app;Password=<w16>;Encrypt=True | Server=db.internal
ado-pwd | Data Source=db.internal;Uid=app;Pwd=<w14>;Timeout=30 | Timeout=30
odbc-braces | DRIVER={ODBC Driver 18};SERVER=db.internal;UID=app;PWD={<p16>};Timeout=30 | SERVER=db.internal
azure-storage | DefaultEndpointsProtocol=https;AccountName=shop;AccountKey=<b86>==;EndpointSuffix=core.windows.net | AccountName=shop
azure-servicebus | Endpoint=sb://shop.servicebus.windows.net/;SharedAccessKeyName=Root;SharedAccessKey=<b43>= | shop.servicebus.windows.net
azure-appconfig | Endpoint=https://shop.azconfig.io;Id=a1-l0-s0:x;Secret=<b43>= | shop.azconfig.io
libpq | host=db.internal port=5432 user=app password=<w16> dbname=orders sslmode=require | host=db.internal sslmode=require
libpq-quoted | host=db.internal user=app password='<p14> <w6>' dbname=orders | host=db.internal dbname=orders
smtp | mail goes out by smtps://robot:<w16>@smtp.example.org:465 every hour | mail hour
ftp | mirror ftp://mirror:<w12>@files.example.org/pub was slow | mirror slow
git-remote | remote: fetch from https://build:<w20>@git.example.org/shop.git failed | fetch failed
git-remote-token | origin https://<w40>@git.example.org/shop.git (push) | origin (push)
git-credentials | https://build:<w20>@git.example.org | https://
svn-ssh | checkout of svn+ssh://build:<w16>@svn.example.org/trunk done | checkout done
sqlalchemy | sqlalchemy.url = mysql+pymysql://shop:<w16>@localhost/shop | sqlalchemy.url
cloudinary | CLOUDINARY_URL=cloudinary://<d15?>:<s27>@shop | CLOUDINARY_URL
clickhouse | clickhouse://default:<w16>@ch.internal:9000/stats?dial_timeout=10s was opened | opened
nats | nats://<w32>@nats.internal:4222 joined the cluster | joined cluster
proxy | using proxy http://proxyuser:<w14>@proxy.internal:3128 for pip | using pip
ldap-bind | bind_dn: cn=reader,dc=shop\nbind_password: <w16>\nbase: dc=shop | bind_dn base
kafka-jaas | sasl.jaas.config=ScramLoginModule required username="app" password="<w20>"; | ScramLoginModule
snowflake | snowflake://etl:<w18>@account.eu-west-1/raw?warehouse=small is slow | slow
"""
AUTHORISATION = r"""
bearer | > GET /v1/orders HTTP/1.1\n> Authorization: Bearer <w40>\n> Accept: */* | GET Authorization Accept
bearer-signs | Authorization: Bearer <s30>.<s20>~<w8>== | Authorization
bearer-lower | authorization: bearer <l36>\nuser-agent: curl/8 | authorization user-agent
bearer-curl | curl -H "Authorization: Bearer <w40>" https://api.example.org/v1/orders | curl https://api.example.org/v1/orders
bearer-json | {"headers": {"Authorization": "Bearer <w40>", "Accept": "application/json"}} | headers application/json
bearer-python | headers={'Authorization': 'Bearer <w40>', 'Accept': '*/*'}, timeout=5 | headers timeout=5
bearer-js | fetch(url, { headers: { authorization: `Bearer <w40>` }, cache: "no-store" }) | fetch no-store
bearer-prose | the log shows Bearer <w40> in clear text | shows clear
token-scheme | Authorization: Token <h40>\nHost: api.example.org | Authorization Host
token-github | Authorization: token <h40>\nHost: api.example.org | Authorization Host
apikey-scheme | Authorization: ApiKey <b58>==\nHost: search.internal | Authorization Host
ssws | Authorization: SSWS 00<s40>\nHost: id.example.org | Authorization Host
negotiate | Authorization: Negotiate YII<b120>==\nHost: intra.internal | Authorization Host
digest | Authorization: Digest username="ann", realm="shop", nonce="<h32?>", response="<h32>"\nHost: shop.example.org | Authorization shop.example.org
proxy-auth | Proxy-Authorization: Basic <b26>==\nHost: proxy.internal | Proxy-Authorization Host
aws-sigv4 | Authorization: AWS4-HMAC-SHA256 Credential=x/20261120/eu-west-1/s3/aws4_request, SignedHeaders=host, Signature=<h64>\nHost: s3.example.org | Authorization s3.example.org
x-api-key | X-Api-Key: <w32>\nContent-Type: application/json | X-Api-Key Content-Type
x-auth-token | x-auth-token: <w32>\ncontent-length: 12 | x-auth-token content-length
private-token | curl --header "PRIVATE-TOKEN: <s20>" https://git.example.org/api/v4/projects | curl https://git.example.org/api/v4/projects
vault-header | X-Vault-Token: <w26>\nX-Vault-Request: true | X-Vault-Request
amz-security-token | x-amz-security-token: IQoJ<b300>\nx-amz-date: 20261120T100000Z | x-amz-date
apikey-header | apikey: <w40>\nAccept: */* | apikey Accept
dd-headers | DD-API-KEY: <h32>\nDD-APPLICATION-KEY: <h40>\nAccept: */* | Accept
csrf | X-CSRF-Token: <w64>\nReferer: https://shop.example.org | Referer
"""
COOKIE = r"""
cookie | Cookie: theme=dark; sessionid=<l32>; lang=en | Cookie
cookie-csrf | cookie: csrftoken=<w64>; sessionid=<l32> | cookie
set-cookie | Set-Cookie: sid=<w40>; Path=/; HttpOnly; Secure | Set-Cookie
set-cookie-express | set-cookie: connect.sid=s%3A<s32>.<b43>; Path=/; HttpOnly | set-cookie
set-cookie-java | < Set-Cookie: JSESSIONID=<H32>; Path=/shop; HttpOnly | Set-Cookie
set-cookie-php | Set-Cookie: PHPSESSID=<l26>; path=/ | Set-Cookie
set-cookie-laravel | Set-Cookie: laravel_session=eyJpdiI6<w180>; path=/; httponly | Set-Cookie
cookie-gitlab | Cookie: _gitlab_session=<h32>; sidebar=1 | Cookie
cookie-next | Cookie: __Secure-next-auth.session-token=<g0>; a=b | Cookie
cookie-curl | curl --cookie "session=<w40>" https://shop.example.org/orders | curl https://shop.example.org/orders
cookie-curl-b | curl -b 'JSESSIONID=<H32>' https://shop.example.org/orders | curl https://shop.example.org/orders
cookie-jar | #HttpOnly_shop.example.org\tFALSE\t/\tTRUE\t1795168800\tsessionid\t<l32> | shop.example.org
cookie-json | {"name": "session", "value": "<w40>", "domain": "shop.example.org", "httpOnly": true} | domain shop.example.org
"""
WEBHOOK = r"""
slack-services | posted to https://hooks.slack.com/services/T<u8?>/B<u10?>/<w24> twice | posted twice
slack-workflow | posted to https://hooks.slack.com/triggers/T<u8?>/<d13?>/<h32> twice | posted twice
discord | posted to https://discord.com/api/webhooks/<d18?>/<s68> twice | posted twice
discord-old | posted to https://discordapp.com/api/webhooks/<d18?>/<s68> twice | posted twice
teams | posted to https://shop.webhook.office.com/webhookb2/<g0>@<g0?>/IncomingWebhook/<h32>/<g0> twice | posted twice
google-chat | posted to https://chat.googleapis.com/v1/spaces/AAAA/messages?key=AIza<s35>&token=<s43> twice | posted twice
zapier | posted to https://hooks.zapier.com/hooks/catch/<d7?>/<l7>/ twice | posted twice
make | posted to https://hook.eu1.make.com/<l32> twice | posted twice
ifttt | posted to https://maker.ifttt.com/trigger/built/with/key/<s43> twice | posted twice
feishu | posted to https://open.feishu.cn/open-apis/bot/v2/hook/<g0> twice | posted twice
dingtalk | posted to https://oapi.dingtalk.com/robot/send?access_token=<h64> twice | posted twice
wecom | posted to https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=<g0> twice | posted twice
telegram-url | posted to https://api.telegram.org/bot<d10?>:AA<s33>/sendMessage twice | posted twice
mattermost | posted to https://chat.example.org/hooks/<l26> twice | posted twice
healthchecks | pinged https://hc-ping.com/<g0> at noon | pinged noon
logic-apps | posted to https://prod-1.westeurope.logic.azure.com:443/workflows/<h32?>/triggers/manual/paths/invoke?sp=run&sv=1.0&sig=<s43> | posted
azure-sas | copied https://shop.blob.core.windows.net/in/a.csv?sv=2024-11-04&se=2026-12-01&sr=b&sp=r&sig=<w40>%2F<w1?>%3D fast | copied fast
s3-presigned | copied https://shop.s3.amazonaws.com/a.csv?X-Amz-Expires=900&X-Amz-Security-Token=IQoJ<w200>&X-Amz-Signature=<h64> | copied
gcs-presigned | copied https://storage.googleapis.com/shop/a.csv?X-Goog-Expires=900&X-Goog-Signature=<h256> fast | copied fast
alchemy | rpc at https://eth-mainnet.g.alchemy.com/v2/<s32> is slow | rpc slow
infura | rpc at https://mainnet.infura.io/v3/<h32> is slow | rpc slow
"""


def place_formats() -> Iterator[Format]:
    for kind, table in (("connection", CONNECTION), ("authorisation", AUTHORISATION), ("cookie", COOKIE)):
        yield from table_formats(kind, table)
    yield from table_formats("webhook", WEBHOOK, prefixed=True)
    yield Format("authorisation", "basic", _basic)
    yield Format("authorisation", "basic-curl", _basic_curl)


def table_formats(kind: str, table: str, *, prefixed: bool = False) -> Iterator[Format]:
    for line in table.strip().splitlines():
        name, rest = line.split(" | ", 1)
        template, keep = rest.rsplit(" | ", 1)
        template = template.replace("\\n", "\n").replace("\\t", "\t")
        yield Format(kind, name, from_template(template, keep), prefixed)


def _credentials(dice: Random) -> tuple[str, str]:
    password = draw(dice, "w", 16)
    return password, base64.b64encode(f"ann:{password}".encode()).decode()


def _basic(dice: Random) -> Sample:
    password, coded = _credentials(dice)
    return Sample(f"Authorization: Basic {coded}\nHost: shop.example.org", (coded, password), ("Authorization", "Host"))


def _basic_curl(dice: Random) -> Sample:
    password, coded = _credentials(dice)
    text = f'curl -sS -H "authorization: basic {coded}" https://shop.example.org/orders'
    return Sample(text, (coded, password), ("curl", "https://shop.example.org/orders"))
