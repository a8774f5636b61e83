//! Tokens from Keystone (Identity API v3).

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use reqwest::header::{ACCEPT, CONTENT_TYPE, HeaderMap, HeaderValue};
use serde::Deserialize;
use serde_json::{Value, json};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use tokio::sync::Mutex;
use tokio::time::{Instant as Deadline, sleep, timeout_at};

use super::auth::{ApplicationCredential, Domain, Identity, Method, Scope, User};
use super::catalogue::Catalogue;
use super::error::Error;
use super::http::{Http, Received};
use crate::chain;
use crate::transport::Fault;

/// A source of tokens from Keystone, which renews them before they expire.
pub struct Keystone {
    identity: Identity,
    last: Mutex<Result<Token, Error>>,
    /// The number of logins so far.
    logins: AtomicU64,
}

impl Keystone {
    /// Requests the first token. The catalogue is `None` if the token has no scope. A busy Keystone is asked again until the deadline,
    /// or for two minutes.
    pub async fn log_in(
        http: &Http,
        identity: Identity,
        deadline: Option<Deadline>,
    ) -> Result<(Self, Option<Catalogue>), Error> {
        let until = deadline.unwrap_or_else(|| Deadline::now() + RETRY_TIME);
        let out_of_time =
            |last: Option<Error>| Error::OutOfTime { keystone: identity.base_url(), last: last.map(Box::new) };
        let (mut pause, mut last) = (FIRST_PAUSE, None);
        let (token, catalogue) = loop {
            let issuing = issue(http, &identity);
            let issued = match deadline {
                Some(deadline) => timeout_at(deadline, issuing).await.map_err(|_| out_of_time(last.take()))?,
                None => issuing.await,
            };
            let error = match issued {
                Err(error) if error.is_busy() => error,
                issued => break issued?,
            };
            if Deadline::now() + pause >= until {
                return Err(if deadline.is_some() { out_of_time(Some(error)) } else { error });
            }
            tracing::warn!("{}; trying again", chain(&error));
            last = Some(error);
            sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        };
        Ok((Self { identity, last: Mutex::new(Ok(token)), logins: AtomicU64::new(1) }, catalogue))
    }

    /// Returns a token that is neither about to expire nor the `refused` one. Concurrent callers that need a new one wait for
    /// the same login, and share its failure.
    pub async fn token(&self, http: &Http, refused: Option<&HeaderValue>) -> Result<HeaderValue, Error> {
        let logins = self.logins.load(Ordering::Relaxed);
        let mut last = self.last.lock().await;
        match &*last {
            Ok(token) if token.is_fresh() && Some(&token.value) != refused => return Ok(token.value.clone()),
            Err(error) if self.logins.load(Ordering::Relaxed) != logins => return Err(error.clone()),
            _ => {}
        }
        let issued = issue(http, &self.identity).await.map(|(token, _)| token);
        self.logins.fetch_add(1, Ordering::Relaxed);
        *last = issued;
        last.as_ref().map(|token| token.value.clone()).map_err(Clone::clone)
    }
}

impl Identity {
    /// Returns Keystone's URL, for errors.
    fn base_url(&self) -> String {
        self.url.as_str().trim_end_matches("/auth/tokens").to_owned()
    }
}

struct Token {
    /// The token, marked as sensitive so that `Debug` does not show it.
    value: HeaderValue,
    /// When to request another; `None` if Keystone does not report the lifetime.
    stale: Option<Instant>,
}

impl Token {
    fn is_fresh(&self) -> bool {
        self.stale.is_none_or(|stale| Instant::now() < stale)
    }
}

