"""Prose and source code about secrets, with no secret in it. Written from what people write, not from any rule."""

from __future__ import annotations

PYTHON = '''
import os, secrets, hashlib
from app.auth import TokenStore, verify_password, hash_password
from app.settings import settings

TOKEN_TTL = 3600
PASSWORD_MIN_LENGTH = 12
SECRET_KEY = os.environ["SECRET_KEY"]
API_KEY_HEADER = "X-API-Key"
bearer_scheme = HTTPBearer(auto_error=False)
password_field = Column(String(128), nullable=False)

class Credentials(NamedTuple):
    user: str
    password: str
    token: str | None = None

    def with_token(self, token: str) -> "Credentials":
        return self._replace(token=token)

def login(user: str, password: str) -> Token:
    """Check the password and return a new token."""
    record = db.query(User).filter_by(name=user).one_or_none()
    if record is None or not verify_password(password, record.password_hash):
        raise Unauthorized("wrong user or password")
    token = secrets.token_urlsafe(32)
    store.put(token=token, user=record.id, ttl=TOKEN_TTL)
    return Token(access_token=token, token_type="bearer", expires_in=TOKEN_TTL)

def get_token(request: Request) -> str | None:
    authorization = request.headers.get("Authorization", "")
    scheme, _, token = authorization.partition(" ")
    if scheme.lower() != "bearer":
        return None
    return token or request.cookies.get("session_id")

password = getpass.getpass("Password: ")
api_key = config.get("api_key") or os.getenv("API_KEY")
client_secret = settings.client_secret.get_secret_value()
token = json.loads(reply.text)["access_token"]
headers = {"Authorization": f"Bearer {token}", "Accept": "application/json"}
auth = (user, password)
secret = hmac.new(key, message, hashlib.sha256).hexdigest()
connect(host=host, user=user, password=password, timeout=10)
self.token = token
self._password = password.encode("utf-8")
tokens = tokenizer.encode(text, add_special_tokens=False)
max_tokens = min(max_tokens, model.context_window - prompt_tokens)
assert token.type == TokenType.IDENTIFIER
if token == "(": depth += 1
parser.add_argument("--token", help="token to use", default=None)
parser.add_argument("-p", "--password", action="store_true", help="ask for a password")
key = lambda item: item.priority
cache_key = f"{user_id}:{page}"
primary_key = Column(Integer, primary_key=True)
monkeypatch.setenv("API_TOKEN", token)
logger.info("token refreshed for %s", user)
raise ValueError("password must have at least 12 characters")
password: str = Field(min_length=12, max_length=128)
csrf_token = request.form["csrf_token"]
secret_name = "orders/db-password"
secret_arn = stack.outputs["DbSecretArn"]
pwd = os.getcwd()
'''

TYPESCRIPT = """
import { createHash, randomBytes } from "node:crypto";
import type { Token, TokenKind } from "./lexer";
export interface LoginRequest { username: string; password: string; }
export interface Session { accessToken: string; refreshToken?: string; expiresAt: number }
const token = await getToken({ clientId, clientSecret: process.env.CLIENT_SECRET });
const apiKey = process.env.API_KEY ?? "";
const { password, ...publicUser } = user;
export const authHeader = (token: string) => ({ Authorization: `Bearer ${token}` });
if (!password || password.length < 12) throw new Error("password is too short");
const secret = await secretsManager.getSecretValue({ SecretId: secretId }).promise();
<input type="password" name="password" autoComplete="current-password" placeholder="Password" required />
<label htmlFor="password">Password</label>
const isTokenExpired = (token: Token): boolean => token.expiresAt < Date.now();
this.tokens.push({ kind: TokenKind.String, value, start, end });
localStorage.removeItem("token");
const csrfToken = document.querySelector<HTMLMetaElement>('meta[name="csrf-token"]')?.content;
app.use(session({ secret: config.sessionSecret, resave: false, cookie: { secure: true } }));
export type Props = { tokenCount: number; maxTokens: number; onTokenChange: (token: string) => void };
jwt.verify(token, publicKey, { algorithms: ["RS256"] });
res.cookie("session", sessionId, { httpOnly: true, sameSite: "lax" });
const key = keys[index]; const keyPath = path.join(dir, "key.pem");
passwordInput.addEventListener("change", (event) => setPassword(event.target.value));
expect(screen.getByLabelText("Password")).toBeInTheDocument();
describe("token bucket", () => { it("refills tokens every second", () => {}) });
"""

