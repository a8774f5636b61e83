use std::time::Duration;

use osauth::{CloudConfig, ErrorKind, NoAuth, Session};
use reqwest::{Certificate, Client, Url};
use serde::Deserialize;

use super::Error;
use super::fault::tidy;
use super::transport::{Answer, Body, Method, Request, Transport, TransportError};
use super::version::VersionRange;

/// Ironic in an OpenStack cloud, or on its own.
///
/// osauth reads the configuration, keeps tokens fresh and knows the catalogue. Requests are sent from here: osauth's
/// own way of sending follows links and redirects of the server's with the token, knows no timeouts, and turns every
/// failure into one kind.
pub struct Cloud {
    http: Client,
    session: Session,
    endpoint: String,
}

/// Which cloud, and where in it.
#[derive(Clone, Debug, Default)]
pub struct CloudSettings {
    /// A cloud of clouds.yaml. Without it the environment tells: `OS_CLOUD`, or `OS_AUTH_TYPE` and its companions.
    pub name: Option<String>,
    /// Ironic's URL, in place of the one that the catalogue or the configuration has. If nothing else is configured,
    /// that Ironic is asked without authentication.
    pub endpoint: Option<String>,
}

impl Cloud {
    /// Reads the configuration and, where the authentication type has such a thing, fetches a token and finds Ironic in
    /// the catalogue.
    pub async fn connect(settings: CloudSettings) -> Result<Self, Error> {
        let config = match &settings.name {
            Some(name) => Some(CloudConfig::from_config(name)),
            None if environment_has_a_cloud() => Some(CloudConfig::from_env()),
            None => None,
        };
        let (http, session) = match config {
            Some(config) => {
                let config = config.map_err(from_osauth)?;
                let http = http_client(ca_certificate(&config)?.as_deref())?;
                let session = tokio::time::timeout(LOGIN_TIMEOUT, config.create_session()).await;
                let session = session.map_err(|_| Error::Login(TransportError::Timeout(LOGIN_TIMEOUT)))?;
                (http, session.map_err(from_osauth)?)
            }
            None if settings.endpoint.is_some() => {
                let http = http_client(None)?;
                let session = Session::new_with_client(http.clone(), NoAuth::new_without_endpoint()).await;
                (http, session.map_err(from_osauth)?)
            }
            None => return Err(Error::Cloud(NO_CLOUD.into())),
        };
        let endpoint = match (&settings.endpoint, session.endpoint_overrides().get(SERVICE)) {
            (Some(url), _) => {
                Url::parse(url).map_err(|error| Error::Cloud(format!("the endpoint is no URL: {error}")))?
            }
            (None, Some(url)) => url.clone(),
            (None, None) => {
                let found = session.auth_type().get_endpoint(&http, SERVICE, session.endpoint_filters()).await;
                found.map_err(from_osauth)?
            }
        };
        Ok(Self { http, session, endpoint: normalise(endpoint)? })
    }
}

impl Transport for Cloud {
    fn endpoint(&self) -> &str {
        &self.endpoint
    }

    async fn send(&self, request: Request) -> Result<Answer, TransportError> {
        let timeout = request.timeout;
        let method = match request.method {
            Method::Get => reqwest::Method::GET,
            Method::Put => reqwest::Method::PUT,
        };
        let mut builder = self.http.request(method, format!("{}{}", self.endpoint, request.path)).timeout(timeout);
        builder = builder.query(&request.query);
        for (name, value) in request.headers() {
            builder = builder.header(name, value);
        }
        if let Some(Body(body)) = request.body {
            builder = builder.body(body);
        }
        let builder =
            tokio::time::timeout(LOGIN_TIMEOUT, self.session.auth_type().authenticate(&self.http, builder)).await;
        let builder = builder
            .map_err(|_| TransportError::Unauthenticated(TransportError::Timeout(LOGIN_TIMEOUT).to_string()))?
            .map_err(|error| TransportError::Unauthenticated(osauth_words(&error)))?;
        let failed = |error| from_reqwest(&error, timeout);

        let mut response = builder.send().await.map_err(failed)?;
        let header = |name| response.headers().get(name)?.to_str().ok()?.parse().ok();
        let versions = match (header(MIN_VERSION), header(MAX_VERSION)) {
            (Some(min), Some(max)) => Some(VersionRange { min, max }),
            _ => None,
        };
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(failed)? {
            if body.len() + chunk.len() > Answer::LIMIT {
                return Err(TransportError::TooLarge);
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Answer { status: response.status().as_u16(), versions, body })
    }
}

const NO_CLOUD: &str = "no cloud is configured: name one of clouds.yaml (--os-cloud or OS_CLOUD), set OS_AUTH_TYPE, \
                        OS_AUTH_URL and so on, or give the URL of an Ironic without authentication (--endpoint)";
const SERVICE: &str = "baremetal";
const MIN_VERSION: &str = "X-OpenStack-Ironic-API-Minimum-Version";
const MAX_VERSION: &str = "X-OpenStack-Ironic-API-Maximum-Version";
/// For a token and the catalogue, all in all.
const LOGIN_TIMEOUT: Duration = Duration::from_secs(60);
/// For a TCP connection and the TLS handshake.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(15);

fn http_client(ca_certificate: Option<&str>) -> Result<Client, Error> {
    // A redirect would take the token and the drive to wherever it points.
    let mut builder = Client::builder().connect_timeout(CONNECT_TIMEOUT).redirect(reqwest::redirect::Policy::none());
    if let Some(file) = ca_certificate {
        let pem =
            std::fs::read(file).map_err(|error| Error::Cloud(format!("cannot read the CA file {file}: {error}")))?;
        let bundle = Certificate::from_pem_bundle(&pem);
        for certificate in bundle.map_err(|error| Error::Cloud(format!("the CA file {file} is not PEM: {error}")))? {
            builder = builder.add_root_certificate(certificate);
        }
    }
    builder.build().map_err(|error| Error::Cloud(format!("cannot set up HTTP: {}", root_cause(&error))))
}

/// `CloudConfig` keeps its fields to itself, but can be serialised.
fn ca_certificate(config: &CloudConfig) -> Result<Option<String>, Error> {
    #[derive(Deserialize)]
    struct Tls {
        cacert: Option<String>,
    }
    let tls = serde_json::to_value(config).and_then(serde_json::from_value::<Tls>);
    tls.map(|tls| tls.cacert).map_err(|_| Error::Cloud("the cloud's configuration has members that are no text".into()))
}

/// Whether `CloudConfig::from_env` finds something to authenticate with.
fn environment_has_a_cloud() -> bool {
    ["OS_CLOUD", "OS_AUTH_TYPE", "OS_AUTH_URL"].iter().any(|name| std::env::var_os(name).is_some())
}

/// Catalogues have Ironic's URL with and without the version and a slash at the end.
fn normalise(url: Url) -> Result<String, Error> {
    if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
        return Err(Error::Cloud("the endpoint is not an http or https URL".into()));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(Error::Cloud("the endpoint has credentials in it; use OS_AUTH_TYPE=http_basic".into()));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(Error::Cloud("the endpoint has a query or a fragment".into()));
    }
    let url = url.as_str().trim_end_matches('/');
    Ok(url.strip_suffix("/v1").unwrap_or(url).trim_end_matches('/').to_owned())
}

