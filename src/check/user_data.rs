//! Findings about user data: whether any reader recognises its format.

use core::str;

use super::{Code, Drive, Findings, Place, Readers, object};
use crate::document::Json;

pub(super) fn check(drive: &Drive<'_>, findings: &mut Findings) {
    drive.each_of("user_data", |path, content| {
        let place = Place::file(path);
        if !content.is_empty() && !is_known(content) {
            let message = if content.starts_with(b"\xef\xbb\xbf") {
                "cloud-init logs a warning and ignores the user data because it starts with a byte order mark (U+FEFF), \
                 which hides the marker of its format"
            } else {
                "cloud-init logs a warning and ignores the user data because its format is unknown to cloud-init, \
                 cloudbase-init and Ignition"
            };
            findings.add(Code::UserDataOfNoKnownKind, Readers::CLOUD_INIT, &place, message);
        }
        if content.starts_with(b"#!")
            && content.split(|&byte| byte == b'\n').next().is_some_and(|line| line.ends_with(b"\r"))
        {
            let message = "Linux cannot start the script because it reads the carriage return at the end of the first line \
                           as part of the interpreter's name";
            findings.add(Code::ScriptWithCarriageReturn, Readers::CLOUD_INIT, &place, message);
        }
    });
}

fn is_known(content: &[u8]) -> bool {
    // gzip: readers unpack it and look inside, but we do not.
    if content.starts_with(b"\x1f\x8b\x08") {
        return true;
    }
    let head = content.get(..MIME_HEAD).unwrap_or(content).to_ascii_lowercase();
    if head.windows(MIME.len()).any(|window| window == MIME) {
        return true;
    }
    let Ok(text) = str::from_utf8(content) else { return false };
    let marked = |mark: &&str| {
        let start = text.trim_start();
        start.get(..mark.len()).is_some_and(|start| start.eq_ignore_ascii_case(mark))
    };
    CLOUD_INIT.iter().any(marked)
        || CLOUDBASE_INIT.iter().any(|mark| text.starts_with(mark))
        || CLOUDBASE_INIT_ANYWHERE.iter().any(|mark| text.contains(mark))
        || is_ignition(text)
}

/// Returns whether this is an Ignition configuration (version 2 or 3): a JSON object with the member `ignition`.
fn is_ignition(text: &str) -> bool {
    text.trim_start().starts_with('{')
        && Json::parse(text).is_ok_and(|json| object(&json).is_some_and(|object| object.get("ignition").is_some()))
}

/// `INCLUSION_TYPES_MAP` of `cloudinit.handlers`: matched after white space, regardless of case. Longer markers that start with
/// one of these are left out.
const CLOUD_INIT: [&str; 6] =
    ["#include", "#!", "#cloud-config", "#part-handler", "#cloud-boothook", "## template: jinja"];

/// `_SCRIPTS` of `cloudbaseinit.plugins.common.userdatautils`, and the certificate that it searches user data for.
const CLOUDBASE_INIT: [&str; 4] = ["rem cmd", "#ps1", "#!", "-----BEGIN CERTIFICATE-----"];
const CLOUDBASE_INIT_ANYWHERE: [&str; 2] = ["<script>", "<powershell>"];

/// `cloudinit.user_data.convert_string` searches the first 4096 bytes for it.
const MIME: &[u8] = b"mime-version:";
const MIME_HEAD: usize = 4096;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_of_the_readers_are_known() {
        for known in [
            "#cloud-config\nhostname: x",
            "\n  #Cloud-Config",
            "#cloud-config-archive\n",
            "#include https://example.org",
            "## template: jinja\n#cloud-config",
            "#!/bin/sh\n",
            "#ps1_sysnative\n",
            "rem cmd\r\n",
            "<powershell>\n",
            "Content-Type: multipart/mixed\nMIME-Version: 1.0\n",
            r#"{"ignition": {"version": "3.4.0"}}"#,
        ] {
            assert!(is_known(known.as_bytes()), "{known}");
        }
        assert!(is_known(b"\x1f\x8b\x08\0\0"));
    }

    #[test]
    fn other_formats_are_unknown() {
        for unknown in ["hostname: x", "echo hello", "# cloud-config", "\u{feff}#cloud-config", "{}", "\u{e9}"] {
            assert!(!is_known(unknown.as_bytes()), "{unknown}");
        }
        assert!(!is_known(b"\xff\xfe#\0c\0"));
    }
}
