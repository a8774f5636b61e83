//! Findings about user data, and about the text for cloud-init in vendor data: whether a reader recognises its format, and runs or
//! loads it.
//!
//! User data is written for one reader, so there is a finding only if none of them can use it. cloud-init is followed until it
//! writes a script or merges a configuration (`cloudinit.user_data`, `cloudinit.handlers`).

mod jinja;
mod mime;

use alloc::{
    borrow::{Cow, ToOwned},
    format,
    string::String,
};
use core::str;

use super::{Code, Drive, Findings, Place, Readers, object, yaml};
use crate::{
    decode::{self, DecodeError, GzipFault},
    document::Json,
};

pub(super) fn check(drive: &Drive<'_>, findings: &mut Findings) {
    drive.each_of("user_data", |path, content| {
        let place = Place::file(path);
        // Of an instance document, check_document judges the base64.
        if content.len() > NOVAS_LIMIT {
            findings.add(Code::UserDataTooLargeForNova, Readers::INSIDE, &place, too_large_for_nova());
        }
        Judge { place: &place, what: "user data", inside: CLOUD_INIT | CLOUDBASE_INIT, part: None, findings }
            .blob(content);
    });
}

/// Judges what vendor data gives to cloud-init, which no other reader reads.
pub(super) fn vendor_data(text: &str, place: &Place<'_>, findings: &mut Findings) {
    Judge { place, what: "vendor data", inside: CLOUD_INIT, part: None, findings }.blob(text.as_bytes());
}

/// Maximum length of user data in base64 (`MAX_USERDATA_SIZE` of `nova.compute.api`).
pub(super) const NOVAS_LIMIT: usize = 65_535;

pub(super) fn too_large_for_nova() -> String {
    format!(
        "Nova refuses to create an instance with this user data because its base64 has more than {NOVAS_LIMIT} characters"
    )
}

const CLOUD_INIT: Readers = Readers::CLOUD_INIT;
const CLOUDBASE_INIT: Readers = Readers::CLOUDBASE_INIT;

/// Maximum size of what is judged, once it is unpacked.
const MAX_SIZE: usize = 16 << 20;

/// Maximum size of YAML that is judged.
const MAX_YAML: usize = 1 << 20;

struct Judge<'f> {
    place: &'f Place<'f>,
    /// What it is, for messages.
    what: &'static str,
    /// The readers that read it.
    inside: Readers,
    /// The number of the part of a MIME message.
    part: Option<usize>,
    findings: &'f mut Findings,
}