GO = """
package auth
import ("context"; "crypto/rand"; "golang.org/x/crypto/bcrypt")
// Token is what a client shows to prove who it is.
type Token struct { Value string `json:"token"`; ExpiresAt time.Time `json:"expires_at"` }
type Config struct { Password string `yaml:"password" env:"DB_PASSWORD"`; APIKey string `yaml:"api_key"` }
func (s *Server) login(ctx context.Context, user, password string) (*Token, error) {
	if err := bcrypt.CompareHashAndPassword(hash, []byte(password)); err != nil {
		return nil, fmt.Errorf("compare password: %w", err)
	token, err := s.tokens.Issue(ctx, user)
	req.Header.Set("Authorization", "Bearer "+token)
	password := os.Getenv("DB_PASSWORD")
	apiKey, ok := os.LookupEnv("API_KEY")
	if token == "" { return ErrNoToken }
	secret, err := client.CoreV1().Secrets(ns).Get(ctx, name, metav1.GetOptions{})
	dsn := fmt.Sprintf("postgres://%s:%s@%s/%s", user, password, host, name)
	flag.StringVar(&token, "token", "", "token for the API")
	case token.IDENT, token.INT: p.next()
	key, value, found := strings.Cut(line, "=")
	privateKey, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	w.Header().Set("Set-Cookie", cookie.String())
"""

RUST = """
use secrecy::{ExposeSecret, SecretString};
pub struct Credentials { pub user: String, pub password: SecretString }
pub fn login(user: &str, password: &str) -> Result<Token, AuthError> {
    let token = Token::new(user, Duration::from_secs(3600));
    let api_key = std::env::var("API_KEY").context("API_KEY is not set")?;
    let password = rpassword::prompt_password("Password: ")?;
    Some(token) => tokens.push(token),
    match self.peek_token() { Token::Ident(name) => name, token => return Err(self.unexpected(token)) }
    .bearer_auth(token.expose_secret())
    .header("Authorization", format!("Bearer {}", token))
    impl Drop for Password { fn drop(&mut self) { self.0.zeroize() } }
    let key = map.keys().next().cloned();
    #[arg(long, env = "GITHUB_TOKEN", hide_env_values = true)]
    token: Option<String>,
    let secret = Secret::from(config.secret);
    assert_eq!(lexer.next_token(), Token::Eof);
"""

SQL = """
CREATE TABLE users (id bigint PRIMARY KEY, name text NOT NULL, password_hash text NOT NULL, api_token_id bigint);
CREATE INDEX tokens_expires_at ON tokens (expires_at) WHERE revoked_at IS NULL;
SELECT u.id, u.name, t.token_type, count(*) AS tokens FROM users u JOIN tokens t ON t.user_id = u.id GROUP BY 1, 2, 3;
UPDATE users SET password_hash = $1, password_changed_at = now() WHERE id = $2;
ALTER TABLE sessions ADD COLUMN refresh_token_id uuid REFERENCES refresh_tokens (id);
DELETE FROM password_resets WHERE token = :token AND created_at < now() - interval '1 hour';
INSERT INTO api_keys (user_id, name, key_hash, last_four) VALUES (?, ?, ?, ?);
CREATE USER reporting WITH LOGIN NOSUPERUSER;
GRANT SELECT ON ALL TABLES IN SCHEMA public TO reporting;
COMMENT ON COLUMN users.password_hash IS 'argon2id, never the password itself';
"""

TERRAFORM = """
variable "db_password" { type = string, sensitive = true }
resource "aws_db_instance" "orders" {
  username = var.db_username
  password = var.db_password
  manage_master_user_password = true
  master_password = random_password.master.result
  token = data.aws_eks_cluster_auth.this.token
  secret_id = aws_secretsmanager_secret.db.id
  secret_string = jsonencode({ password = random_password.db.result })
  api_key = data.vault_generic_secret.api.data["key"]
output "db_password" { value = random_password.db.result sensitive = true }
  kms_key_id = aws_kms_key.main.arn
  key_name = aws_key_pair.deploy.key_name
  password_wo_version = 1
resource "random_password" "db" { length = 32 special = false }
"""

