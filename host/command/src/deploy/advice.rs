//! What the command says about the library's errors: its own flags are named here and nowhere else.

use std::error::Error;

use configdrive_host::{
    chain,
    cloud::{self, Pem},
    ironic::{self, Step, Target},
    transport::TransportError,
};

/// Returns the line for people about an error of Ironic's.
pub fn ironic(error: &ironic::Error) -> String {
    chain(error) + advice_on_certificate(error) + &ironic_advice(error)
}

fn ironic_advice(error: &ironic::Error) -> String {
    match error {
        ironic::Error::CheckFailed { .. } => "; --no-check deploys all the same".into(),
        ironic::Error::WrongState { state, target, .. } => match (target, state.as_str()) {
            (Target::Active, "active") => "; --rebuild deploys it again".into(),
            (Target::Active, _) if state.is_deploying() => "; --attach waits for it".into(),
            (Target::Rebuild, "available") => "; without --rebuild it is deployed".into(),
            _ => String::new(),
        },
        ironic::Error::NotStarted { .. } => "; it is as it was, and the same command may be run again".into(),
        ironic::Error::Unknown { .. } => "; look at the node before you run this again".into(),
        ironic::Error::TimedOut { node, .. } => format!(", `configdrive deploy {node} --attach` waits for it"),
        ironic::Error::Unwatched { node, .. } => format!("; `configdrive deploy {node} --attach` waits for it"),
        _ => String::new(),
    }
}

/// Returns the line for people about an error on the way into the cloud.
pub fn cloud(error: &cloud::Error) -> String {
    if let cloud::Error::NoCloud { known } = error
        && !known.is_empty()
    {
        let known = configdrive_host::untrusted::one_line(&known.join(", "), 300);
        return format!("no cloud is chosen: name one with --os-cloud or OS_CLOUD; there are {known}");
    }
    chain(error) + advice_on_certificate(error) + cloud_advice(error)
}

fn cloud_advice(error: &cloud::Error) -> &'static str {
    match error {
        cloud::Error::NoCloud { .. } => {
            ": name one of clouds.yaml (--os-cloud or OS_CLOUD), set OS_AUTH_TYPE, OS_AUTH_URL and so on, or give the URL \
             of an Ironic without authentication (--endpoint)"
        }
        cloud::Error::Missing { members: ["endpoint"], .. } => "; or give --endpoint",
        cloud::Error::Pem { expected: Pem::ClientCertificate, .. } => " (--os-key)",
        cloud::Error::NoCatalogue { .. } => "; or give Ironic's URL (--endpoint)",
        cloud::Error::NotInCatalogue { .. } => "; or give Ironic's URL (--endpoint or OS_BAREMETAL_ENDPOINT_OVERRIDE)",
        _ => "",
    }
}

/// Returns the line for people about a step that is a warning.
pub fn step(step: &Step<'_>) -> String {
    match step {
        Step::TryingAgain(error) => format!("{}; trying again", ironic(error)),
        Step::Looking(error) => format!("{}; looking whether the node has begun", ironic(error)),
        Step::NotRecorded(error) => format!("{}; a later run will not know what the node has", ironic(error)),
        step => step.to_string(),
    }
}

