//! The endpoints, with the media types that they accept and return.

use configdrive_contract::{ConfigDrive, DOCUMENT_SCHEMA, DriveSource, Selection};
use serde_json::json;

use super::{
    answer::Answer, component::Imported, media::Media, negotiation, problem::Problem, query::Query, request::Request,
};

/// An endpoint of the service.
#[derive(Clone, Copy)]
pub enum Endpoint {
    /// A fixed text to read.
    Text(Media, &'static str),
    /// A function of the component to call.
    Function(Function),
}

#[derive(Clone, Copy)]
pub enum Function {
    RequiredBy,
    Pack,
    BuildDrive,
    Inspect,
    Check,
}

impl Endpoint {
    pub fn at(path: &str) -> Option<Self> {
        Some(match path {
            "/healthz" => Self::Text(Media::Json, r#"{"status":"ok"}"#),
            "/v1/openapi.json" => Self::Text(Media::Json, include_str!("../openapi.json")),
            "/v1/schema" => Self::Text(Media::Schema, DOCUMENT_SCHEMA),
            "/v1/required-by" => Self::Function(Function::RequiredBy),
            "/v1/pack" => Self::Function(Function::Pack),
            "/v1/build-drive" => Self::Function(Function::BuildDrive),
            "/v1/inspect" => Self::Function(Function::Inspect),
            "/v1/check" => Self::Function(Function::Check),
            _ => return None,
        })
    }

    pub fn answer(self, request: Request) -> Result<Answer, Problem> {
        let (methods, returned) = match self {
            // The engine does not send the body of a response to HEAD.
            Self::Text(media, _) => (&["GET", "HEAD"][..], media),
            Self::Function(function) => (&["POST"][..], function.returned()),
        };
        if !methods.iter().any(|method| request.is(method)) {
            return Err(Problem::method_not_allowed(methods.join(", ")));
        }
        if !negotiation::accepts(&request.header("accept"), returned) {
            return Err(Problem::not_acceptable(returned));
        }
        let body = match self {
            Self::Text(_, text) => text.as_bytes().into(),
            Self::Function(function) => function.call(request)?.into(),
        };
        Ok(Answer::new(returned, body))
    }
}

impl Function {
    fn accepted(self) -> &'static [Media] {
        match self {
            Self::RequiredBy | Self::Pack | Self::BuildDrive => &[Media::Json, Media::Yaml],
            Self::Inspect => &[Media::OctetStream, Media::PlainText],
            Self::Check => &[Media::Json, Media::Yaml, Media::OctetStream, Media::PlainText],
        }
    }

    fn returned(self) -> Media {
        match self {
            Self::Pack => Media::PlainText,
            Self::BuildDrive => Media::OctetStream,
            Self::RequiredBy | Self::Inspect | Self::Check => Media::Json,
        }
    }

    /// Reads the body last, so that a request with an invalid head costs nothing.
    fn call(self, request: Request) -> Result<Vec<u8>, Problem> {
        let media = negotiation::of_body(&request, self.accepted())?;
        let mut query = Query::parse(request.query())?;
        Ok(match self {
            Self::RequiredBy => {
                let policy = query.policy()?;
                query.end()?;
                json!({"required": Imported.required_by(&request.body()?, policy)?}).to_string().into_bytes()
            }
            Self::Pack => {
                let options = query.options()?;
                query.end()?;
                Imported.pack(&request.body()?, &options)?.into_bytes()
            }
            Self::BuildDrive => {
                let options = query.options()?;
                query.end()?;
                Imported.build_drive(&request.body()?, &options)?
            }
            Self::Inspect => {
                query.end()?;
                let inspection = Imported.inspect(DriveSource::Bytes(&request.body()?))?;
                json!(inspection).to_string().into_bytes()
            }
            Self::Check => {
                let recipients = query.recipients()?;
                let findings = if matches!(media, Media::Json | Media::Yaml) {
                    let options = query.options()?;
                    query.end()?;
                    Imported.check_document(&request.body()?, &options)?
                } else {
                    query.end()?;
                    Imported.check_drive(DriveSource::Bytes(&request.body()?))?
                };
                let Selection { findings, not_checked } = recipients.select(findings);
                json!({"findings": findings, "not_checked": not_checked}).to_string().into_bytes()
            }
        })
    }
}
