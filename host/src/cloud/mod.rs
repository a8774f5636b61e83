//! Connecting to Ironic, in an OpenStack cloud or standalone.
//!
//! This follows openstacksdk: clouds.yaml, secure.yaml and clouds-public.yaml, the variables `OS_*`, and the authentication
//! types password, token, application credential, http_basic and none, for Keystone's API v3. It does not support
//! openstacksdk's built-in list of public clouds, federation, or second factors.
//!
//! Nothing is cached on disk, and redirects are not followed: they would send the token and the drive to another server.

mod auth;
mod catalogue;
mod config;
mod endpoint;
mod error;
mod http;
mod keystone;
mod members;
mod secret;
mod settings;
#[cfg(test)]
mod testing;
mod value;

pub use self::catalogue::{Interface, NotAnInterface};
pub use self::error::{Error, Origin, Pem};
pub use self::settings::CloudSettings;

use base64::Engine as _;
use reqwest::Url;
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue};
use tokio::time::Instant;

use self::auth::{Auth, Find};
use self::config::{Configuration, Environment};
use self::endpoint::Endpoint;
use self::http::{Http, Received};
use self::keystone::Keystone;
use crate::chain;
use crate::transport::{Answer, Body, Method, Request, Transport, TransportError, VersionRange};

/// A connection to Ironic, in an OpenStack cloud or standalone.
pub struct Cloud {
    http: Http,
    insecure: bool,
    credentials: Credentials,
    endpoint: Endpoint,
}

impl Cloud {
    /// Reads the configuration. If the authentication type uses Keystone, also fetches a token and finds Ironic in the
    /// catalogue.
    pub async fn connect(settings: CloudSettings) -> Result<Self, Error> {
        let deadline = settings.deadline;
        Self::enter(Configuration::read(settings, &Environment::of_process()?)?, deadline).await
    }

    async fn enter(Configuration { auth, tls }: Configuration, deadline: Option<Instant>) -> Result<Self, Error> {
        let http = Http::new(&tls)?;
        let (credentials, endpoint) = match auth {
            Auth::None { endpoint } => (Credentials::None, endpoint),
            Auth::HttpBasic { endpoint, username, password } => {
                let pair =
                    base64::engine::general_purpose::STANDARD.encode(format!("{username}:{}", password.expose()));
                let mut value = HeaderValue::try_from(format!("Basic {pair}"))
                    .map_err(|_| Error::Http("the user name or password is not valid in an HTTP header".to_owned()))?;
                value.set_sensitive(true);
                (Credentials::Basic(value), endpoint)
            }
            Auth::Keystone { identity, find } => {
                let origin = identity.origin.clone();
                let (keystone, catalogue) = Keystone::log_in(&http, *identity, deadline).await?;
                let endpoint = match find {
                    Find::At(endpoint) => endpoint,
                    Find::InCatalogue(filter) => catalogue.ok_or(Error::NoCatalogue { origin })?.find(&filter)?,
                };
                (Credentials::Keystone(Box::new(keystone)), endpoint)
            }
        };
        Ok(Self { http, insecure: tls.insecure, credentials, endpoint })
    }

    /// Returns whether certificate verification is disabled, which deserves a warning.
    pub fn is_insecure(&self) -> bool {
        self.insecure
    }

    async fn attempt(
        &self,
        request: &Request,
        credential: Option<(HeaderName, HeaderValue)>,
    ) -> Result<Received, TransportError> {
        let mut url = Url::parse(&format!("{}{}", self.endpoint.as_str(), request.path)).map_err(|_| not_http())?;
        if !request.query.is_empty() {
            url.query_pairs_mut().extend_pairs(&request.query);
        }
        let mut headers = HeaderMap::new();
        for (name, value) in request.headers() {
            headers.insert(
                HeaderName::try_from(name).map_err(|_| not_http())?,
                HeaderValue::try_from(value).map_err(|_| not_http())?,
            );
        }
        headers.extend(credential);
        let method = match request.method {
            Method::Get => reqwest::Method::GET,
            Method::Put => reqwest::Method::PUT,
            Method::Patch => reqwest::Method::PATCH,
        };
        let body = request.body.clone().map(|Body(body)| body);
        self.http.send(method, url, headers, body, request.timeout).await
    }
}

impl Transport for Cloud {
    fn endpoint(&self) -> &str {
        self.endpoint.as_str()
    }

    /// Ironic does not process a request whose token it refuses (401). Such a request is sent once more, with a new token, unless it
    /// starts a deployment: a proxy's 401 may hide that it was processed.
    async fn send(&self, request: Request) -> Result<Answer, TransportError> {
        let received = match &self.credentials {
            Credentials::None => self.attempt(&request, None).await?,
            Credentials::Basic(value) => self.attempt(&request, Some((AUTHORIZATION, value.clone()))).await?,
            Credentials::Keystone(keystone) => {
                let with = |token| Some((HeaderName::from_static("x-auth-token"), token));
                let token = keystone.token(&self.http, None).await.map_err(no_token)?;
                let received = self.attempt(&request, with(token.clone())).await?;
                if received.status == 401 {
                    let token = keystone.token(&self.http, Some(&token)).await.map_err(no_token)?;
                    match request.method {
                        Method::Put => received,
                        Method::Get | Method::Patch => self.attempt(&request, with(token)).await?,
                    }
                } else {
                    received
                }
            }
        };
        let Received { status, headers, body } = received;
        let version = |name| headers.get(name)?.to_str().ok()?.parse().ok();
        let versions = match (version(MIN_VERSION), version(MAX_VERSION)) {
            (Some(min), Some(max)) => Some(VersionRange { min, max }),
            _ => None,
        };
        Ok(Answer { status, versions, body })
    }
}