YAML = """
name: release
on: {push: {tags: ["v*"]}}
permissions: {contents: read, id-token: write}
env:
  GITHUB_TOKEN: ${{ secrets.GITHUB_TOKEN }}
  NODE_AUTH_TOKEN: ${{ secrets.NPM_TOKEN }}
  DB_PASSWORD: ${DB_PASSWORD}
  API_KEY: $API_KEY
      - uses: actions/checkout@v4
        with: {token: "${{ secrets.RELEASE_TOKEN }}", persist-credentials: false}
      - run: docker login -u "$DOCKER_USER" -p "$DOCKER_PASSWORD" registry.example.org
      - run: echo "$TOKEN" | gh auth login --with-token
          password: ${{ secrets.PYPI_API_TOKEN }}
          api-key: ${{ steps.login.outputs.token }}
      - name: Check that no secret is in the log
        valueFrom: {secretKeyRef: {name: orders-db, key: password}}
          secretName: orders-tls
      imagePullSecrets: [{name: registry-credentials}]
      serviceAccountToken: {path: token, expirationSeconds: 3600}
  password: !vault |
  token: "{{ lookup('env', 'API_TOKEN') }}"
  password: "{{ vault_db_password }}"
  secret: null
  password: ""
  api_key: <your API key>
  token: xxxxxxxx
  tokenTTL: 3600
  key: orders-{{ checksum "uv.lock" }}
  automountServiceAccountToken: false
"""

SHELL = """
export DB_PASSWORD="$(vault kv get -field=password secret/orders)"
TOKEN=$(gcloud auth print-access-token)
curl -H "Authorization: Bearer $TOKEN" https://api.example.org/v1/orders
curl -u "$USER:$PASSWORD" https://shop.example.org/orders
read -rs -p "Password: " password
if [ -z "$API_KEY" ]; then echo "API_KEY is not set" >&2; exit 2; fi
export PGPASSWORD=$DB_PASSWORD
aws secretsmanager get-secret-value --secret-id orders/db --query SecretString --output text
ssh-keygen -t ed25519 -f ~/.ssh/id_ed25519 -N ""
gpg --armor --export release@example.org > release.asc
openssl rand -base64 32 > secret.key && chmod 600 secret.key
kubectl create secret generic orders --from-file=password=./password.txt
docker run --env-file .env -p 8080:80 shop:latest
unset GITHUB_TOKEN
git config --global credential.helper store
PASSWORD_FILE=/run/secrets/db_password
export TOKEN_FILE="${XDG_RUNTIME_DIR}/token"
mysql -u root -p orders < schema.sql
ls -l --color=auto -p | grep key
"""

PROSE = """
Passwords are stored as argon2id hashes; a password is never written to a log.
The token expires after an hour, and the refresh token after thirty days.
To rotate a key, create the new one first, then revoke the old one.
Each request has an Authorization header with the scheme Bearer and your token.
Ask your administrator for the password: it is not in this document.
The bearer of this letter is known to us. Basic authentication is not supported any more.
Set API_KEY to your key (see Settings, API keys) and SECRET to anything you like.
The secret: keep it simple. The key: patience. The password: none is needed.
A fencing token is a number that rises with each grant; the holder's token is checked at each write.
Tokens are counted as the model counts them: about four characters a token in English.
This lexer yields one token at a time; token kinds are listed in the table below.
Cookies are small texts; the session cookie is HttpOnly, and its name is `session`.
Public keys may be shared; private keys may not. A private key starts with a BEGIN line.
Password managers make it easy to have another password for each site.
Two-factor authentication asks for a code beside the password.
If you have lost your password, follow "Forgot password?" on the login page.
The API key is read from the environment variable `OPENAI_API_KEY` or `ANTHROPIC_API_KEY`.
Tokens that start with `ghp_` are personal; those that start with `ghs_` belong to an app.
A key that starts with `sk-` or `AKIA` is found by its prefix; `xoxb-` is a bot's.
Connect with `postgres://USER:PASSWORD@HOST:5432/NAME` or set `DATABASE_URL`.
See https://docs.example.org/security/passwords?lang=en#token-lifetime for more.
The keyboard shortcut is Ctrl-K; the key point is on the next slide, and the secretary knows it.
password123 and letmein are bad passwords; so is anything on the list of the ten thousand commonest.
Use `-p` to be asked for a password, and `--password-stdin` where nobody can be asked.
We authenticate as a service, with credentials from the instance's role.
- [ ] rotate the signing key before the end of the quarter
- [x] tokens are hashed before they are stored
| field | type | meaning |
| `token` | string | what the client shows |
| `password` | string | at least 12 characters |
| `max_tokens` | integer | upper bound of the reply, 4096 by default |
> Never commit a secret. If you did, revoke it first and rewrite the history afterwards.
"""
