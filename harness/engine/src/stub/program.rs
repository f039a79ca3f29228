//! What can be run inside a container of the stub engine: the stub, as its image has it, and nothing else.

use tokio::time::{Instant, sleep_until};

use super::timeline::Timeline;
use crate::CommandOutput;
use crate::output::Collector;

/// Name of the one program there is.
const STUB: &str = "seatrial-stub";
/// Exit code of a command that could not be started, as shells have it.
const NOT_FOUND: i64 = 127;
/// Exit code of a command line that does not hold.
const BAD_USAGE: i64 = 64;

/// Runs a command to its end, which never comes for a script that stays up.
///
/// # Errors
/// Why the stub engine cannot play the script.
pub(super) async fn run(argv: &[String]) -> Result<CommandOutput, String> {
    let words: Vec<&str> = argv.iter().map(String::as_str).collect();
    match words[..] {
        [program, "manifest", folder] if is_stub(program) => Ok(manifest(folder)),
        [program, "manifest"] if is_stub(program) => Ok(failed(BAD_USAGE, "stub: `manifest` needs the folder to read")),
        [program] if is_stub(program) => play("forever").await,
        [program, script] if is_stub(program) => play(script).await,
        _ => {
            let program = words.first().unwrap_or(&"");
            Ok(failed(
                NOT_FOUND,
                &format!("stub engine: there is no program `{program}`"),
            ))
        }
    }
}

fn is_stub(program: &str) -> bool {
    program.rsplit('/').next() == Some(STUB)
}

/// The manifest of a folder in which nothing is installed, as the stub prints it.
fn manifest(folder: &str) -> CommandOutput {
    let manifest = serde_json::json!({
        "python": "stub",
        "sys_path": [folder],
        "user_site": "/nonexistent",
        "uid": 0,
        "imports": [],
        "distributions": [],
        "beside": {},
    });
    CommandOutput {
        stdout: format!("seatrial-manifest:{manifest}\n").into_bytes(),
        ..CommandOutput::default()
    }
}

async fn play(script: &str) -> Result<CommandOutput, String> {
    let timeline = Timeline::new(script, Instant::now())?;
    let Some((end, code)) = timeline.end else {
        return std::future::pending().await;
    };
    sleep_until(end).await;
    let mut collector = Collector::default();
    for line in &timeline.lines {
        for piece in 0..line.pieces() {
            collector.push(line.stderr, &line.piece(piece));
        }
    }
    Ok(collector.finish(code))
}

fn failed(code: i64, why: &str) -> CommandOutput {
    CommandOutput {
        code,
        stdout: Vec::new(),
        stderr: format!("{why}\n").into_bytes(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn output(argv: &[&str]) -> CommandOutput {
        let argv: Vec<String> = argv.iter().map(|word| (*word).to_owned()).collect();
        run(&argv).await.unwrap()
    }

    #[tokio::test(start_paused = true)]
    async fn a_script_takes_its_time_and_tells_its_streams_apart() {
        let before = Instant::now();
        let output = output(&["/seatrial-stub", "log out; wait 3s; err oops; exit 9"]).await;
        assert_eq!(before.elapsed().as_millis(), 3_000);
        assert_eq!((output.code, output.stderr.as_slice()), (9, b"oops\n".as_slice()));
        assert!(output.stdout.ends_with(b"out\n"));
    }

    #[tokio::test]
    async fn nothing_is_installed_and_nothing_else_is_there() {
        let manifest = output(&["/seatrial-stub", "manifest", "/site-packages"]).await;
        let text = String::from_utf8(manifest.stdout).unwrap();
        let json = text.strip_prefix("seatrial-manifest:").unwrap();
        let json: serde_json::Value = serde_json::from_str(json).unwrap();
        assert_eq!(
            (&json["distributions"], &json["beside"]),
            (&serde_json::json!([]), &serde_json::json!({}))
        );
        assert_eq!(output(&["sh", "-c", "true"]).await.code, NOT_FOUND);
        assert_eq!(output(&[]).await.code, NOT_FOUND);
        assert_eq!(output(&["/seatrial-stub", "manifest"]).await.code, BAD_USAGE);
    }
}
