//! Real pip through the index: against a handmade wheel, and against the index that this host really uses.

use std::path::Path;

use seatrial_index::{Index, IndexConfig, Source, Upstream};
use tokio::process::Command;

use crate::fake_upstream::{LOCALHOST, Stand, sha256};

/// Writes a wheel of one module, by the standard library alone.
const MAKE_WHEEL: &str = r#"
import sys, zipfile
info = "acme_tools-1.0.dist-info"
with zipfile.ZipFile(sys.argv[1], "w") as wheel:
    wheel.writestr("acme_tools.py", "ANSWER = 42\n")
    wheel.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\nName: acme-tools\nVersion: 1.0\n")
    wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
    wheel.writestr(f"{info}/RECORD", "acme_tools.py,,\n" + "".join(f"{info}/{n},,\n" for n in ("METADATA", "WHEEL", "RECORD")))
"#;

#[tokio::test]
async fn pip_installs_a_wheel_whatever_its_spelling() {
    let folder = tempfile::tempdir().unwrap();
    let wheel = folder.path().join("acme_tools-1.0-py3-none-any.whl");
    let made = Command::new("python3")
        .args(["-c", MAKE_WHEEL])
        .arg(&wheel)
        .status()
        .await;
    assert!(made.expect("python3 is on the PATH").success());
    let body = std::fs::read(&wheel).unwrap();

    let stand = Stand::new().await;
    stand
        .upstream
        .serve_project("acme-tools", "acme_tools-1.0-py3-none-any.whl", &body, &sha256(&body));
    let target = folder.path().join("target");
    pip_install(
        &stand.index.url(stand.address, &stand.token),
        "Acme.Tools==1.0",
        &target,
    )
    .await
    .unwrap();

    assert_eq!(
        std::fs::read_to_string(target.join("acme_tools.py")).unwrap(),
        "ANSWER = 42\n"
    );
    let served = stand.index.served(&stand.token);
    assert_eq!(served.files, ["acme_tools-1.0-py3-none-any.whl"]);
    assert!(served.bytes > body.len() as u64 && served.errors == 0, "{served:?}");
}

#[tokio::test]
async fn pip_learns_why_a_file_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let stand = Stand::new().await;
    stand
        .upstream
        .serve_project("acme", "acme-1.0-py3-none-any.whl", b"forged", &sha256(b"wheel"));
    let url = stand.index.url(stand.address, &stand.token);
    let complaint = pip_install(&url, "acme", folder.path()).await.unwrap_err();
    assert!(complaint.contains("502"), "{complaint}");
}

/// Needs the package index that this host's pip is set up for.
#[tokio::test]
async fn the_index_of_this_host_is_discovered_and_stands_behind_ours() {
    let folder = tempfile::tempdir().unwrap();
    let upstream = Upstream::discover().await.unwrap();
    let index = Index::start(IndexConfig {
        cache: folder.path().join("cache"),
        source: Source::Live(upstream),
    })
    .unwrap();
    let address = index.listen(LOCALHOST).await.unwrap();
    let token = index.issue_token("real");
    let target = folder.path().join("target");
    pip_install(&index.url(address, &token), "six==1.16.0", &target)
        .await
        .unwrap();

    assert!(target.join("six.py").is_file());
    assert_eq!(index.served(&token).files, ["six-1.16.0-py2.py3-none-any.whl"]);
    index.shutdown().await;
}

/// Runs pip with nothing of this host's pip set-up; the error is what pip wrote.
async fn pip_install(index_url: &str, requirement: &str, target: &Path) -> Result<(), String> {
    let mut pip = Command::new("python3");
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().to_ascii_uppercase().starts_with("PIP_") {
            pip.env_remove(name);
        }
    }
    let output = pip
        .args([
            "-m",
            "pip",
            "--isolated",
            "--no-cache-dir",
            "--disable-pip-version-check",
            "install",
            "--no-deps",
        ])
        .args(["--retries", "0", "--index-url", index_url, "--target"])
        .arg(target)
        .arg(requirement)
        .output()
        .await
        .expect("python3 is on the PATH");
    let complaint = String::from_utf8_lossy(&output.stderr).into_owned();
    if output.status.success() {
        Ok(())
    } else {
        Err(complaint)
    }
}
