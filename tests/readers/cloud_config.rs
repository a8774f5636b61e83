//! Whether `check` accepts exactly the YAML that PyYAML loads as a mapping, on samples and thousands of mutants of them.

use std::{
    io::Write,
    process::{Command, Stdio},
};

use configdrive::check::Code;
use configdrive_support::trials::Trial;
use configdrive_test_drives::faults::{Drive, Reader};
use libtest_mimic::Failed;
use serde_json::Value;

use crate::software::{self, python};

pub fn trials() -> Vec<Trial> {
    let trial = Trial::new("check_accepts_exactly_the_cloud_configs_that_pyyaml_loads", compared);
    vec![trial.without(software::missing(Reader::CloudInit))]
}

const MUTANTS: usize = 6000;

fn compared() -> Result<(), Failed> {
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    let mut texts: Vec<String> = SAMPLES.iter().map(|sample| format!("#cloud-config\n{sample}")).collect();
    for index in 0..MUTANTS {
        let mut text = texts[index % SAMPLES.len()].clone();
        for _ in 0..=random.below(2) {
            mutate(&mut text, &mut random);
        }
        texts.push(text);
    }
    // Otherwise it would not be a cloud-config.
    texts.retain(|text| text.starts_with("#cloud-config"));
    let (mut refused, mut wrong) = (0, Vec::new());
    for (text, loads) in texts.iter().zip(load(&texts)?) {
        refused += usize::from(!loads);
        // A tag may do more than name a type, and is not judged.
        if reports(text) == loads && (loads || !text.contains('!')) {
            wrong.push(format!("PyYAML {} {text:?}", if loads { "loads" } else { "refuses" }));
        }
    }
    if !wrong.is_empty() {
        return Err(format!("{} of {}: {}", wrong.len(), texts.len(), wrong[..wrong.len().min(5)].join("; ")).into());
    }
    if !(MUTANTS / 6..MUTANTS).contains(&refused) {
        return Err(format!("PyYAML refuses {refused} of {}", texts.len()).into());
    }
    Ok(())
}

fn reports(text: &str) -> bool {
    let mut drive = Drive::sound();
    for version in ["latest", "2018-08-27"] {
        drive.files.insert(format!("openstack/{version}/user_data"), text.into());
    }
    let files = drive.files();
    let files = files.iter().map(|(path, content)| (path.clone(), content.into())).collect();
    configdrive::check::check(&drive.volume(), &files).iter().any(|finding| finding.code == Code::InvalidCloudConfig)
}

/// Returns for each text whether PyYAML loads it as a mapping or as nothing.
fn load(texts: &[String]) -> Result<Vec<bool>, Failed> {
    let mut command: Command = python(Reader::CloudInit, "yaml");
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
    child.stdin.take().expect("a pipe").write_all(serde_json::to_string(texts)?.as_bytes())?;
    let output = child.wait_with_output()?;
    let answers: Vec<Value> = serde_json::from_slice(&output.stdout)?;
    if answers.len() != texts.len() {
        return Err("PyYAML has not answered for each text".into());
    }
    Ok(answers.iter().map(|answer| *answer == Value::Bool(true)).collect())
}

/// xorshift64.
pub struct Random(pub u64);

impl Random {
    pub fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % limit as u64) as usize
    }
}

pub fn mutate(text: &mut String, random: &mut Random) {
    let mut place = random.below(text.len() + 1);
    while !text.is_char_boundary(place) {
        place -= 1;
    }
    match random.below(8) {
        0..=3 => text.insert_str(place, SNIPPETS[random.below(SNIPPETS.len())]),
        4 | 5 => {
            let end =
                text.split_at(place).1.char_indices().nth(1 + random.below(3)).map_or(text.len(), |(at, _)| place + at);
            text.replace_range(place..end, "");
        }
        6 => text.truncate(place),
        _ => {
            let start = text.split_at(place).0.rfind('\n').map_or(0, |at| at + 1);
            text.insert_str(start, [" ", "  ", "\t"][random.below(3)]);
        }
    }
}

const SNIPPETS: &[&str] = &[
    ": ",
    ":",
    "- ",
    "\t",
    "\"",
    "'",
    "[",
    "]",
    "{",
    "}",
    "#",
    " #",
    "&a ",
    "*a ",
    "!",
    "!!str ",
    "|\n",
    ">-\n",
    "%",
    "@",
    "`",
    "\n",
    "  ",
    "---\n",
    "...\n",
    "? ",
    ",",
    "\\",
    "\n- x\n",
    "~",
    "\u{e9}",
    "\r\n",
    "=",
    "<<: ",
    "*",
    "&",
    "2026-02-30",
    "\u{7}",
    "\u{85}",
    "\u{2028}",
    "\u{feff}",
    "null",
    "x",
    ": \n",
];

pub const SAMPLES: &[&str] = &[
    "hostname: web-01\nfqdn: web-01.example.org\nmanage_etc_hosts: true\n",
    "users:\n  - default\n  - name: app\n    gecos: \"The \\\"app\\\" user\"\n    groups: [sudo, 'docker']\n    ssh_authorized_keys:\n    - ssh-ed25519 AAAA app\n",
    "write_files:\n- path: /etc/motd\n  permissions: '0644'\n  content: |\n    Welcome.\n      - not a list\n\n    #no comment\n- path: /run/x\n  content: >-\n    folded\n    text\n",
    "runcmd:\n  - [ls, -l, /]\n  - [ sh, -xc, \"echo $(date) ': hello world!'\" ]\n  - touch /run/done # a comment\n",
    "apt: {sources: {docker: {source: 'deb https://example.org stable', keyid: 0xABCD}}}\npackages: [nginx, [git, 1.2]]\n",
    "anchors: &base\n  a: 1\n  b: [x, y]\nmerged:\n  <<: *base\n  c: 2026-02-28\nlist: [*base, {<<: [*base]}]\n",
    "? complex\n: value\n? - not\n  - hashable\n: x\n",
    "%YAML 1.1\n---\nntp:\n  enabled: yes\n  servers:\n  - 192.0.2.1\n...\n",
    "power_state: {delay: now, mode: reboot, message: Bye, timeout: 30,\n  condition: true}\nfinal_message: |+\n  done\n\n",
    "plain: a multi-line\n  plain scalar with: no colon\n\"quoted key\": 'it''s'\nempty:\nnull: ~\n",
    "- a list\n- of: things\n",
    "just text\n",
    "",
];
