"""Secrets that are known only by the name beside them, in every notation that people write. Tells no name from another."""
# ruff: noqa: E501 - a table of one-line texts

from __future__ import annotations

import base64
from collections.abc import Iterator
from random import Random

from tests.redaction.places import table_formats
from tests.redaction.values import Format, Sample, draw

# name | text | words that stay
SHELL = r"""
export | export DB_PASSWORD=<w16>\nexport DB_HOST=db.internal | DB_PASSWORD DB_HOST=db.internal
export-single | export DB_PASSWORD='<p16>' DB_HOST=db.internal | DB_PASSWORD DB_HOST=db.internal
export-double | export API_SECRET="<p20>"; ./run.sh | API_SECRET ./run.sh
export-phrase | export VAULT_PASSPHRASE="<q0> <w6>" && ./run.sh | VAULT_PASSPHRASE ./run.sh
inline | PGPASSWORD=<w12> psql -h db.internal orders | psql db.internal orders
inline-short | PGPASSWORD=<w6> psql -h db.internal orders | psql db.internal orders
powershell | $env:API_KEY = "<w32>"\n$env:REGION = "eu-west-1" | API_KEY eu-west-1
cmd | set API_KEY=<w32>\nset REGION=eu-west-1 | REGION=eu-west-1
fish | set -gx SERVICE_TOKEN <w32>\nset -gx REGION eu-west-1 | REGION eu-west-1
csh | setenv SERVICE_TOKEN <w32>\nsetenv REGION eu-west-1 | REGION eu-west-1
dotenv | PORT=8080\nJWT_SECRET=<w40>\nDEBUG=false | PORT=8080 JWT_SECRET DEBUG=false
dotenv-quoted | PORT=8080\nSESSION_SECRET="<p32>"\nDEBUG=false | PORT=8080 DEBUG=false
dotenv-comment | ADMIN_PASSWORD=<w14> # change me soon\nDEBUG=false | DEBUG=false
dotenv-spaces | ADMIN_PASSWORD = <w14>\nDEBUG = false | ADMIN_PASSWORD DEBUG
dotenv-words | ADMIN_PASSWORD=<q0>\nDEBUG=false | DEBUG=false
dotenv-digits | ADMIN_PASSWORD=<d9>\nDEBUG=false | DEBUG=false
dockerfile | ENV NPM_TOKEN=<w36>\nWORKDIR /srv | WORKDIR /srv
dockerfile-old | ENV MYSQL_ROOT_PASSWORD <w16>\nWORKDIR /srv | WORKDIR /srv
docker-e | docker run -e POSTGRES_PASSWORD=<w16> -p 5432:5432 postgres:16 | docker 5432:5432 postgres:16
compose-list | environment:\n  - POSTGRES_PASSWORD=<w16>\n  - TZ=UTC | environment TZ=UTC
systemd | Environment="SMTP_PASSWORD=<w16>"\nRestart=always | Restart=always
makefile | DEPLOY_TOKEN := <w32>\nall: build | DEPLOY_TOKEN build
env-dump | SHELL=/bin/bash\nGH_ENTERPRISE_TOKEN=<h40>\nPWD=/srv/app\nLANG=C.UTF-8 | SHELL=/bin/bash PWD=/srv/app LANG=C.UTF-8
aws-secret | AWS_SECRET_ACCESS_KEY=<b40>\nAWS_REGION=eu-west-1 | AWS_REGION=eu-west-1
heroku-uuid | HEROKU_API_KEY=<g0>\nAPP=shop | HEROKU_API_KEY APP=shop
datadog | DD_API_KEY=<h32>\nDD_SITE=datadoghq.eu | DD_SITE=datadoghq.eu
cloudflare | CLOUDFLARE_API_TOKEN=<s40>\nZONE=shop | ZONE=shop
mistral | MISTRAL_API_KEY=<w32>\nMODEL=small | MODEL=small
azure-openai | AZURE_OPENAI_API_KEY=<h32>\nAZURE_OPENAI_ENDPOINT=https://shop.openai.azure.example | AZURE_OPENAI_ENDPOINT
twilio-auth | TWILIO_AUTH_TOKEN=<h32>\nTWILIO_FROM=+3225550100 | TWILIO_FROM
wandb | WANDB_API_KEY=<h40>\nWANDB_MODE=online | WANDB_MODE=online
django | SECRET_KEY = 'django-insecure-<p50>'\nDEBUG = False | DEBUG
rails | RAILS_MASTER_KEY=<h32>\nRAILS_ENV=production | RAILS_ENV=production
encryption-key | ENCRYPTION_KEY=<b43>=\nTZ=UTC | TZ=UTC
signing-key | COOKIE_SIGNING_KEY=<w48>\nTZ=UTC | TZ=UTC
"""
DATA = r"""
json | {"user": "ann", "password": "<p16>", "port": 5432} | user ann port 5432
json-spaces | {\n  "host": "db.internal",\n  "password" : "<w16>",\n  "ssl": true\n} | db.internal ssl
json-tight | {"user":"ann","client_secret":"<s34>","scope":"read"} | ann scope
json-camel | {"dbPassword": "<w16>", "dbHost": "db.internal"} | dbPassword db.internal
json-kebab | {"api-key": "<w32>", "api-url": "https://api.example.org"} | https://api.example.org
json-access | {"access_token": "<w64>", "token_type": "bearer", "expires_in": 3600, "refresh_token": "<w48>"} | token_type expires_in 3600
json-escaped | {"password": "<w6>\"<w6>\\<w6>", "port": 5432} | port 5432
json-env | {"env": [{"name": "DB_PASSWORD", "value": "<w16>"}, {"name": "TZ", "value": "UTC"}]} | DB_PASSWORD TZ UTC
json-number | {"pin_code": 1, "password": <d8>, "port": 5432} | port 5432
json-list | {"passwords": ["<w14>", "<w14>"], "port": 5432} | port 5432
json-nested | {"auth": {"registry.example.org": {"auth": "<b40>"}}, "credsStore": "none"} | registry.example.org
js-object | const db = { user: 'ann', password: '<w16>', port: 5432 } | user port
python-dict | settings = {'user': 'ann', 'password': '<w16>', 'port': 5432} | settings port
python-assign | password = "<w16>"\nport = 5432 | password port
python-typed | api_key: str = "<w32>"\nport: int = 5432 | port 5432
python-kwargs | conn = connect(host="db.internal", user="ann", password="<w16>", timeout=5) | db.internal timeout=5
python-environ | os.environ["API_TOKEN"] = "<w32>"\nmain() | main()
python-repr | Settings(host='db.internal', secret_key='<w32>', debug=False) | db.internal debug=False
go-struct | cfg := Config{Host: "db.internal", Password: "<w16>", Port: 5432} | db.internal 5432
rust-let | let api_key = "<w32>";\nlet port = 5432; | port
java-field | private static final String DB_PASSWORD = "<w16>";\nint port = 5432; | port
java-setter | source.setPassword("<w16>");\nsource.setPort(5432); | setPort
csharp | var clientSecret = "<w34>";\nvar port = 5432; | port
ruby-hash | { :user => "ann", :password => "<w16>", :port => 5432 } | port
php-array | ['user' => 'ann', 'password' => '<w16>', 'port' => 5432] | port
php-define | define('DB_PASSWORD', '<p16>');\ndefine('DB_HOST', 'db.internal'); | db.internal
yaml | host: db.internal\npassword: <w16>\nport: 5432 | db.internal port
yaml-single | host: db.internal\npassword: '<p16>'\nport: 5432 | db.internal port
yaml-double | host: db.internal\npassword: "<p16>"\nport: 5432 | db.internal port
yaml-block | host: db.internal\npassword: |\n  <w24>\nport: 5432 | db.internal port
yaml-folded | host: db.internal\nclient_secret: >-\n  <w24>\nport: 5432 | db.internal port
yaml-comment | password: <w16> # from the vault\nport: 5432 | port
yaml-list | tokens:\n  - <w32>\n  - <w32>\nport: 5432 | port
yaml-words | host: db.internal\npassword: <q0>\nport: 5432 | db.internal port
yaml-camel | clientSecret: <w34>\nclientId: shop | clientId shop
yaml-kebab | private-token: <w26>\nclient-id: shop | client-id shop
yaml-flow | db: {host: db.internal, password: <w16>, port: 5432} | db.internal 5432
kube-env | env:\n  - name: DB_PASSWORD\n    value: <w16>\n  - name: TZ\n    value: UTC | DB_PASSWORD TZ UTC
kube-env-quoted | env:\n- name: API_TOKEN\n  value: "<w32>"\n- name: TZ\n  value: "UTC" | API_TOKEN TZ UTC
kube-string-data | kind: Secret\nstringData:\n  admin-password: <w16>\n  user: ann | Secret ann
ansible | ansible_user: ann\nansible_become_pass: <w14> | ansible_user ann
toml | host = "db.internal"\napi_key = "<w32>"\nport = 5432 | db.internal port
toml-single | [registry]\ntoken = '<w36>'\nindex = "main" | registry index
toml-dotted | auth.client_secret = "<w34>"\nauth.issuer = "shop" | auth.issuer
toml-inline | db = { user = "ann", password = "<w16>", port = 5432 } | ann 5432
ini | [database]\nuser = ann\npassword = <w16>\nport = 5432 | database ann port
aws-profile | [default]\nregion = eu-west-1\naws_secret_access_key = <b40>\noutput = json | eu-west-1 output
pypirc | [pypi]\nusername = ann\npassword = <w24> | username ann
npmrc | //registry.example.org/:_authToken=<w36>\nfund=false | registry.example.org fund=false
npmrc-password | //registry.example.org/:_password=<b24>==\nfund=false | fund=false
netrc | machine git.example.org login ann password <w20> | git.example.org ann
netrc-lines | machine git.example.org\n  login ann\n  password <w20>\n | git.example.org ann
properties | spring.datasource.username=ann\nspring.datasource.password=<w16> | spring.datasource.username=ann
properties-colon | signing.keyPassword: <w16>\nsigning.keyId: build | signing.keyId
pgpass | # .pgpass\ndb.internal:5432:orders:ann:<w16> | db.internal
xml-element | <settings><user>ann</user><password><w16></password><port>5432</port></settings> | ann 5432
xml-attribute | <db host="db.internal" password="<w16>" port="5432"/> | db.internal 5432
xml-add | <add key="ClearTextPassword" value="<w16>" />\n<add key="Region" value="eu" /> | Region eu
xml-plist | <key>apiToken</key>\n<string><w32></string>\n<key>Region</key> | Region
html-input | <input type="hidden" name="csrf_token" value="<w40>"><input name="page" value="2"> | page
hcl | variable "region" { default = "eu" }\ndb_password = "<w16>" | region
sql-create | CREATE USER ann WITH PASSWORD '<w16>' VALID UNTIL '2027-01-01'; | CREATE ann 2027-01-01
sql-identified | ALTER USER 'ann'@'%' IDENTIFIED BY '<w16>';\nFLUSH PRIVILEGES; | ALTER FLUSH
query | GET /v1/orders?api_key=<w32>&page=2 HTTP/1.1 | GET page=2 HTTP/1.1
query-token | https://shop.example.org/reset?token=<w40>&lang=en was mailed | shop.example.org mailed
fragment | https://shop.example.org/cb#access_token=<w40>&token_type=bearer&expires_in=3600 | shop.example.org
form | grant_type=password&username=ann&password=<w16>&scope=read | grant_type=password username=ann scope=read
form-secret | client_id=shop&client_secret=<w34>&grant_type=client_credentials | client_id=shop
multipart | Content-Disposition: form-data; name="password"\n\n<w16>\n--boundary-- | form-data boundary
prompt | Username: ann\nPassword: <w14>\nLogin successful | Username ann successful
prose-is | your temporary password is <w14> and it expires on Monday | temporary expires Monday
prose-colon | the admin password: <w14>, please change it | admin please
log-fields | level=info msg=login user=ann password=<w16> ms=12 | level=info user=ann ms=12
log-colon | DEBUG settings loaded: host=db.internal, secret: <w24>, port=5432 | db.internal port=5432
otp-uri | otpauth://totp/shop:ann?secret=<B32>&issuer=shop | issuer=shop
"""
COMMAND = r"""
long | deploy --user ann --password <w16> --region eu | deploy ann region
long-equals | deploy --user=ann --password=<w16> --region=eu | ann --region=eu
long-quoted | deploy --token '<p24>' --region eu | deploy region
long-kebab | deploy --client-secret <w34> --region eu | deploy region
long-argv | ["deploy", "--password", "<w16>", "--region", "eu"] | deploy --region eu
mysql-p | mysql -u root -p<w14> orders | mysql root orders
mysqldump | mysqldump --user=root --password=<w14> orders | mysqldump orders
sshpass | sshpass -p <w14> ssh ann@host.example.org uptime | ssh uptime
sshpass-tight | sshpass -p'<w14>' ssh ann@host.example.org uptime | ssh uptime
docker-login | docker login -u ann -p <w20> registry.example.org | docker login registry.example.org
podman-login | podman login --username ann --password <w20> registry.example.org | podman registry.example.org
stdin-login | echo <w20> | docker login -u ann --password-stdin | docker login --password-stdin
curl-u | curl -u ann:<w16> https://shop.example.org/orders | curl https://shop.example.org/orders
curl-user | curl --user "ann:<p16>" https://shop.example.org/orders | curl https://shop.example.org/orders
curl-data | curl -d 'user=ann&password=<w16>' https://shop.example.org/login | curl https://shop.example.org/login
curl-json | curl -d '{"user":"ann","password":"<w16>"}' https://shop.example.org/login | curl https://shop.example.org/login
wget | wget --http-user=ann --http-password=<w16> https://shop.example.org/a.csv | wget https://shop.example.org/a.csv
redis-cli | redis-cli -h cache.internal -a <w24> ping | redis-cli ping
mongosh | mongosh --username ann -p <w16> orders | mongosh orders
openssl | openssl rsa -in key.pem -passin pass:<w14> -out plain.pem | openssl plain.pem
az-login | az login --service-principal -u shop -p <w34> --tenant example.org | az --tenant
ldapsearch | ldapsearch -D cn=reader -w <w14> -b dc=shop | ldapsearch dc=shop
smbclient | smbclient //nas/share -U ann%<w14> -c ls | smbclient
unzip | unzip -P <w12> backup.zip | unzip backup.zip
seven-zip | 7z x -p<w12> backup.7z | backup.7z
gpg | gpg --batch --passphrase <w16> -d a.gpg | gpg a.gpg
sudo | echo <w12> | sudo -S systemctl restart shop | sudo systemctl restart
chpasswd | echo "ann:<w12>" | chpasswd | chpasswd
kubectl | kubectl create secret generic db --from-literal=password=<w16> -n shop | kubectl shop
helm | helm upgrade shop ./chart --set auth.password=<w16>,replicas=2 | helm replicas=2
ansible-vars | ansible-playbook site.yml -e 'db_password=<w16>' | ansible-playbook site.yml
vault-put | vault kv put secret/shop password=<w16> user=ann | vault user=ann
aws-configure | aws configure set aws_secret_access_key <b40> --profile shop | aws --profile
heroku-set | heroku config:set SESSION_SECRET=<w40> -a shop | heroku shop
htpasswd-b | htpasswd -b users ann <w12> | htpasswd users
git-config | git config http.extraheader "AUTHORIZATION: basic <b40>==" | git http.extraheader
npm-config | npm config set //registry.example.org/:_authToken <w36> | npm registry.example.org
net-use | net use z: \\files\share /user:ann <w12> /persistent:no | share /persistent:no
bitwarden | bw unlock --passwordenv X --session <b86>== --quiet | bw --quiet
gh-secret | gh secret set DEPLOY_TOKEN --body <w32> --repo shop/shop | gh DEPLOY_TOKEN shop/shop
"""


def named_formats() -> Iterator[Format]:
    for kind, table in (("shell", SHELL), ("data", DATA), ("command", COMMAND)):
        yield from table_formats(kind, table)
    yield Format("data", "kube-data", _kube_data)


def _kube_data(dice: Random) -> Sample:
    secret = draw(dice, "w", 18)
    coded = base64.b64encode(secret.encode()).decode()
    return Sample(f"kind: Secret\ndata:\n  password: {coded}\ntype: Opaque", (coded, secret), ("Secret", "Opaque"))
