//! Reads the installed set of a replica or of an image, by the image's own interpreter or by a reader that the image
//! brings.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context as _, bail};
use seatrial_engine::{Command, CommandOutput};
use seatrial_record::Manifest;
use seatrial_spec::Contract;
use serde::Deserialize;

use crate::interpreter;

/// The program that runs inside the container: three files laid one behind the other.
pub const READER: &str = concat!(
    include_str!("digests.py"),
    "\n\n",
    include_str!("written.py"),
    "\n\n",
    include_str!("manifest_reader.py")
);
/// What it prints in front of its one line of JSON.
const MARK: &str = "seatrial-manifest:";
/// Reading a large environment with cold caches takes seconds, never this long.
pub const DEADLINE: Duration = Duration::from_secs(180);

/// What the reader prints.
#[derive(Debug, Deserialize)]
pub struct Raw {
    pub(super) python: String,
    pub(super) sys_path: Vec<String>,
    pub(super) user_site: String,
    /// User of the server process; absent for an image that is not running.
    pub(super) uid: Option<u32>,
    pub(super) distributions: Vec<RawDistribution>,
    pub(super) imports: Vec<RawImport>,
    /// By directory of the path: files that no RECORD accounts for.
    pub(super) beside: BTreeMap<String, RawBeside>,
}

#[derive(Debug, Deserialize)]
pub(super) struct RawDistribution {
    pub(super) project: String,
    pub(super) version: String,
    pub(super) location: String,
    pub(super) shadowed: bool,
    pub(super) digest: Option<String>,
    /// Digests by path; absent for a distribution that is as the image came with it.
    pub(super) files: Option<BTreeMap<String, String>>,
    /// When those files were written; a reader that the image brings need not tell.
    #[serde(default)]
    pub(super) written: Option<RawWritten>,
}

/// Nanoseconds since the Unix epoch, by the container's clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub(super) struct RawWritten {
    /// The last file that is neither compiled, a script nor a note of the installer.
    pub(super) unpacked: i64,
    /// The last byte-compiled file.
    pub(super) compiled: Option<i64>,
}

#[derive(Debug, Deserialize)]
pub(super) struct RawBeside {
    pub(super) digest: String,
    pub(super) files: BTreeMap<String, String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct RawImport {
    pub(super) project: String,
    pub(super) module: Option<String>,
    pub(super) version: Option<String>,
    pub(super) file: Option<String>,
    pub(super) error: Option<String>,
}

/// A package whose import is tried: its project and, if the scenario names it, the module.
#[derive(Clone, Debug, serde::Serialize)]
pub struct Wanted {
    pub project: String,
    pub import: Option<String>,
}

/// What the reader is asked.
#[derive(Clone, Debug, Default)]
pub struct Question<'a> {
    /// Read the environment of the server process; else the image at rest.
    pub running: bool,
    /// Packages whose import is tried.
    pub imports: &'a [Wanted],
    /// Directory of the entry script, relative to the app root.
    pub entry_dir: &'a str,
    /// What the image came with: its distributions are taken at their RECORD's word. `None`: all are.
    pub image: Option<&'a Manifest>,
    /// Where the tree is mounted.
    pub mount: Option<&'a str>,
    /// Something was installed at boot: tell when its files were written.
    pub written: bool,
}

/// The command that reads the manifest; `None` for a contract that has no way to.
pub fn command(contract: &Contract, question: &Question<'_>) -> Option<Vec<String>> {
    if contract.python.is_empty() {
        return (!contract.reader.is_empty()).then(|| contract.reader.clone());
    }
    let appended: Vec<String> = contract
        .path_appended
        .iter()
        .map(|path| {
            path.replace("{app_root}", &contract.app_root)
                .replace("{entry_dir}", question.entry_dir)
        })
        .collect();
    let known = question.image.map(|image| {
        let digests = image.distributions.iter().filter_map(|dist| dist.digest.as_ref());
        digests.collect::<Vec<_>>()
    });
    let params = serde_json::json!({
        "server": contract.server_process.as_ref().filter(|_| question.running),
        "appended": appended,
        "imports": question.imports,
        "known": known,
        "mount": question.mount,
        "written": question.written,
        "source": READER,
    });
    let script = interpreter::choose(&contract.python) + "exec \"$python\" -c \"$1\" \"$2\"";
    let mut argv: Vec<String> = ["sh", "-c", &script, "seatrial"].map(String::from).into();
    argv.extend([READER.to_owned(), params.to_string()]);
    Some(argv)
}