const MIN_VERSION: &str = "X-OpenStack-Ironic-API-Minimum-Version";
const MAX_VERSION: &str = "X-OpenStack-Ironic-API-Maximum-Version";

fn not_http() -> TransportError {
    TransportError::Unreachable("the request is not valid HTTP".to_owned())
}

enum Credentials {
    None,
    /// The value of the header `Authorization`.
    Basic(HeaderValue),
    Keystone(Box<Keystone>),
}

/// Converts an error in getting a token, after which nothing was sent to Ironic.
fn no_token(error: Error) -> TransportError {
    match error {
        Error::Unreachable { error: TransportError::Untrusted(_), .. } => TransportError::Untrusted(chain(&error)),
        Error::Unreachable { .. } | Error::NotKeystone { .. } => TransportError::Unreachable(chain(&error)),
        error => TransportError::Unauthenticated(chain(&error)),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::Duration;

    use futures_util::future::join_all;

    use super::testing::{Server, run};
    use super::*;

    async fn connect(variables: &[(&str, &str)]) -> Result<Cloud, Error> {
        let variables = variables.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect();
        let environment = Environment::new(variables, "/nowhere".into());
        Cloud::enter(Configuration::read(CloudSettings::default(), &environment)?, None).await
    }

    fn nodes() -> Request {
        let (query, timeout) = (vec![("fields", "uuid,name".to_owned())], Duration::from_secs(30));
        Request {
            method: Method::Get,
            path: "/v1/nodes".into(),
            query,
            version: "1.50".parse().ok(),
            body: None,
            timeout,
        }
    }

    /// A server that is both Keystone, whose n-th token is `token-n`, and an Ironic that accepts the tokens chosen by `accepts`.
    struct Lab {
        server: Server,
        logins: Arc<AtomicUsize>,
    }

    impl Lab {
        fn new(lifetime: u8, broken_after: usize, accepts: impl Fn(&str) -> bool + Send + 'static) -> Self {
            let logins = Arc::new(AtomicUsize::new(0));
            let count = logins.clone();
            let server = Server::new(move |request, url| {
                if request.starts_with("POST /id/v3/auth/tokens ") {
                    let login = count.fetch_add(1, Ordering::Relaxed) + 1;
                    if login > broken_after {
                        let body = r#"{"error": {"code": 401, "message": "Wrong password.", "title": "Unauthorized"}}"#;
                        return (401, String::new(), body.to_owned());
                    }
                    let catalogue = format!(
                        r#"[{{"type": "baremetal", "endpoints": [{{"interface": "public", "url": "{url}/bm/v1"}}]}}]"#
                    );
                    let times = format!(
                        r#""issued_at": "2026-01-01T00:00:00.000000Z", "expires_at": "2026-01-01T{lifetime:02}:00:00.000000Z""#
                    );
                    let body = format!(r#"{{"token": {{{times}, "catalog": {catalogue}}}}}"#);
                    return (201, format!("X-Subject-Token: token-{login}\r\n"), body);
                }
                assert!(request.contains(" /bm/v1/nodes?fields=uuid%2Cname HTTP/1.1\r\n"), "{request}");
                let token = request.lines().find_map(|line| line.strip_prefix("x-auth-token: ")).unwrap();
                let status = if accepts(token) { 200 } else { 401 };
                (status, format!("{MIN_VERSION}: 1.1\r\n{MAX_VERSION}: 1.115\r\n"), "{}".into())
            });
            Self { server, logins }
        }

        async fn connect(&self) -> Result<Cloud, Error> {
            let url = format!("{}/id", self.server.url);
            let auth = [("OS_AUTH_URL", url.as_str()), ("OS_PASSWORD", "hunter2"), ("OS_USER_ID", "u")];
            connect(&auth).await
        }

        fn logins(&self) -> usize {
            self.logins.load(Ordering::Relaxed)
        }
    }

    #[test]
    fn a_token_finds_ironic_in_the_catalogue_and_is_reused_until_it_expires() {
        run(async {
            let lab = Lab::new(1, 9, |_| true);
            let cloud = lab.connect().await.unwrap();
            assert_eq!(cloud.endpoint(), format!("{}/bm", lab.server.url));
            for _ in 0..3 {
                let answer = cloud.send(nodes()).await.unwrap();
                assert_eq!((answer.status, answer.versions.unwrap().max.to_string()), (200, "1.115".to_owned()));
            }
            assert_eq!(lab.logins(), 1);

            let lab = Lab::new(0, 9, |_| true);
            let cloud = lab.connect().await.unwrap();
            cloud.send(nodes()).await.unwrap();
            assert_eq!(lab.logins(), 2, "an expired token is not sent");
        });
    }

    #[test]
    fn a_token_that_ironic_refuses_is_renewed_once_for_all_waiting_requests() {
        run(async {
            let lab = Lab::new(1, 9, |token| token != "token-1");
            let cloud = lab.connect().await.unwrap();
            let answers = join_all((0..5).map(|_| cloud.send(nodes()))).await;
            assert!(answers.iter().all(|answer| answer.as_ref().unwrap().status == 200));
            assert_eq!(lab.logins(), 2);

            let lab = Lab::new(1, 9, |_| false);
            let cloud = lab.connect().await.unwrap();
            assert_eq!(cloud.send(nodes()).await.unwrap().status, 401, "a second refusal is the answer");
            assert_eq!(lab.logins(), 2);
        });
    }

    #[test]
    fn a_request_that_starts_a_deployment_is_not_repeated_with_a_new_token() {
        run(async {
            let lab = Lab::new(1, 9, |token| token != "token-1");
            let cloud = lab.connect().await.unwrap();
            let put = || Request { method: Method::Put, ..nodes() };
            assert_eq!(cloud.send(put()).await.unwrap().status, 401);
            assert_eq!(lab.logins(), 2, "the next attempt has a new token");
            assert_eq!(cloud.send(put()).await.unwrap().status, 200);
        });
    }

    #[test]
    fn a_keystone_that_is_busy_is_asked_again() {
        run(async {
            let asked = AtomicUsize::new(0);
            let server = Server::new(move |_, _| match asked.fetch_add(1, Ordering::Relaxed) {
                0 => (503, String::new(), String::new()),
                1 => (429, String::new(), String::new()),
                _ => (201, "X-Subject-Token: t\r\n".into(), r#"{"token": {}}"#.into()),
            });
            let auth = [
                ("OS_AUTH_URL", server.url.as_str()),
                ("OS_AUTH_TYPE", "token"),
                ("OS_TOKEN", "t"),
                ("OS_BAREMETAL_ENDPOINT_OVERRIDE", "http://ironic"),
            ];
            connect(&auth).await.unwrap();
            assert_eq!(server.requests().len(), 3);
        });
    }

    #[test]
    fn a_failed_renewal_fails_once_for_all_waiting_requests() {
        run(async {
            let lab = Lab::new(0, 1, |_| true);
            let cloud = lab.connect().await.unwrap();
            let answers = join_all((0..5).map(|_| cloud.send(nodes()))).await;
            for answer in answers {
                let Err(TransportError::Unauthenticated(words)) = answer else { panic!() };
                assert!(words.contains("refused the login with 401: Wrong password; check"), "{words}");
            }
            assert_eq!(lab.logins(), 2);
        });
    }

    #[test]
    fn wrong_credentials_are_reported_but_not_shown() {
        run(async {
            let lab = Lab::new(1, 0, |_| true);
            let error = lab.connect().await.err().unwrap();
            assert!(matches!(error, Error::Refused { status: 401, .. }));
            let expected = format!(
                "Keystone at {}/id/v3 refused the login with 401: Wrong password; check the user, password, domains and \
                 project in the environment",
                lab.server.url
            );
            assert_eq!(error.to_string(), expected);
        });
    }

    #[test]
    fn http_basic_is_sent_and_not_shown() {
        run(async {
            let server = Server::new(|request, _| {
                // RFC 7617, section 2.
                let has_it = request.contains("\r\nauthorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==\r\n");
                (if has_it { 200 } else { 401 }, String::new(), String::new())
            });
            let url = server.url.as_str();
            let basic = [("OS_AUTH_TYPE", "http_basic"), ("OS_USERNAME", "Aladdin"), ("OS_ENDPOINT", url)];
            for (password, status) in [("open sesame", 200), ("wrong", 401)] {
                let cloud = connect(&[&basic[..], &[("OS_PASSWORD", password)]].concat()).await.unwrap();
                assert_eq!(cloud.send(nodes()).await.unwrap().status, status);
                let Credentials::Basic(value) = &cloud.credentials else { panic!() };
                assert!(value.is_sensitive());
            }
        });
    }

    #[test]
    fn a_server_that_is_not_keystone_is_reported() {
        run(async {
            for (status, body, words) in [
                (404, "", "answered 404: there is no Identity API v3 at that URL"),
                (301, "", "answered 301: redirects are not followed"),
                (200, "{}", "answered 200: the answer contains no token"),
                (501, "<html>", "answered 501: no message"),
            ] {
                let server = Server::new(move |_, _| (status, "Location: /else\r\n".into(), body.into()));
                let auth = [("OS_AUTH_URL", server.url.as_str()), ("OS_AUTH_TYPE", "token"), ("OS_TOKEN", "t")];
                let error = connect(&auth).await.err().unwrap();
                assert!(matches!(error, Error::NotKeystone { .. }) && error.to_string().contains(words), "{error}");
            }
        });
    }
}