fn from_reqwest(error: &reqwest::Error, timeout: Duration) -> TransportError {
    let cause = tidy(&root_cause(error));
    if error.is_connect() {
        TransportError::Unreachable(cause)
    } else if error.is_timeout() {
        TransportError::Timeout(timeout)
    } else {
        TransportError::Lost(cause)
    }
}

/// The outer errors repeat the URL; the innermost one knows what happened.
fn root_cause(error: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause.to_string()
}

fn from_osauth(error: osauth::Error) -> Error {
    let words = osauth_words(&error);
    match error.kind() {
        ErrorKind::AuthenticationFailed | ErrorKind::AccessDenied => {
            Error::Login(TransportError::Unauthenticated(words))
        }
        ErrorKind::InvalidConfig | ErrorKind::InvalidInput => Error::Cloud(words),
        ErrorKind::EndpointNotFound => Error::Cloud(format!("{words}; give Ironic's URL (--endpoint or OS_ENDPOINT)")),
        _ => Error::Login(TransportError::Unreachable(words)),
    }
}

/// osauth's message as one line, without the general words that it puts before its own. Where clouds.yaml has a wrong
/// type, osauth shows what it found, which may be a password.
fn osauth_words(error: &osauth::Error) -> String {
    let text = error.to_string();
    let text = text.strip_prefix(error.kind().description()).and_then(|text| text.strip_prefix(": ")).unwrap_or(&text);
    if error.kind() != ErrorKind::InvalidConfig {
        return tidy(text);
    }
    let cut = ["got ", "invalid type", "invalid value", " is "].iter().filter_map(|mark| text.find(mark)).min();
    match cut.and_then(|at| text.get(..at)) {
        Some(text) => tidy(&format!(
            "{}: a value is of the wrong type (digits that are text want quotes)",
            text.trim_end_matches([' ', ',', ':'])
        )),
        None => tidy(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endpoint_with_a_version_is_the_same_endpoint() {
        let endpoint = |text: &str| normalise(Url::parse(text).unwrap()).unwrap();
        for text in ["http://a:6385", "http://a:6385/", "http://a:6385/v1", "http://a:6385/v1/"] {
            assert_eq!(endpoint(text), "http://a:6385");
        }
        assert_eq!(endpoint("https://a/baremetal/v1"), "https://a/baremetal");
    }

    #[test]
    fn an_endpoint_that_is_none_is_refused() {
        for text in ["ftp://a", "unix:/run/a", "http://user:word@a", "http://a/?b", "http://a/#b"] {
            assert!(normalise(Url::parse(text).unwrap()).is_err(), "{text}");
        }
    }

    #[test]
    fn what_a_wrong_clouds_yaml_holds_is_not_shown() {
        for message in [
            "clouds object must be a mapping, got String(\"hunter2\")",
            "Root of secure.yaml is String(\"hunter2\"), not a mapping",
            "Cannot parse the merged cloud configuration: clouds: invalid type: integer `42`, expected hunter2",
        ] {
            let words = osauth_words(&osauth::Error::new(ErrorKind::InvalidConfig, message));
            assert!(!words.contains("hunter2") && !words.contains("42") && words.len() > 20, "{words}");
        }
        let words = osauth_words(&osauth::Error::new(ErrorKind::InvalidConfig, "No such cloud: c"));
        assert_eq!(words, "No such cloud: c");
    }
}