impl Judge<'_> {
    fn add(&mut self, code: Code, readers: Readers, message: impl Into<String>) {
        self.findings.add(code, readers, self.place, message);
    }

    /// Returns the start of a message: who ignores it.
    fn ignore(&self) -> &'static str {
        if self.inside == CLOUD_INIT { "cloud-init ignores" } else { "cloud-init and cloudbase-init ignore" }
    }

    /// Returns what a message is about.
    fn subject(&self) -> Cow<'static, str> {
        match self.part {
            None => Cow::Owned(format!("the {}", self.what)),
            Some(part) => Cow::Owned(format!("part {part} of the {}", self.what)),
        }
    }

    fn blob(&mut self, content: &[u8]) {
        let unpacked = match gunzip(content) {
            Unpacked::Plain(unpacked) => unpacked,
            Unpacked::Unjudged => return,
            Unpacked::Damaged(why) => {
                let message = format!("{} {} because its gzip {why}", self.ignore(), self.subject());
                return self.add(Code::DamagedGzip, self.inside, message);
            }
        };
        if unpacked.starts_with(&GZIP) {
            let message =
                format!("{} {} because it is compressed twice, and unpacked only once", self.ignore(), self.subject());
            return self.add(Code::UserDataOfNoKnownKind, self.inside, message);
        }
        let is_message = mime::is_message(&unpacked);
        let Ok(text) = str::from_utf8(&unpacked) else { return self.not_utf_8(&unpacked, is_message) };
        if !is_message {
            return self.part(
                "text/x-not-multipart",
                text,
                unpacked.len() < content.len() || content.starts_with(&GZIP),
            );
        }
        // Other readers do not take it for MIME.
        if is_of_another_reader(text) {
            return;
        }
        let Ok(parts) = mime::parts(text) else { return };
        if parts.is_empty() {
            let message = format!(
                "cloud-init finds nothing in the {} because it is a MIME multipart message without parts: no line consists of \
                 -- and the boundary that its header declares",
                self.what
            );
            return self.add(Code::MimeWithoutParts, self.inside, message);
        }
        let has_handler = parts.iter().any(|part| part.content_type == "text/part-handler");
        let is_multipart = parts.len() > 1 || unpacked_is_multipart(text);
        for (part, number) in parts.iter().zip(1..) {
            self.part = is_multipart.then_some(number);
            self.mime_part(part, has_handler);
        }
        self.part = None;
    }

    /// Judges a blob that is not UTF-8.
    fn not_utf_8(&mut self, content: &[u8], is_message: bool) {
        // What does not start with a marker is of no known kind.
        let head = String::from_utf8_lossy(content);
        let message = match cloud_init_kind(&head) {
            _ if is_message => {
                "cloud-init stops with an exception before it handles any user data because this MIME message is not UTF-8"
            }
            Some("text/cloud-config" | "text/x-shellscript" | "text/cloud-config-archive" | "text/cloud-boothook") => {
                return self.add(
                    Code::UserDataNotUtf8,
                    self.inside,
                    format!("{} {} because it is not UTF-8", self.ignore(), self.subject()),
                );
            }
            Some(_) => return,
            None => return self.unknown(&head, false),
        };
        self.add(Code::UserDataNotUtf8, self.inside, message);
    }

    fn mime_part(&mut self, part: &mime::Part, has_handler: bool) {
        let mut content_type = part.content_type.as_str();
        let mut content = Cow::Borrowed(part.content.as_slice());
        if GZIP_TYPES.contains(&content_type) {
            content = match gunzip(&content) {
                Unpacked::Plain(unpacked) if content.starts_with(&GZIP) => Cow::Owned(unpacked.into_owned()),
                Unpacked::Unjudged => return,
                Unpacked::Plain(_) | Unpacked::Damaged(_) => {
                    let message = format!(
                        "cloud-init stops with an exception before it handles any user data because {} is declared as gzip, \
                         but cannot be unpacked",
                        self.subject()
                    );
                    return self.add(Code::DamagedGzip, CLOUD_INIT, message);
                }
            };
            content_type = "text/plain";
        }
        let Ok(text) = str::from_utf8(&content) else {
            let is_text = content_type.starts_with("text/");
            if is_text {
                let message = format!(
                    "cloud-init ignores {} because it has characters outside ASCII that are not encoded: in MIME, they need a \
                     Content-Transfer-Encoding such as base64",
                    self.subject()
                );
                self.add(Code::UserDataNotUtf8, CLOUD_INIT, message);
            }
            return;
        };
        let is_known =
            KNOWN_TYPES.contains(&content_type) || KNOWN_PREFIXES.iter().any(|known| content_type.starts_with(known));
        if is_known {
            self.part(content_type, text, false);
        } else if !text.is_empty() && !has_handler {
            let message = format!(
                "cloud-init logs a warning and ignores {} because it has no handler for its type",
                self.subject()
            );
            self.add(Code::UserDataOfNoKnownKind, self.inside, message);
        }
    }

    /// Judges what cloud-init hands to a handler.
    fn part(&mut self, content_type: &str, text: &str, was_compressed: bool) {
        let guessed = ["text/plain", "text/x-not-multipart", "text/x-shellscript"].contains(&content_type);
        let kind = if guessed { cloud_init_kind(text) } else { None }.unwrap_or(content_type);
        match kind {
            "text/cloud-config" => self.yaml(text, false),
            "text/cloud-config-archive" => self.yaml(text, true),
            "text/cloud-boothook" => {
                let body = text.strip_prefix("#cloud-boothook").unwrap_or(text);
                self.script(trim_start(body));
            }
            "text/jinja2" => self.template(text),
            _ if kind.starts_with("text/x-shellscript") => self.script(text),
            "text/plain" | "text/x-not-multipart" if !text.is_empty() => self.unknown(text, was_compressed),
            _ => {}
        }
    }

    fn script(&mut self, text: &str) {
        let first = text.split(['\n', '\r']).next().unwrap_or_default();
        let interpreter = first.strip_prefix("#!").map(|line| line.trim_matches([' ', '\t']));
        if interpreter.is_none_or(str::is_empty) {
            // cloudbase-init needs no interpreter.
            let readers = if self.part.is_none() && interpreter.is_none() { self.inside } else { CLOUD_INIT };
            let why = if interpreter.is_some() {
                "no interpreter follows #!"
            } else if trim_start(text).starts_with("#!") {
                "it has white space before #!"
            } else {
                "it does not start with #!"
            };
            let message =
                format!("cloud-init runs {} as a script, and Linux refuses to start it because {why}", self.subject());
            return self.add(Code::ScriptWithoutShebang, readers, message);
        }
        // cloud-init converts CR LF, but not a CR alone, if the first line ends in CR LF.
        let first = text.split('\n').next().unwrap_or_default();
        if first.strip_suffix('\r').unwrap_or(first).contains('\r') || text == first && first.ends_with('\r') {
            let message = format!(
                "Linux cannot start {} because it reads the carriage return after the first line as part of the interpreter's \
                 name or argument: cloud-init converts CR LF, but not a CR alone",
                self.subject()
            );
            self.add(Code::ScriptWithCarriageReturn, CLOUD_INIT, message);
        }
    }

    fn template(&mut self, text: &str) {
        let (header, body) = text.split_once('\n').unwrap_or((text, ""));
        let ignored = |why: &str, subject: &str| format!("cloud-init ignores {subject} because {why}");
        let subject = self.subject();
        if template_type(header) != Some("jinja") {
            let why = if text.starts_with("##") {
                "its first line names no kind of template that it knows; the only one is jinja"
            } else {
                "the header of its template is not the first line"
            };
            return self.add(Code::TemplateOfNoKnownKind, self.inside, ignored(why, &subject));
        }
        if let Some(mark) = jinja::unclosed(body) {
            let message = format!("{} {subject} because nothing closes a {mark} of the template", self.ignore());
            return self.add(Code::InvalidTemplate, self.inside, message);
        }
        let start = trim_start(body);
        // What the template renders to is not known.
        if ["{%", "{#", "{{"].iter().any(|mark| start.starts_with(mark)) {
            return;
        }
        let is_rendered = ["{%", "{#", "{{"].iter().any(|mark| body.contains(mark));
        match cloud_init_kind(body) {
            Some("text/cloud-config") if !is_rendered => self.yaml(body, false),
            Some("text/x-shellscript") if !is_rendered => self.script(body),
            Some("text/cloud-config" | "text/x-shellscript" | "text/cloud-config-jsonp") => {}
            Some("text/cloud-boothook") => {
                let why = "it is a boothook below a template's header, which cloud-init 22.4 does not handle";
                self.add(Code::TemplateOfNoKnownKind, self.inside, ignored(why, &subject));
            }
            Some(_) => {
                let why = "below a template's header it handles only #cloud-config and scripts";
                self.add(Code::TemplateOfNoKnownKind, self.inside, ignored(why, &subject));
            }
            None if is_of_another_reader(body) => {}
            None => {
                let why = "no marker of a format, such as #cloud-config or #!, follows the template's header";
                self.add(Code::TemplateOfNoKnownKind, self.inside, ignored(why, &subject));
            }
        }
    }

    fn yaml(&mut self, text: &str, is_archive: bool) {
        if text.len() > MAX_YAML {
            return;
        }
        let mut readers = self.inside;
        let why = match (yaml::load(text), is_archive) {
            (Ok(yaml::Root::Nothing), _) | (Err(yaml::Stop::Unjudged), _) => return,
            (Ok(yaml::Root::Null), _) => "it is null, and not a mapping or a list".into(),
            (Ok(yaml::Root::Mapping), false) | (Ok(yaml::Root::Sequence), true) => return,
            (Ok(yaml::Root::Mapping), true) => "it is a mapping, and an archive must be a list".into(),
            (Ok(yaml::Root::Sequence), _) => "it is a list, and a cloud-config must be a mapping".into(),
            (Ok(yaml::Root::Scalar), _) => "it is a single value, and not a mapping or a list".into(),
            (Err(yaml::Stop::Invalid { line }), _) => format!("it is not valid YAML: PyYAML fails in line {line}"),
            (Err(yaml::Stop::Tab { line }), _) => {
                // libyaml, with which cloudbase-init loads YAML, accepts it.
                readers = CLOUD_INIT;
                format!("it is not valid YAML: PyYAML fails on the tab in line {line}")
            }
        };
        let ignored = if readers == CLOUD_INIT { "cloud-init ignores" } else { "cloud-init and cloudbase-init ignore" };
        let message = format!("{ignored} {} because {why}", self.subject());
        self.add(Code::InvalidCloudConfig, readers, message);
    }

    /// Reports text whose format cloud-init does not know, unless another reader knows it.
    fn unknown(&mut self, text: &str, was_compressed: bool) {
        if self.part.is_none() && self.what == "user data" {
            if is_of_another_reader(text) {
                return;
            }
            if let Some(code) = other_configuration(text) {
                let message = match code {
                    Code::ButaneConfiguration => {
                        "the user data is a Butane configuration, which no reader accepts: Ignition reads only what butane makes of \
                         it, and cloud-init and cloudbase-init ignore both"
                    }
                    _ => {
                        "the user data is a machine configuration of Talos Linux, which cloud-init and cloudbase-init ignore"
                    }
                };
                return self.add(code, self.inside, message);
            }
        }
        let subject = self.subject();
        let unpacked = if was_compressed { "once it is unpacked, " } else { "" };
        let why = if text.starts_with('\u{feff}') {
            "it starts with a byte order mark (U+FEFF), which hides the marker of its format"
        } else if mime::is_message(text.as_bytes()) {
            "it mentions MIME-Version, but its first line is not a header of a MIME message"
        } else if self.what == "vendor data" || self.part.is_some() {
            "its format is unknown to cloud-init"
        } else {
            "its format is unknown to cloud-init, cloudbase-init and Ignition"
        };
        let message = format!("cloud-init logs a warning and ignores {subject} because {unpacked}{why}");
        self.add(Code::UserDataOfNoKnownKind, self.inside, message);
    }
}

