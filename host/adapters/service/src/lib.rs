//! The component as an HTTP service: each request is one call of the component. The service keeps nothing between requests.
//!
//! `openapi.json` describes its interface.
#![cfg(target_family = "wasm")]

mod answer;
mod component;
mod endpoint;
mod media;
mod negotiation;
mod problem;
mod query;
mod request;

use wasip2::{
    exports::http::incoming_handler::Guest,
    http::types::{IncomingRequest, ResponseOutparam},
};

use self::{answer::Answer, endpoint::Endpoint, problem::Problem, request::Request};

struct Service;

impl Guest for Service {
    fn handle(request: IncomingRequest, response: ResponseOutparam) {
        answer(Request::new(request)).unwrap_or_else(Answer::from).send(response);
    }
}

fn answer(request: Request) -> Result<Answer, Problem> {
    let endpoint = Endpoint::at(request.path()).ok_or_else(Problem::not_found)?;
    endpoint.answer(request)
}

mod export {
    #![allow(unsafe_code, reason = "exporting a function by name is unsafe; wasip2's macro does it")]

    use super::Service;

    wasip2::http::proxy::export!(Service);
}
