//! Image builds with the classic builder, which needs nothing beside the daemon.

use std::collections::VecDeque;
use std::time::Duration;

use futures_util::StreamExt;
use testcontainers::bollard::body_full;
use testcontainers::bollard::query_parameters::{BuildImageOptions, BuilderVersion};

use super::failure::{Failure, within};
use super::{Docker, images};
use crate::{BuildSpec, EngineError, ImageInfo};

/// A build that installs a distribution and compiles wheels.
const BUILD: Duration = Duration::from_secs(60 * 60);
/// Lines of output quoted when a build fails.
const LAST_LINES: usize = 30;
/// A line of output beyond this is cut off.
const LONGEST_LINE: usize = 64 << 10;

/// Builds and returns the image; every line of output goes to `progress`.
pub(super) async fn build(
    docker: &Docker,
    spec: BuildSpec,
    progress: impl FnMut(&str) + Send,
) -> Result<ImageInfo, EngineError> {
    let reference = spec.reference.clone();
    within(BUILD, &format!("building image `{reference}`"), async {
        let mut output = Output::new(progress);
        if let Err(error) = run(docker, spec, &mut output).await {
            let last_lines = output.finish();
            return Err(error).or_failed(|cause| EngineError::BuildFailed {
                reference,
                last_lines,
                cause,
            });
        }
        images::require(docker, &reference).await
    })
    .await
}

async fn run(
    docker: &Docker,
    spec: BuildSpec,
    output: &mut Output<impl FnMut(&str)>,
) -> Result<(), testcontainers::bollard::errors::Error> {
    let context = context(spec.files)?;
    let options = BuildImageOptions {
        dockerfile: spec.dockerfile,
        t: Some(spec.reference),
        buildargs: Some(spec.args.into_iter().collect()),
        labels: Some(spec.labels.into_iter().collect()),
        networkmode: spec.host_network.then(|| "host".to_owned()),
        // No container of a step stays behind, whether it failed or not.
        rm: true,
        forcerm: true,
        version: BuilderVersion::BuilderV1,
        ..BuildImageOptions::default()
    };
    let mut events = docker.api.build_image(options, None, Some(body_full(context.into())));
    while let Some(event) = events.next().await {
        let event = event?;
        if let Some(text) = event.stream.or(event.status) {
            output.push(&text);
        }
    }
    Ok(())
}

/// The build context as an archive whose bytes depend on nothing but the files.
fn context(mut files: Vec<(String, Vec<u8>, bool)>) -> std::io::Result<Vec<u8>> {
    files.sort();
    let mut archive = tar::Builder::new(Vec::new());
    for (path, content, executable) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        header.set_mode(if executable { 0o755 } else { 0o644 });
        header.set_mtime(0);
        archive.append_data(&mut header, path, content.as_slice())?;
    }
    archive.into_inner()
}

/// Puts the builder's pieces of text together to lines, hands them on and keeps the last.
struct Output<P> {
    progress: P,
    unfinished: String,
    last: VecDeque<String>,
}

impl<P: FnMut(&str)> Output<P> {
    fn new(progress: P) -> Self {
        Self {
            progress,
            unfinished: String::new(),
            last: VecDeque::with_capacity(LAST_LINES),
        }
    }

    fn push(&mut self, text: &str) {
        for piece in text.split_inclusive('\n') {
            if self.unfinished.len() + piece.len() <= LONGEST_LINE {
                self.unfinished.push_str(piece);
            }
            if piece.ends_with('\n') {
                self.end_line();
            }
        }
    }

    fn end_line(&mut self) {
        let line = std::mem::take(&mut self.unfinished);
        let line = line.trim_end();
        if line.is_empty() {
            return;
        }
        (self.progress)(line);
        if self.last.len() == LAST_LINES {
            self.last.pop_front();
        }
        self.last.push_back(line.to_owned());
    }

    fn finish(mut self) -> Vec<String> {
        self.end_line();
        self.last.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_context_depends_on_its_files_alone() {
        let files = vec![
            ("b/run".to_owned(), b"#!/bin/sh".to_vec(), true),
            ("a".repeat(150), b"x".to_vec(), false),
        ];
        let reversed = files.iter().rev().cloned().collect();
        let archive = context(files).unwrap();
        assert_eq!(archive, context(reversed).unwrap());

        let mut archive = tar::Archive::new(archive.as_slice());
        let entries: Vec<_> = archive
            .entries()
            .unwrap()
            .map(|entry| {
                let entry = entry.unwrap();
                let header = entry.header();
                (
                    entry.path().unwrap().into_owned(),
                    header.mode().unwrap(),
                    header.mtime().unwrap(),
                )
            })
            .collect();
        assert_eq!(
            entries,
            [("a".repeat(150).into(), 0o644, 0), ("b/run".into(), 0o755, 0)]
        );
    }

    #[test]
    fn output_is_handed_on_by_line_and_its_end_is_kept() {
        let mut seen = Vec::new();
        let mut output = Output::new(|line: &str| seen.push(line.to_owned()));
        output.push("Step 1");
        output.push("/2 : FROM x\n\n");
        for number in 0..LAST_LINES {
            output.push(&format!("line {number}\nrest"));
            output.push("\n");
        }
        output.push("no newline");
        let last = output.finish();
        assert_eq!(seen[0], "Step 1/2 : FROM x");
        assert_eq!(last.len(), LAST_LINES);
        assert_eq!(last.last().unwrap(), "no newline");
    }
}
