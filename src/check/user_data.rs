//! User data: whether anybody knows what they are.

use core::str;

use super::{Code, Drive, Findings, Place, object};
use crate::document::Json;

pub(super) fn check(drive: &Drive<'_>, findings: &mut Findings) {
    drive.each_of("user_data", |path, content| {
        let place = Place::file(path);
        if !content.is_empty() && !is_known(content) {
            let message = if content.starts_with(b"\xef\xbb\xbf") {
                "the user data begin with a byte order mark (U+FEFF): cloud-init does not see the mark of their kind behind \
                 it, logs a warning and does nothing with them"
            } else {
                "the user data are of no kind that cloud-init, cloudbase-init or Ignition knows: cloud-init logs a warning \
                 and does nothing with them"
            };
            findings.add(Code::UserDataOfNoKnownKind, &place, message);
        }
        if content.starts_with(b"#!")
            && content.split(|&byte| byte == b'\n').next().is_some_and(|line| line.ends_with(b"\r"))
        {
            let message = "the first line ends in a carriage return, which Linux takes as part of the interpreter's name: \
                           the script does not start";
            findings.add(Code::ScriptWithCarriageReturn, &place, message);
        }
    });
}

fn is_known(content: &[u8]) -> bool {
    // What is packed in there is a reader's to find out.
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

/// Ignition's configuration (version 2 and 3): a JSON object with the member `ignition`.
fn is_ignition(text: &str) -> bool {
    text.trim_start().starts_with('{')
        && Json::parse(text).is_ok_and(|json| object(&json).is_some_and(|object| object.get("ignition").is_some()))
}

/// `INCLUSION_TYPES_MAP` of `cloudinit.handlers`: after white space, whatever the case. The longer ones begin with the shorter.
const CLOUD_INIT: [&str; 6] =
    ["#include", "#!", "#cloud-config", "#part-handler", "#cloud-boothook", "## template: jinja"];

/// `_SCRIPTS` of `cloudbaseinit.plugins.common.userdatautils`, and the certificate that it looks for in user data.
const CLOUDBASE_INIT: [&str; 4] = ["rem cmd", "#ps1", "#!", "-----BEGIN CERTIFICATE-----"];
const CLOUDBASE_INIT_ANYWHERE: [&str; 2] = ["<script>", "<powershell>"];

/// `cloudinit.user_data.convert_string` looks for it in the first 4096 bytes.
const MIME: &[u8] = b"mime-version:";
const MIME_HEAD: usize = 4096;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_reader_knows_is_known() {
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
    fn what_no_reader_knows_is_not() {
        for unknown in ["hostname: x", "echo hello", "# cloud-config", "\u{feff}#cloud-config", "{}", "\u{e9}"] {
            assert!(!is_known(unknown.as_bytes()), "{unknown}");
        }
        assert!(!is_known(b"\xff\xfe#\0c\0"));
    }
}
