//! Third-party tools, if they are installed.

use std::{
    env,
    ffi::OsStr,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

use libtest_mimic::Failed;

use crate::below;

/// Returns the first of these tools that is missing. `pycdlib` is a Python package, and `mounts` is the right to mount a disk.
pub fn missing(needs: &[&str]) -> Option<String> {
    let is_missing = |tool: &&&str| match **tool {
        "pycdlib" => python().is_err(),
        "mounts" => !can_mount(),
        tool => find(tool).is_none(),
    };
    needs.iter().find(is_missing).map(ToString::to_string)
}

/// Returns an interpreter with pycdlib: the one that `CONFIGDRIVE_TEST_PYTHON` names, or that of `tests/ironic/`.
pub fn python() -> Result<Command, Failed> {
    let interpreter =
        env::var_os("CONFIGDRIVE_TEST_PYTHON").map_or_else(|| below("target/ironic/venv/bin/python"), PathBuf::from);
    let mut import = Command::new(&interpreter);
    match import.args(["-c", "import pycdlib"]).stderr(Stdio::null()).status() {
        Ok(status) if status.success() => Ok(command(interpreter)),
        _ => Err(format!("{} has no pycdlib", interpreter.display()).into()),
    }
}

/// Returns whether this user can mount a file system in a namespace of its own.
fn can_mount() -> bool {
    let mount = Command::new("unshare").args(["-rm", "mount", "-t", "tmpfs", "tmpfs", "/tmp"]).output();
    mount.is_ok_and(|output| output.status.success())
}

/// Returns the path of a tool.
pub fn find(tool: &str) -> Option<PathBuf> {
    // blkid and mkfs.vfat are not on the PATH of ordinary users.
    let path = env::var_os("PATH").unwrap_or_default();
    let directories = env::split_paths(&path).chain(["/usr/sbin", "/sbin"].map(PathBuf::from));
    directories.map(|directory| directory.join(tool)).find(|path| path.is_file())
}

/// Returns a command for the tool, with a timeout: a bad image could make it loop forever.
pub fn command(tool: impl AsRef<OsStr>) -> Command {
    let tool = tool.as_ref();
    let found = tool.to_str().and_then(find);
    let mut command = Command::new("timeout");
    command.arg("120").arg(found.as_deref().map_or(tool, Path::as_os_str)).stdin(Stdio::null());
    // Tools decode names beyond ASCII according to the locale.
    command.env("LC_ALL", "C.UTF-8");
    command
}

/// Returns what a command prints, if it succeeds.
pub fn run(command: &mut Command) -> Result<Vec<u8>, Failed> {
    let Output { status, stdout, stderr } = command.output()?;
    if !status.success() {
        let (stdout, stderr) = (String::from_utf8_lossy(&stdout), String::from_utf8_lossy(&stderr));
        let tool = command.get_args().nth(1).unwrap_or_default();
        return Err(format!("{} exited with {status}:\n{stdout}{stderr}", tool.display()).into());
    }
    Ok(stdout)
}