/// The same as an engine command.
pub fn exec(argv: Vec<String>) -> Command {
    Command {
        argv,
        user: None,
        deadline: DEADLINE,
    }
}

/// What the reader printed, or why it failed.
pub fn parse(output: &CommandOutput) -> anyhow::Result<Raw> {
    let stdout = String::from_utf8_lossy(&output.stdout);
    let Some(json) = stdout.lines().find_map(|line| line.strip_prefix(MARK)) else {
        let stderr = String::from_utf8_lossy(&output.stderr);
        let last = stderr.lines().last().unwrap_or("it printed nothing");
        bail!("the manifest reader ended with {}: {last}", output.code);
    };
    serde_json::from_str(json).context("the manifest reader's answer is not understood")
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::*;

    /// Runs the digest part of the reader on a folder with one distribution, whose RECORD lists these lines: its digest,
    /// its files if they were read, and the files beside it.
    fn digests(root: &Path, record: &str, known: Option<&str>) -> serde_json::Value {
        let info = root.join("acme-1.dist-info");
        fs::create_dir_all(&info).unwrap();
        fs::write(info.join("RECORD"), record).unwrap();
        let program = concat!(
            include_str!("digests.py"),
            "\nimport json, sys\nroot, info, known = sys.argv[1:]\n",
            "digests, around = folder_digests(root, [info], json.loads(known))\n",
            "print(json.dumps([*digests[info], around]))\n"
        );
        let known = known.map(|digest| vec![digest]);
        let output = std::process::Command::new("python3")
            .args(["-I", "-c", program])
            .args([root, &info])
            .arg(serde_json::to_string(&known).unwrap())
            .output()
            .expect("python3 is on the PATH");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice(&output.stdout).unwrap()
    }

    fn tree() -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir_all(folder.path().join("acme/__pycache__")).unwrap();
        fs::write(folder.path().join("acme/__init__.py"), "one").unwrap();
        fs::write(folder.path().join("acme/__pycache__/x.pyc"), "compiled").unwrap();
        folder
    }

    const RECORD: &str =
        "acme/__init__.py,sha256=dpLDrTVAu4A8Ags67mbNiIcSMjTqDG5xQ8Ct1z_0Me0,3\nacme-1.dist-info/RECORD,,\n";

    #[test]
    fn order_byte_code_and_notes_of_the_installer_do_not_count() {
        let folder = tree();
        let first = digests(folder.path(), RECORD, None);
        let other = format!(
            "acme-1.dist-info/INSTALLER,sha256=x,4\nacme/__pycache__/x.pyc,,\nacme-1.dist-info/RECORD,,\n{}\n",
            RECORD.lines().next().unwrap()
        );
        fs::write(folder.path().join("acme-1.dist-info/INSTALLER"), "pip\n").unwrap();
        assert_eq!(digests(folder.path(), &other, None), first);
        assert_eq!(first[2], serde_json::json!({}), "nothing lies beside it");
    }

    #[test]
    fn an_unknown_record_is_not_believed_but_read_and_one_byte_shows() {
        let folder = tree();
        let believed = digests(folder.path(), RECORD, None);
        let read = digests(folder.path(), RECORD, Some("of another"));
        assert_eq!(believed[1], serde_json::Value::Null);
        assert_eq!(
            believed[0], read[0],
            "what RECORD says and what lies there have one digest"
        );
        fs::write(folder.path().join("acme/__init__.py"), "two").unwrap();
        assert_eq!(
            digests(folder.path(), RECORD, believed[0].as_str())[0],
            believed[0],
            "taken at its word"
        );
        assert_ne!(digests(folder.path(), RECORD, Some("of another"))[0], believed[0]);
    }

    #[test]
    fn a_file_that_no_record_accounts_for_is_found_at_any_depth() {
        let folder = tree();
        fs::write(folder.path().join("acme/evil.py"), "").unwrap();
        fs::write(folder.path().join("loose.pth"), "").unwrap();
        let pipe = std::process::Command::new("mkfifo")
            .arg(folder.path().join("pipe"))
            .status()
            .unwrap();
        assert!(pipe.success());
        let around = digests(folder.path(), RECORD, Some("of another"))[2].clone();
        let mut names: Vec<&String> = around.as_object().unwrap().keys().collect();
        names.sort();
        assert_eq!(names, ["acme/evil.py", "loose.pth", "pipe"]);
        assert_eq!(around["pipe"], "missing", "a pipe is not read");

        let believed = digests(folder.path(), RECORD, None)[2].clone();
        assert_eq!(
            believed.get("acme/evil.py"),
            None,
            "a folder taken at its RECORD's word is not entered"
        );
        assert_eq!(believed["pipe"], "missing");
    }

    #[test]
    fn the_last_unpacked_and_the_last_compiled_file_tell_their_times() {
        let folder = tree();
        let info = folder.path().join("acme-1.dist-info");
        fs::create_dir_all(&info).unwrap();
        let record = "acme/__init__.py,,\nacme/__pycache__/x.pyc,,\n../bin/acme,,\nacme-1.dist-info/INSTALLER,,\n";
        fs::write(info.join("RECORD"), record).unwrap();
        fs::write(info.join("INSTALLER"), "pip").unwrap();
        let program = concat!(
            include_str!("digests.py"),
            "\n",
            include_str!("written.py"),
            "\nimport json, sys\n",
            "files = [path for path, _ in read_record(sys.argv[1])]\n",
            "print(json.dumps([written(sys.argv[1], files), written(sys.argv[1], ['gone.py'])]))\n"
        );
        let output = std::process::Command::new("python3")
            .args(["-I", "-c", program])
            .arg(&info)
            .output()
            .unwrap();
        let changed = |path: &str| {
            use std::os::unix::fs::MetadataExt as _;
            let file = fs::metadata(folder.path().join(path)).unwrap();
            file.ctime() * 1_000_000_000 + file.ctime_nsec()
        };
        let expected = serde_json::json!([
            {"unpacked": changed("acme/__init__.py"), "compiled": changed("acme/__pycache__/x.pyc")},
            null,
        ]);
        let told: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(told, expected, "{}", String::from_utf8_lossy(&output.stderr));
    }

    #[test]
    fn a_file_name_that_is_no_text_does_not_make_the_rest_unreadable() {
        use std::os::unix::ffi::OsStrExt as _;
        let folder = tree();
        fs::write(folder.path().join(std::ffi::OsStr::from_bytes(b"\xff.py")), "").unwrap();
        let params = serde_json::json!({
            "inside": true, "uid": null, "script_dir": null, "appended": [], "imports": [], "known": null,
            "mount": folder.path(), "written": false,
        });
        let output = std::process::Command::new("python3")
            .args(["-c", READER, &params.to_string()])
            .output()
            .expect("python3 is on the PATH");
        let raw = parse(&CommandOutput {
            code: 0,
            stdout: output.stdout,
            stderr: output.stderr,
        });
        assert!(
            raw.unwrap()
                .beside
                .values()
                .any(|beside| beside.files.contains_key("?.py"))
        );
    }

    #[test]
    fn what_is_read_of_what_lies_beside_does_not_hang_on_the_order_of_a_folder() {
        let digest = |names: [&str; 3]| {
            let folder = tempfile::tempdir().unwrap();
            for name in names {
                fs::write(folder.path().join(name), name.repeat(4)).unwrap();
            }
            let program = concat!(
                include_str!("digests.py"),
                "\nimport sys\nMOST_BYTES = 10\nprint(beside(sys.argv[1], [], [], ()))\n"
            );
            let output = std::process::Command::new("python3")
                .args(["-I", "-c", program])
                .arg(folder.path())
                .output();
            String::from_utf8(output.unwrap().stdout).unwrap()
        };
        let one = digest(["a", "b", "c"]);
        assert!(one.contains("sha256=") && one.contains("size=4"), "{one}");
        assert_eq!(one, digest(["c", "b", "a"]));
    }

    #[test]
    fn a_reader_that_fails_says_why() {
        let output = CommandOutput {
            code: 127,
            stdout: vec![],
            stderr: b"warning\nno python here\n".to_vec(),
        };
        let error = parse(&output).unwrap_err().to_string();
        assert_eq!(error, "the manifest reader ended with 127: no python here");
    }
}
