//! Fleets in tables, with one document for all nodes.

use serde_json::{Value, json};

use crate::{
    desk::{Desk, INVALID_INPUT, configdrive, failure, success},
    lab::{enroll, ironic, state, stored},
};

const TEMPLATE: &str = r##"{"meta_data": {"uuid": "2b8f5a34-6c1d-4e57-9f20-7d3a41c8e6b9", "hostname": "template"}, "user_data": "#cloud-config\n{}"}"##;

#[test]
fn a_rack_is_deployed_from_one_document_and_a_table() {
    let nodes = ["rack-1", "rack-2"].map(|name| enroll(name, &["--bare"]));
    let desk = Desk::new();
    let template = desk.file("template.json", TEMPLATE);
    let table = desk.file(
        "rack.csv",
        "node,hostname,ip,ip,meta.role,image\n\
         rack-1,web-01,\"52:54:00:bb:00:01=192.0.2.11/24,gateway=192.0.2.1\",52:54:00:bb:00:02=192.0.3.11/24,web,-\n\
         rack-2,db-01,\"52:54:00:bb:00:03=192.0.2.12/24,gateway=192.0.2.1\",-,db,http://127.0.0.1:9/db\n",
    );
    let arguments = ["--fleet", &table, "-i", &template, "--image", "http://127.0.0.1:9/all"];
    assert!(success(deploy(&arguments)).ends_with("2 deployed\n"));
    let [first, second] = nodes.each_ref().map(|node| Drive(desk.file("drive", &stored(node))).files());
    assert_eq!((&first.meta["hostname"], &second.meta["hostname"]), (&json!("web-01"), &json!("db-01")));
    assert_eq!((&first.meta["meta"]["role"], &second.meta["meta"]["role"]), (&json!("web"), &json!("db")));
    assert_ne!(first.meta["uuid"], second.meta["uuid"]);
    let addresses = |network: &Value| -> Vec<String> {
        let networks = network["networks"].as_array().unwrap().iter();
        networks.map(|network| network["ip_address"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(addresses(&first.network).len(), 2, "{}", first.network);
    assert_eq!(addresses(&second.network).len(), 1, "{}", second.network);
    assert_eq!(first.user_data, "#cloud-config\n{}");

    assert!(success(deploy(&arguments)).ends_with("2 already active\n"));

    // The same in YAML.
    let yaml = desk.file(
        "rack.yaml",
        "- node: rack-1\n  hostname: web-01\n  meta: {role: web}\n  ip:\n\
         \x20 - 52:54:00:bb:00:01=192.0.2.11/24,gateway=192.0.2.1\n  - 52:54:00:bb:00:02=192.0.3.11/24\n",
    );
    let arguments = ["--fleet", &yaml, "-i", &template, "--image", "http://127.0.0.1:9/all"];
    assert!(success(deploy(&arguments)).ends_with("1 already active\n"));
}

#[test]
fn a_table_needs_no_document() {
    let node = enroll("rack-3", &[]);
    let desk = Desk::new();
    let table = desk.file("rack.csv", "node;hostname;dhcp\nrack-3;web-03;52:54:00:bb:00:04\n");
    assert!(success(deploy(&["--fleet", &table])).ends_with("1 deployed\n"));
    let files = Drive(desk.file("drive", &stored(&node))).files();
    assert_eq!(
        (&files.meta["hostname"], &files.network["networks"][0]["type"]),
        (&json!("web-03"), &json!("ipv4_dhcp"))
    );
}

#[test]
fn a_mistake_in_a_table_names_the_line_and_starts_nothing() {
    enroll("rack-4", &[]);
    let desk = Desk::new();
    let template = desk.file("template.json", TEMPLATE);
    let drive = desk.file("drive.txt", "");
    for (table, words) in [
        ("node,hostnam\nrack-4,a\n", "line 2: unexpected argument '--hostnam' found"),
        ("node,hostname\nrack-4,a\n\nrack-5,\n", "line 4: column hostname is empty"),
        ("node,hostname\nrack-4,a\nrack-5\n", "line 3: expected 2 values, one for each column, found 1"),
        ("node,hostname\nrack-4,a\nrack-4,b\n", "line 3: node rack-4 appears twice, first in line 2; remove one"),
        (
            "node,hostname,hostname\nrack-4,a,b\n",
            "line 2: the argument '--hostname <NAME>' cannot be used multiple times",
        ),
        ("node,ip\nrack-4,52:54:00:bb:00:05\n", "line 2: invalid value '52:54:00:bb:00:05' for '--ip"),
        ("node,kernel\nrack-4,http://k\n", "line 2: --kernel describes an image; add --image"),
        ("node,document,drive\nrack-4,a,b\n", "line 2: node rack-4 has both a document and a drive; remove one"),
        ("node,hostname,drive\nrack-4,a,b\n", "line 2: node rack-4 has a finished drive, which cannot be changed"),
        ("hostname\na\n", "line 1: expected the names of the columns, one of which is `node`"),
    ] {
        let file = desk.file("rack.csv", table);
        let (code, error) = failure(deploy(&["--fleet", &file, "-i", &template]));
        assert_eq!(code, INVALID_INPUT, "{error}");
        assert!(error.starts_with(&format!("{file}: {words}")), "{error}");
    }
    assert_eq!(state("rack-4"), "available");
    let file = desk.file("rack.csv", "node\nrack-4\n");
    let (code, error) = failure(deploy(&["--fleet", &file]));
    assert!(
        code == INVALID_INPUT && error.contains("line 2: node rack-4 has neither a document nor a drive"),
        "{error}"
    );
    assert_eq!(failure(deploy(&["rack-4", "--drive", &drive, "--hostname", "a"])).0, 2);
}

/// A drive's text in a file.
struct Drive(String);

struct Files {
    meta: Value,
    network: Value,
    user_data: String,
}

impl Drive {
    fn files(&self) -> Files {
        let cat = |name: &str| {
            let path = format!("openstack/latest/{name}");
            let output = configdrive().args(["inspect", &self.0, "--cat", &path]).output().unwrap();
            String::from_utf8(output.stdout).unwrap()
        };
        let json = |name: &str| serde_json::from_str(&cat(name)).unwrap();
        Files { meta: json("meta_data.json"), network: json("network_data.json"), user_data: cat("user_data") }
    }
}

fn deploy(arguments: &[&str]) -> std::process::Output {
    configdrive().arg("deploy").args(arguments).args(["--endpoint", &ironic().endpoint]).output().unwrap()
}
