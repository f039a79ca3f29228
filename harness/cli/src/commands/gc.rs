//! `seatrial gc`: removes what dead runs left behind.

use anyhow::Context as _;
use seatrial_engine::{Docker, Engine as _};
use seatrial_record::ExitCode;
use serde_json::json;

use super::run::print;
use super::{print_json, runtime};
use crate::args::{Format, GcArgs};
use crate::cache::{self, Cache};
use crate::failure::{Ended, Failure};
use crate::images::BUILT;

/// Sweeps; with `--caches` also removes what is only kept to save time.
pub fn run(args: &GcArgs) -> Ended {
    let folders = cache::sweep_run_folders()
        .context("cannot sweep the temporary folder")
        .map_err(Failure::could_not_run)?;
    let (swept, images) = runtime()?
        .block_on(async {
            let engine = Docker::connect().await?;
            let swept = engine.sweep().await?;
            let mut images = 0;
            if args.caches {
                for image in engine.images_labelled(BUILT).await? {
                    engine.remove_image(&image.reference).await?;
                    images += 1;
                }
            }
            Ok::<_, seatrial_engine::EngineError>((swept, images))
        })
        .map_err(Failure::could_not_run)?;
    let freed = if args.caches {
        Cache::locate()
            .and_then(|cache| Ok(cache.clear()?))
            .map_err(Failure::could_not_run)?
    } else {
        0
    };
    match args.format.format {
        Format::Json => print_json(&json!({
            "containers": swept.containers,
            "networks": swept.networks,
            "folders": folders,
            "images": images,
            "cache_bytes": freed,
        }))?,
        Format::Text => {
            let mut text = format!(
                "removed {} containers, {} networks, {folders} temporary folders\n",
                swept.containers, swept.networks
            );
            if args.caches {
                text += &format!("removed {images} built images and {} MiB of cache\n", freed >> 20);
            }
            print(&text)?;
        }
    }
    Ok(ExitCode::Expected)
}
