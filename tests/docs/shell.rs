//! A shell that runs commands one by one, and commands in the background.

use std::{
    io::{self, BufRead, BufReader, Write},
    os::unix::process::CommandExt,
    process::{Child, ChildStdin, Command, Stdio},
    sync::mpsc::{self, Receiver},
    thread,
    time::{Duration, Instant},
};

/// Enough for Ansible on a busy machine.
const PATIENCE: Duration = Duration::from_secs(180);

/// Starts the line that the shell prints after each command.
const END: &str = "--- end of the command, with exit code";

pub struct Shell {
    child: Child,
    input: ChildStdin,
    output: Receiver<String>,
}

/// The result of a command.
pub struct Answer {
    pub code: i32,
    /// Standard output and standard error.
    pub output: String,
}

impl Shell {
    /// Starts `sh` with the directory and the environment of `command`.
    pub fn start(command: &mut Command) -> io::Result<Self> {
        let (child, input, output) = spawn(command)?;
        Ok(Self { child, input, output })
    }

    /// Runs commands. Variables and the working directory are kept for the next ones.
    pub fn run(&mut self, commands: &str) -> Result<Answer, String> {
        let script = format!("{{\n{commands}\n}} </dev/null\nprintf '\\n%s %s\\n' '{END}' \"$?\"\n");
        self.input.write_all(script.as_bytes()).map_err(|error| format!("the shell has ended: {error}"))?;
        let deadline = Instant::now() + PATIENCE;
        let mut output = String::new();
        loop {
            let line = self.output.recv_timeout(deadline.saturating_duration_since(Instant::now()));
            let line = line.map_err(|_| format!("the command timed out or ended the shell; its output:\n{output}"))?;
            if let Some(code) = line.strip_prefix(END) {
                // The newline before `END`.
                output.pop();
                return Ok(Answer { code: code.trim().parse().unwrap(), output });
            }
            output += &line;
        }
    }
}

impl Drop for Shell {
    fn drop(&mut self) {
        stop(&mut self.child);
    }
}

/// A command that keeps running until this value is dropped.
pub struct Background {
    child: Child,
    /// Some programs stop when it is closed.
    _input: ChildStdin,
}

impl Background {
    /// Starts a command and waits until `is_ready` accepts its output. The error is the output.
    pub fn start(command: &mut Command, is_ready: impl Fn(&str) -> bool) -> Result<Self, String> {
        let (child, input, lines) = spawn(command).map_err(|error| error.to_string())?;
        let started = Self { child, _input: input };
        let deadline = Instant::now() + PATIENCE;
        let mut output = String::new();
        while !is_ready(&output) {
            let line = lines.recv_timeout(deadline.saturating_duration_since(Instant::now()));
            output += &line.map_err(|_| output.clone())?;
        }
        Ok(started)
    }
}

impl Drop for Background {
    fn drop(&mut self) {
        stop(&mut self.child);
    }
}

/// Starts a command in a process group of its own, and reads its output.
fn spawn(command: &mut Command) -> io::Result<(Child, ChildStdin, Receiver<String>)> {
    let (reader, writer) = io::pipe()?;
    command.stdin(Stdio::piped()).stdout(writer.try_clone()?).stderr(writer).process_group(0);
    let mut child = command.spawn()?;
    // Close our copies of the pipe's writing end, or the reader would never finish.
    command.stdout(Stdio::null()).stderr(Stdio::null());
    let (sender, lines) = mpsc::channel();
    thread::spawn(move || {
        let mut reader = BufReader::new(reader);
        let mut line = Vec::new();
        while reader.read_until(b'\n', &mut line).is_ok_and(|length| length > 0) {
            if sender.send(String::from_utf8_lossy(&line).into_owned()).is_err() {
                return;
            }
            line.clear();
        }
    });
    let input = child.stdin.take().unwrap();
    Ok((child, input, lines))
}

/// Ends a process and its children.
fn stop(child: &mut Child) {
    _ = Command::new("kill").args(["-TERM", "--", &format!("-{}", child.id())]).stderr(Stdio::null()).status();
    let deadline = Instant::now() + Duration::from_secs(5);
    while child.try_wait().is_ok_and(|status| status.is_none()) && Instant::now() < deadline {
        thread::sleep(Duration::from_millis(20));
    }
    _ = child.kill();
    _ = child.wait();
}