enum Unpacked<'a> {
    /// The content, unpacked if it was gzip.
    Plain(Cow<'a, [u8]>),
    /// Python does not unpack it, for a reason that completes the sentence "its gzip …".
    Damaged(&'static str),
    /// It is too large.
    Unjudged,
}

fn gunzip(content: &[u8]) -> Unpacked<'_> {
    match decode::gunzip(Cow::Borrowed(content), MAX_SIZE) {
        Ok(unpacked) => Unpacked::Plain(unpacked),
        Err(DecodeError::Gzip { offset: offset @ 1.., fault: GzipFault::Header | GzipFault::Truncated })
            if !content.get(offset..).unwrap_or_default().starts_with(&GZIP) =>
        {
            Unpacked::Damaged("is followed by other bytes")
        }
        Err(DecodeError::Gzip { fault: GzipFault::Truncated, .. }) => Unpacked::Damaged("is truncated"),
        Err(DecodeError::Gzip { fault: GzipFault::TooMany, .. } | DecodeError::TooLarge) => Unpacked::Unjudged,
        Err(_) => Unpacked::Damaged("is damaged"),
    }
}

const GZIP: [u8; 2] = [0x1f, 0x8b];

/// `handlers.type_from_starts_with`: the type by the marker after white space, regardless of case.
fn cloud_init_kind(text: &str) -> Option<&'static str> {
    let start = trim_start(text);
    let marked =
        |(mark, _): &&(&str, &str)| start.get(..mark.len()).is_some_and(|start| start.eq_ignore_ascii_case(mark));
    INCLUSION_TYPES.iter().find(marked).map(|(_, kind)| *kind)
}

