//! Finds an image's Python from inside its container: the contract names the candidates, the container's shell chooses.

/// Shell text that sets `python` to the first candidate that exists, and ends with 127 when none does. `$NAME` in a
/// candidate is expanded from the container's environment.
pub fn choose(candidates: &[String]) -> String {
    let quoted: Vec<String> = candidates.iter().map(|python| format!("\"{python}\"")).collect();
    format!(
        "for python in {0} ''; do [ -x \"$python\" ] && break; done\n\
         [ -n \"$python\" ] || {{ echo 'none of these interpreters is there:' {0} >&2; exit 127; }}\n",
        quoted.join(" ")
    )
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::choose;

    fn run(candidates: &[&str]) -> (Option<i32>, String) {
        let candidates: Vec<String> = candidates.iter().map(|text| (*text).to_owned()).collect();
        let script = choose(&candidates) + "echo \"chose $python\"";
        let output = Command::new("sh")
            .arg("-c")
            .arg(script)
            .env("HERE", "/bin")
            .output()
            .unwrap();
        (output.status.code(), String::from_utf8(output.stdout).unwrap())
    }

    #[test]
    fn the_first_that_exists_is_chosen() {
        assert_eq!(
            run(&["/nowhere/python", "$HERE/sh", "/bin/ls"]),
            (Some(0), "chose /bin/sh\n".into())
        );
    }

    #[test]
    fn none_is_told_and_nothing_runs() {
        assert_eq!(run(&["/nowhere/python"]), (Some(127), String::new()));
    }
}