/// `POST /v3/auth/tokens`
async fn issue(http: &Http, identity: &Identity) -> Result<(Token, Option<Catalogue>), Error> {
    let asked = Instant::now();
    let json = HeaderValue::from_static("application/json");
    let headers = HeaderMap::from_iter([(ACCEPT, json.clone()), (CONTENT_TYPE, json)]);
    let body = request(identity).to_string().into();
    let received = http.send(reqwest::Method::POST, identity.url.clone(), headers, Some(body), LOGIN_TIMEOUT).await;
    let keystone = || identity.base_url();
    let received = received.map_err(|error| Error::Unreachable { keystone: keystone(), error })?;
    let status = received.status;
    let broken = |why: &str| Error::NotKeystone { keystone: keystone(), status, why: why.to_owned() };
    match status {
        200 | 201 => {}
        300..400 => return Err(broken("redirects are not followed; use Keystone's final URL")),
        404 | 405 => return Err(broken("there is no Identity API v3 at that URL")),
        400..500 => {
            let Fault { status, words } = Fault::decode(status, &received.body);
            return Err(Error::Refused { keystone: keystone(), origin: identity.origin.clone(), status, words });
        }
        _ => {
            let words = Fault::decode(status, &received.body).words;
            return Err(broken(if words.is_empty() { "no message" } else { &words }));
        }
    }
    let Received { mut headers, body, .. } = received;
    let Some(mut value) = headers.remove("X-Subject-Token") else { return Err(broken("the answer contains no token")) };
    value.set_sensitive(true);
    // serde_json's error would quote the answer.
    let answer: Answer = serde_json::from_slice(&body).map_err(|_| broken("the answer does not describe a token"))?;
    let stale = answer.token.lifetime().and_then(|lifetime| asked.checked_add(lifetime - margin(lifetime)));
    Ok((Token { value, stale }, answer.token.catalog.filter(|catalogue| !catalogue.is_empty())))
}

#[derive(Deserialize)]
struct Answer {
    token: Issued,
}

#[derive(Deserialize)]
struct Issued {
    issued_at: Option<String>,
    expires_at: Option<String>,
    catalog: Option<Catalogue>,
}

impl Issued {
    /// Returns the lifetime by Keystone's clock, since ours may differ.
    fn lifetime(&self) -> Option<Duration> {
        let at = |text: &Option<String>| OffsetDateTime::parse(text.as_deref()?, &Rfc3339).ok();
        Duration::try_from(at(&self.expires_at)? - at(&self.issued_at)?).ok()
    }
}

/// Returns how long before its expiry a token is renewed: as in keystoneauth, but at most a quarter of the lifetime.
fn margin(lifetime: Duration) -> Duration {
    Duration::from_secs(120).min(lifetime / 4)
}

/// As long as Nova retries a request.
const RETRY_TIME: Duration = Duration::from_secs(120);
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// The time limit for a token and the catalogue.
const LOGIN_TIMEOUT: Duration = Duration::from_secs(60);

fn request(identity: &Identity) -> Value {
    let (name, method) = match &identity.method {
        Method::Password { user: of, password } => {
            let mut user = user(of);
            user.as_object_mut().map(|user| user.insert("password".to_owned(), password.expose().into()));
            ("password", json!({ "user": user }))
        }
        Method::Token(token) => ("token", json!({"id": token.expose()})),
        Method::ApplicationCredential { credential, secret } => {
            let secret = secret.expose();
            let method = match credential {
                ApplicationCredential::Id(id) => json!({"id": id, "secret": secret}),
                ApplicationCredential::Name { name, user: of } => {
                    json!({"name": name, "user": user(of), "secret": secret})
                }
            };
            ("application_credential", method)
        }
    };
    let mut auth = json!({"identity": {"methods": [name], name: method}});
    let scope = match &identity.scope {
        Scope::Unscoped => None,
        Scope::ProjectId(id) => Some(json!({"project": {"id": id}})),
        Scope::ProjectName { name, domain: of } => Some(json!({"project": {"name": name, "domain": domain(of)}})),
        Scope::Domain(of) => Some(json!({"domain": domain(of)})),
        Scope::System => Some(json!({"system": {"all": true}})),
        Scope::Trust(id) => Some(json!({"OS-TRUST:trust": {"id": id}})),
    };
    if let (Some(scope), Some(auth)) = (scope, auth.as_object_mut()) {
        auth.insert("scope".to_owned(), scope);
    }
    json!({ "auth": auth })
}

fn user(user: &User) -> Value {
    match user {
        User::Id(id) => json!({"id": id}),
        User::Name { name, domain: of } => json!({"name": name, "domain": domain(of)}),
    }
}

fn domain(domain: &Domain) -> Value {
    match domain {
        Domain::Id(id) => json!({"id": id}),
        Domain::Name(name) => json!({"name": name}),
    }
}