/// Python's `str.lstrip`, which also strips the separators of information.
fn trim_start(text: &str) -> &str {
    text.trim_start_matches(|character: char| character.is_whitespace() || ('\x1c'..='\x1f').contains(&character))
}

/// `INCLUSION_TYPES_MAP` of `cloudinit.handlers`, the longest marker first.
const INCLUSION_TYPES: [(&str, &str); 12] = [
    ("text/x-shellscript-per-instance", "text/x-shellscript-per-instance"),
    ("text/x-shellscript-per-boot", "text/x-shellscript-per-boot"),
    ("text/x-shellscript-per-once", "text/x-shellscript-per-once"),
    ("#cloud-config-archive", "text/cloud-config-archive"),
    ("#cloud-config-jsonp", "text/cloud-config-jsonp"),
    ("## template: jinja", "text/jinja2"),
    ("#cloud-boothook", "text/cloud-boothook"),
    ("#cloud-config", "text/cloud-config"),
    ("#include-once", "text/x-include-once-url"),
    ("#part-handler", "text/part-handler"),
    ("#include", "text/x-include-url"),
    ("#!", "text/x-shellscript"),
];

/// The types of parts for which cloud-init or cloudbase-init has a handler, and those whose content decides.
const KNOWN_TYPES: [&str; 13] = [
    "text/plain",
    "text/x-not-multipart",
    "text/cloud-config",
    "text/cloud-config-archive",
    "text/cloud-config-jsonp",
    "text/cloud-boothook",
    "text/jinja2",
    "text/part-handler",
    "text/x-include-url",
    "text/x-include-once-url",
    "text/x-cfninitdata",
    "text/upstart-job",
    "text/x-shellscript",
];
const KNOWN_PREFIXES: [&str; 1] = ["text/x-shellscript-per-"];

