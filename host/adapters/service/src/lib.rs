//! The component as a service: HTTP in, a call of the component, HTTP out. It keeps nothing between requests.
//!
//! `openapi.json` is its contract.
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
    #![allow(unsafe_code, reason = "exported functions are unsafe to name; wasip2's macro does it")]

    use super::Service;

    wasip2::http::proxy::export!(Service);
}