fn advice_on_certificate(error: &(dyn Error + 'static)) -> &'static str {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(TransportError::Untrusted(_)) = error.downcast_ref() {
            return "; if it is to be trusted, name its CA's file (--os-cacert, OS_CACERT or `cacert`)";
        }
        next = error.source();
    }
    ""
}

#[cfg(test)]
mod tests {
    use configdrive_host::transport::Fault;

    use super::*;

    #[test]
    fn an_error_of_ironics_ends_with_what_to_do() {
        let node = || "n".parse().unwrap();
        let lost = || ironic::Error::Transport {
            operation: ironic::Operation::Deploy(node()),
            endpoint: "http://i".into(),
            error: TransportError::Lost("reset".into()),
        };
        let wrong_state =
            |state: &str, target| ironic::Error::WrongState { node: node(), state: state.to_owned().into(), target };
        let lost_words = "cannot deploy node n: Ironic at http://i: the connection was lost: reset";
        for (error, words) in [
            (lost(), lost_words.to_owned()),
            (
                ironic::Error::NotStarted { node: node(), error: lost().into() },
                format!("node n has not begun: {lost_words}; it is as it was, and the same command may be run again"),
            ),
            (
                ironic::Error::Unknown { node: node(), error: lost().into() },
                format!(
                    "whether the deployment of node n was started is unknown: {lost_words}; look at the node before you \
                     run this again"
                ),
            ),
            (
                ironic::Error::Unwatched { node: node(), error: lost().into() },
                format!(
                    "the deployment of node n was started, how it goes on is unknown: {lost_words}; `configdrive deploy n \
                     --attach` waits for it"
                ),
            ),
            (
                ironic::Error::TimedOut {
                    node: node(),
                    state: "deploying".to_owned().into(),
                    after: std::time::Duration::from_secs(1),
                },
                "node n is `deploying` after 1 s; its deployment goes on, `configdrive deploy n --attach` waits for it"
                    .into(),
            ),
            (
                ironic::Error::CheckFailed { errors: 2 },
                "the check found 2 errors in the drive, and nothing was sent; --no-check deploys all the same".into(),
            ),
            (
                wrong_state("active", Target::Active),
                "node n is `active`: it has an instance; --rebuild deploys it again".into(),
            ),
            (
                wrong_state("deploying", Target::Active),
                "node n is `deploying`: a deployment goes on already; --attach waits for it".into(),
            ),
            (
                wrong_state("available", Target::Rebuild),
                "node n is `available`: it has no instance yet; without --rebuild it is deployed".into(),
            ),
            (
                wrong_state("cleaning", Target::Active),
                "node n is `cleaning`, and only one that is `available` or `deploy failed` is deployed".into(),
            ),
            (
                ironic::Error::Refused {
                    operation: ironic::Operation::Deploy(node()),
                    fault: Fault { status: 409, words: "locked".into() },
                },
                "cannot deploy node n: Ironic answers 409: locked".into(),
            ),
        ] {
            assert_eq!(ironic(&error), words);
        }
    }

    #[test]
    fn an_error_on_the_way_into_the_cloud_names_the_flag_that_helps() {
        let origin = || cloud::Origin::Environment;
        let untrusted = TransportError::Untrusted("invalid peer certificate: UnknownIssuer".into());
        for (error, words) in [
            (
                cloud::Error::NoCloud { known: vec![] },
                "no cloud is configured: name one of clouds.yaml (--os-cloud or OS_CLOUD), set OS_AUTH_TYPE, OS_AUTH_URL \
                 and so on, or give the URL of an Ironic without authentication (--endpoint)",
            ),
            (
                cloud::Error::NoCloud { known: vec!["a".into(), "b".into()] },
                "no cloud is chosen: name one with --os-cloud or OS_CLOUD; there are a, b",
            ),
            (
                cloud::Error::Missing {
                    origin: origin(),
                    needed_for: "none",
                    members: &["endpoint"],
                    hint: " to know where Ironic is",
                },
                "the environment has no OS_ENDPOINT, which none needs to know where Ironic is; or give --endpoint",
            ),
            (
                cloud::Error::NotInCatalogue { wanted: "baremetal".into(), known: vec!["identity".into()] },
                "the catalogue has no baremetal; it has identity; or give Ironic's URL (--endpoint or \
                 OS_BAREMETAL_ENDPOINT_OVERRIDE)",
            ),
            (
                cloud::Error::NoCatalogue { origin: origin() },
                "the token has no catalogue, as it is for no project, domain or system: the environment has no \
                 OS_PROJECT_NAME, OS_DOMAIN_NAME, OS_SYSTEM_SCOPE; or give Ironic's URL (--endpoint)",
            ),
            (
                cloud::Error::Pem { path: "c.pem".into(), expected: Pem::ClientCertificate },
                "\"c.pem\" should be a client certificate in PEM, with its unencrypted key here or in a file of its own \
                 (--os-key)",
            ),
            (
                cloud::Error::Unreachable { keystone: "https://k".into(), error: untrusted },
                "Keystone at https://k: invalid peer certificate: UnknownIssuer; if it is to be trusted, name its CA's \
                 file (--os-cacert, OS_CACERT or `cacert`)",
            ),
        ] {
            assert_eq!(cloud(&error), words);
        }
    }
}
