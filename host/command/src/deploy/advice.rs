//! Advice that the command adds to the library's errors. Only the command knows its flags.

use std::error::Error;

use configdrive_host::{
    chain,
    cloud::{self, Pem},
    ironic::{self, Step, Target},
    transport::TransportError,
};

/// Returns the line that reports an error of a deployment.
pub fn ironic(error: &ironic::Error) -> String {
    chain(error) + advice_on_certificate(error) + &ironic_advice(error)
}

fn ironic_advice(error: &ironic::Error) -> String {
    match error {
        ironic::Error::CheckFailed { .. } => "; use --no-check to deploy anyway".into(),
        ironic::Error::WrongState { state, target, .. } => match (target, state.as_str()) {
            (Target::Active, "active") => "; use --rebuild to deploy it again".into(),
            (Target::Active, _) if state.is_deploying() => "; use --attach to wait for it".into(),
            (Target::Rebuild, "available") => "; deploy it without --rebuild".into(),
            _ => String::new(),
        },
        ironic::Error::Claimed { .. } => "; use --allow-claimed to deploy it anyway".into(),
        ironic::Error::Unclear { node, .. } => {
            format!("; wait for it with `configdrive deploy {node} --attach`, and check which instance it has")
        }
        ironic::Error::Superseded { .. } | ironic::Error::Unmoved { .. } => {
            "; check which instance the node has".into()
        }
        ironic::Error::NotStarted { .. } => ". The node is unchanged; it is safe to retry".into(),
        ironic::Error::Unknown { .. } => "; check the node's state before you retry".into(),
        ironic::Error::TimedOut { node, .. } | ironic::Error::Unwatched { node, .. } => {
            format!("; wait for it with `configdrive deploy {node} --attach`")
        }
        _ => String::new(),
    }
}

/// Returns the line that reports an error in connecting to the cloud.
pub fn cloud(error: &cloud::Error) -> String {
    if let cloud::Error::NoCloud { known } = error
        && !known.is_empty()
    {
        let known = configdrive_host::untrusted::one_line(&known.join(", "), 300);
        return format!("no cloud is selected; name one with --os-cloud or OS_CLOUD; available clouds: {known}");
    }
    chain(error) + advice_on_certificate(error) + cloud_advice(error)
}

fn cloud_advice(error: &cloud::Error) -> &'static str {
    match error {
        cloud::Error::NoCloud { .. } => {
            "; name one in clouds.yaml (--os-cloud or OS_CLOUD), set OS_AUTH_TYPE, OS_AUTH_URL and so on, or give the URL \
             of an Ironic without authentication (--endpoint)"
        }
        cloud::Error::Missing { members: ["endpoint"], .. } => "; set it or use --endpoint",
        cloud::Error::Pem { expected: Pem::ClientCertificate, .. } => " (--os-key)",
        cloud::Error::NoCatalogue { .. } => "; or give Ironic's URL (--endpoint)",
        cloud::Error::NotInCatalogue { .. } => "; or give Ironic's URL (--endpoint or OS_BAREMETAL_ENDPOINT_OVERRIDE)",
        _ => "",
    }
}

/// Returns the line that reports a step.
pub fn step(step: &Step<'_>) -> String {
    match step {
        Step::TryingAgain(error) => format!("{}; trying again", ironic(error)),
        Step::NotClaimed(error) => format!("{}; deploying without a claim", ironic(error)),
        Step::Looking(error) => format!("{}; checking whether the deployment has started", ironic(error)),
        Step::NotRecorded(error) => {
            format!("{}; a later run will not know that the node has this drive", ironic(error))
        }
        step => step.to_string(),
    }
}