/// `DECOMP_TYPES` of `cloudinit.user_data`.
const GZIP_TYPES: [&str; 8] = [
    "application/gzip",
    "application/gzip-compressed",
    "application/gzipped",
    "application/x-compress",
    "application/x-compressed",
    "application/x-gunzip",
    "application/x-gzip",
    "application/x-gzip-compressed",
];

/// Returns the type of a template, if the line is a header of one (`TYPE_MATCHER` of `cloudinit.templater`; cloudbase-init's
/// `base_template`).
fn template_type(line: &str) -> Option<&'static str> {
    let rest = line.strip_prefix("##")?.trim_start();
    let kind = rest
        .get(.."template:".len())
        .filter(|name| name.eq_ignore_ascii_case("template:"))
        .and(rest.get("template:".len()..))?;
    kind.trim().eq_ignore_ascii_case("jinja").then_some("jinja")
}

/// Returns whether cloudbase-init or Ignition reads text that cloud-init does not know.
fn is_of_another_reader(text: &str) -> bool {
    let is_space = |character: char| matches!(character, ' ' | '\t' | '\n' | '\r' | '\x0b' | '\x0c');
    let marked = |mark: &str| text.strip_prefix(mark).is_some_and(|rest| rest.starts_with(is_space));
    // `_SCRIPTS` of `cloudbaseinit.plugins.common.userdatautils`, except for `#!`, which cloud-init knows.
    let batch = text.strip_prefix("rem").is_some_and(|rest| {
        let command = rest.trim_start_matches(is_space);
        command.len() < rest.len() && command.strip_prefix("cmd").is_some_and(|rest| rest.starts_with(is_space))
    });
    let template = template_type(text.split('\n').next().unwrap_or_default()).is_some()
        && text.split_once('\n').is_some_and(|(_, body)| body.starts_with("#cloud-config") || body.starts_with("#!"));
    batch
        || ["#ps1", "#ps1_sysnative", "#ps1_x86"].into_iter().any(marked)
        || ["<script>", "</script>", "<powershell>", "</powershell>"].iter().any(|mark| text.contains(mark))
        || text.trim_start().starts_with("-----BEGIN CERTIFICATE-----")
        || template
        || is_ignition(text)
}

/// Returns whether this is an Ignition configuration (version 2 or 3): a JSON object that says the version of its format.
fn is_ignition(text: &str) -> bool {
    let is_version = |version: &str| {
        let numbers = version.split(['-', '+']).next().unwrap_or_default().split('.');
        numbers.clone().count() == 3 && numbers.into_iter().all(|number| number.parse::<u32>().is_ok())
    };
    text.trim_start().starts_with('{')
        && Json::parse(text).is_ok_and(|json| {
            let ignition = object(&json).and_then(|object| object.get("ignition")).and_then(object);
            ignition.and_then(|ignition| super::text(ignition, "version")).is_some_and(is_version)
        })
}

/// Returns the code for a configuration of Talos Linux or Butane, which have no marker: by their members at the top level.
fn other_configuration(text: &str) -> Option<Code> {
    let member = |name: &str| {
        let of_line = |line: &str| line.strip_prefix(name)?.strip_prefix(':').map(|value| value.trim().to_owned());
        text.lines().find_map(of_line)
    };
    let unquoted = |value: String| value.trim_matches(['"', '\'']).to_owned();
    let is = |name: &str, value: &str| {
        member(name).is_some_and(|found| unquoted(found.split(" #").next().unwrap_or_default().trim().into()) == value)
    };
    if member("variant").is_some() && member("version").is_some() {
        return Some(Code::ButaneConfiguration);
    }
    let talos = is("version", "v1alpha1") && (member("machine").is_some() || member("cluster").is_some())
        || is("apiVersion", "v1alpha1") && member("kind").is_some();
    talos.then_some(Code::TalosConfiguration)
}

/// Returns whether a message consists of parts.
fn unpacked_is_multipart(text: &str) -> bool {
    text.lines().take_while(|line| !line.is_empty()).any(|line| {
        let name = "content-type:";
        let Some((start, value)) = line.split_at_checked(name.len()) else { return false };
        start.eq_ignore_ascii_case(name) && value.trim_start().to_ascii_lowercase().starts_with("multipart/")
    })
}
