//! The media type of a request's body, and those that the client accepts (RFC 9110, sections 8.3 and 12.5.1).

use mediatype::{MediaType, MediaTypeList, Name, ReadParams};

use super::{media::Media, problem::Problem, request::Request};

/// Returns the media type of the request's body, if it is one of `accepted`.
pub fn of_body(request: &Request, accepted: &[Media]) -> Result<Media, Problem> {
    let coding = request.header("content-encoding");
    if !coding.is_empty() && !coding.eq_ignore_ascii_case("identity") {
        return Err(Problem::unsupported_coding());
    }
    let found = request.header("content-type");
    let found = MediaType::parse(&found).map(|found| found.essence().to_string().to_ascii_lowercase());
    let media = accepted.iter().find(|media| found.as_deref() == Ok(media.name()));
    media.copied().ok_or_else(|| Problem::unsupported_media(accepted))
}

/// Returns whether a client that sends this `Accept` header accepts `media`. Invalid ranges are skipped.
pub fn accepts(accept: &str, media: Media) -> bool {
    let (kind, name) = media.name().split_once('/').unwrap_or_default();
    let mut ranges = MediaTypeList::new(accept).filter_map(Result::ok).peekable();
    if ranges.peek().is_none() {
        return true;
    }
    // The most specific range decides.
    let specificity = |range: &MediaType<'_>| match (range.ty.as_str(), full_name(range).as_str()) {
        ("*", "*") => Some(0),
        (of_kind, "*") if of_kind.eq_ignore_ascii_case(kind) => Some(1),
        (of_kind, named) if of_kind.eq_ignore_ascii_case(kind) && named.eq_ignore_ascii_case(name) => Some(2),
        _ => None,
    };
    let quality = |range: &MediaType<'_>| {
        let quality = range.get_param(Name::new_unchecked("q"))?;
        quality.as_str().parse().ok()
    };
    let decisive = ranges
        .filter_map(|range| Some((specificity(&range)?, quality(&range).unwrap_or(1.0_f32))))
        .max_by_key(|(specificity, _)| *specificity);
    decisive.is_some_and(|(_, quality)| quality > 0.0)
}

/// Returns the subtype with its suffix: `schema+json` for `application/schema+json`.
fn full_name(range: &MediaType<'_>) -> String {
    match range.suffix {
        Some(suffix) => format!("{}+{suffix}", range.subty),
        None => range.subty.to_string(),
    }
}