fn advice_on_certificate(error: &(dyn Error + 'static)) -> &'static str {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(TransportError::Untrusted(_)) = error.downcast_ref() {
            return "; to trust the server, name its CA file (--os-cacert, OS_CACERT or `cacert`)";
        }
        next = error.source();
    }
    ""
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use configdrive_host::{
        ironic::{NodeIdent, Operation},
        transport::Fault,
    };

    use super::*;

    fn node() -> NodeIdent {
        "n".parse().unwrap()
    }

    fn lost() -> ironic::Error {
        transport(TransportError::Lost("reset".into()))
    }

    fn transport(error: TransportError) -> ironic::Error {
        ironic::Error::Transport { operation: Operation::Deploy(node()), endpoint: "http://i".into(), error }
    }

    const LOST: &str = "cannot deploy node n: Ironic at http://i: the connection was lost: reset";

    fn refused(operation: Operation, status: u16, words: &str) -> ironic::Error {
        ironic::Error::Refused { operation, fault: Fault { status, words: words.into() } }
    }

    #[test]
    fn an_error_of_a_deployment_ends_with_what_to_do() {
        let wrong_state =
            |state: &str, target| ironic::Error::WrongState { node: node(), state: state.to_owned().into(), target };
        let claimed = |by_us| ironic::Error::Claimed { node: node(), instance: "i".into(), by_us };
        let active = || "active".to_owned().into();
        for (error, words) in [
            (
                ironic::Error::NotStarted { node: node(), error: lost().into() },
                format!("the deployment of node n was not started: {LOST}. The node is unchanged; it is safe to retry"),
            ),
            (
                ironic::Error::Unknown { node: node(), error: lost().into() },
                format!(
                    "it is unknown whether the deployment of node n was started: {LOST}; check the node's state before you \
                     retry"
                ),
            ),
            (
                ironic::Error::Unclear { node: node(), state: active(), error: lost().into() },
                format!(
                    "node n is now `active`, but it is unknown whether this run or somebody else started its deployment: \
                     {LOST}; wait for it with `configdrive deploy n --attach`, and check which instance it has"
                ),
            ),
            (
                ironic::Error::Superseded { node: node(), state: active() },
                "the outcome of the deployment of node n is unknown: somebody else has taken the node since (its \
                 `instance_uuid` has changed), and it is `active`; check which instance the node has"
                    .into(),
            ),
            (
                ironic::Error::Unmoved { node: node(), state: active() },
                "the outcome of the deployment of node n is unknown: Ironic accepted the request, but the node has shown no \
                 change since and is `active`; check which instance the node has"
                    .into(),
            ),
            (
                ironic::Error::Unwatched { node: node(), error: lost().into() },
                format!(
                    "the deployment of node n was started, but its progress is unknown: {LOST}; wait for it with \
                     `configdrive deploy n --attach`"
                ),
            ),
            (
                ironic::Error::TimedOut {
                    node: node(),
                    state: "deploying".to_owned().into(),
                    after: Duration::from_secs(1),
                },
                "node n is still `deploying` after 1 s, and its deployment continues; wait for it with `configdrive deploy n \
                 --attach`"
                    .into(),
            ),
            (
                ironic::Error::CheckFailed { errors: 2 },
                "the check found 2 errors in the drive, so nothing was sent; use --no-check to deploy anyway".into(),
            ),
            (
                claimed(false),
                "node n is claimed by instance i, though nothing is deployed on it; use --allow-claimed to deploy it anyway"
                    .into(),
            ),
            (
                claimed(true),
                "node n is claimed by another run of configdrive (i), which is about to deploy it or was interrupted; use \
                 --allow-claimed to deploy it anyway"
                    .into(),
            ),
            (
                wrong_state("active", Target::Active),
                "node n is `active`: it already has an instance; use --rebuild to deploy it again".into(),
            ),
            (
                wrong_state("deploying", Target::Active),
                "node n is `deploying`: a deployment is already in progress; use --attach to wait for it".into(),
            ),
            (
                wrong_state("available", Target::Rebuild),
                "node n is `available`: it has no instance yet; deploy it without --rebuild".into(),
            ),
            (
                transport(TransportError::Untrusted("UnknownIssuer".into())),
                "cannot deploy node n: Ironic at http://i: UnknownIssuer; to trust the server, name its CA file \
                 (--os-cacert, OS_CACERT or `cacert`)"
                    .into(),
            ),
        ] {
            assert_eq!(ironic(&error), words);
        }
    }

    #[test]
    fn an_error_that_no_flag_helps_with_has_no_advice() {
        for error in [
            lost(),
            refused(Operation::Deploy(node()), 409, "locked"),
            ironic::Error::WrongState { node: node(), state: "cleaning".to_owned().into(), target: Target::Active },
            ironic::Error::WrongState { node: node(), state: "cleaning".to_owned().into(), target: Target::Rebuild },
            ironic::Error::Maintenance { node: node(), reason: Some("a fan".into()) },
            ironic::Error::SameNode { first: node(), second: node() },
            ironic::Error::TooLarge { length: 1 },
            ironic::Error::NotADrive,
            ironic::Error::OutOfTime { operation: Operation::Deploy(node()), last: Some(lost().into()) },
            ironic::Error::NotIronic { operation: Operation::Versions, endpoint: "http://i".into(), what: "no" },
            ironic::Error::Failed { node: node(), state: "deploy failed".to_owned().into(), last_error: None },
        ] {
            assert_eq!(ironic(&error), chain(&error));
        }
    }

    #[test]
    fn a_step_says_what_follows_from_an_error() {
        let claim = refused(Operation::Claim(node()), 403, "no");
        let claim_words = "cannot claim node n (`instance_uuid`): Ironic answered 403: no";
        for (shown, words) in [
            (Step::TryingAgain(&lost()), format!("{LOST}; trying again")),
            (Step::Looking(&lost()), format!("{LOST}; checking whether the deployment has started")),
            (Step::NotClaimed(&claim), format!("{claim_words}; deploying without a claim")),
            (Step::NotRecorded(&lost()), format!("{LOST}; a later run will not know that the node has this drive")),
            (
                Step::TryingAgain(&transport(TransportError::Untrusted("UnknownIssuer".into()))),
                "cannot deploy node n: Ironic at http://i: UnknownIssuer; to trust the server, name its CA file \
                 (--os-cacert, OS_CACERT or `cacert`); trying again"
                    .into(),
            ),
            (Step::Accepted, "Ironic has started the deployment".into()),
        ] {
            assert_eq!(step(&shown), words);
        }
    }

    #[test]
    fn an_error_in_connecting_to_the_cloud_names_the_flag_that_helps() {
        let origin = || cloud::Origin::Environment;
        let untrusted = TransportError::Untrusted("invalid peer certificate: UnknownIssuer".into());
        for (error, words) in [
            (
                cloud::Error::NoCloud { known: vec![] },
                "no cloud is configured; name one in clouds.yaml (--os-cloud or OS_CLOUD), set OS_AUTH_TYPE, OS_AUTH_URL \
                 and so on, or give the URL of an Ironic without authentication (--endpoint)",
            ),
            (
                cloud::Error::NoCloud { known: vec!["a".into(), "b".into()] },
                "no cloud is selected; name one with --os-cloud or OS_CLOUD; available clouds: a, b",
            ),
            (
                cloud::Error::Missing {
                    origin: origin(),
                    needed_for: "the authentication type none",
                    members: &["endpoint"],
                    hint: "",
                },
                "the environment has no OS_ENDPOINT, which the authentication type none requires; set it or use --endpoint",
            ),
            (
                cloud::Error::NotInCatalogue { wanted: "baremetal".into(), known: vec!["identity".into()] },
                "the catalogue has no baremetal; it has identity; or give Ironic's URL (--endpoint or \
                 OS_BAREMETAL_ENDPOINT_OVERRIDE)",
            ),
            (
                cloud::Error::NoCatalogue { origin: origin() },
                "the token has no catalogue because it has no scope: set OS_PROJECT_NAME, OS_DOMAIN_NAME or \
                 OS_SYSTEM_SCOPE in the environment; or give Ironic's URL (--endpoint)",
            ),
            (
                cloud::Error::Pem { path: "c.pem".into(), expected: Pem::ClientCertificate },
                "\"c.pem\" must contain a client certificate in PEM, with its unencrypted key in this file or a separate one \
                 (--os-key)",
            ),
            (cloud::Error::Http("no provider".into()), "cannot set up HTTP: no provider"),
            (
                cloud::Error::Unreachable { keystone: "https://k".into(), error: untrusted },
                "cannot log in to Keystone at https://k: invalid peer certificate: UnknownIssuer; to trust the server, name \
                 its CA file (--os-cacert, OS_CACERT or `cacert`)",
            ),
        ] {
            assert_eq!(cloud(&error), words);
        }
    }
}
