//! Ironic's URL.

use reqwest::Url;

/// Ironic's URL: http or https, without the version and without a trailing slash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint(String);

impl Endpoint {
    /// Parses Ironic's URL. Catalogues and people write it with or without the version, and with or without a trailing slash.
    pub fn parse(text: &str) -> Result<Self, NotAUrl> {
        let url = base_url(text)?;
        let url = url.as_str().trim_end_matches('/');
        Ok(Self(url.strip_suffix("/v1").unwrap_or(url).trim_end_matches('/').to_owned()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What is wrong with a URL, to follow a subject such as "the endpoint". It does not quote the URL, which may contain a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotAUrl(pub &'static str);

/// Parses an http or https URL to which a path can be appended.
pub fn base_url(text: &str) -> Result<Url, NotAUrl> {
    let url = Url::parse(text).map_err(|_| NotAUrl("is not a URL such as https://host:port/path"))?;
    if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
        return Err(NotAUrl("is not an http or https URL"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(NotAUrl("contains credentials; use OS_AUTH_TYPE=http_basic, OS_USERNAME and OS_PASSWORD"));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(NotAUrl("contains a query or a fragment"));
    }
    Ok(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endpoint_with_a_version_is_the_same_endpoint() {
        for text in ["http://a:6385", "http://a:6385/", "http://a:6385/v1", "http://a:6385/v1/"] {
            assert_eq!(Endpoint::parse(text).unwrap().as_str(), "http://a:6385");
        }
        assert_eq!(Endpoint::parse("https://a/baremetal/v1").unwrap().as_str(), "https://a/baremetal");
    }

    #[test]
    fn an_invalid_endpoint_is_refused_without_being_shown() {
        for text in ["", "a", "ftp://a", "unix:/run/a", "http://user:word@a", "http://a/?b", "http://a/#b"] {
            let error = Endpoint::parse(text).unwrap_err();
            assert!(!error.0.contains("word@"), "{text}");
        }
    }
}
