//! What an engine keeps: runs and their removal, images, networks, helper containers.

use std::process::Command;

use seatrial_engine::{Engine, EngineError, Mount, Network, Owner, Replica, Swept};
use tokio::net::TcpListener;

use super::{HANGS, PATIENCE, launch, launch_one, log_until, stub_spec, stub_task};

/// A run that has these replicas and one network is removed whole, and there is nothing left to remove.
pub async fn is_removed_whole_and_only_once<E: Engine>(engine: &E, run: &str, replicas: Vec<E::Replica>) {
    let swept = engine.remove_run(run).await.unwrap();
    assert_eq!((swept.containers, swept.networks), (replicas.len(), 1));
    assert_eq!(swept.runs, [run]);
    assert_eq!(engine.remove_run(run).await.unwrap(), Swept::default());
    for replica in replicas {
        replica.remove().await.expect("removing what is gone is no error");
    }
}

/// The owner, with a process that is gone.
pub fn dead(owner: Owner) -> Owner {
    let mut gone = Command::new("true").spawn().unwrap();
    gone.wait().unwrap();
    Owner {
        pid: gone.id(),
        ..owner
    }
}

/// What the dead one left is swept by the living one, which keeps its own. Returns what was swept, and the replica that was
/// among it, so that the caller can look for leftovers before it lets go of that.
pub async fn sweeps_only_the_dead<E: Engine>(living: (&E, &Owner), dead: (&E, &Owner)) -> (Swept, E::Replica) {
    let (engine, owner) = dead;
    let left = engine.network(owner).await.expect("a network");
    let replica = launch_one(engine, owner, &left, "forever").await;
    let swept = living.0.sweep().await.unwrap();
    assert!(swept.runs.contains(&owner.run), "{swept:?}");
    assert!(!swept.runs.contains(&living.1.run), "{swept:?}");
    (swept, replica)
}

/// A task gives its output, and one that does not end is given up.
pub async fn runs_tasks<E: Engine>(engine: &E, owner: &Owner) {
    let task = stub_task("log done; err warning; exit 4", PATIENCE);
    let output = engine.task(owner, task).await.expect("a task");
    assert_eq!((output.code, output.stderr.as_slice()), (4, b"warning\n".as_slice()));
    assert!(String::from_utf8_lossy(&output.stdout).ends_with("done\n"));

    let too_long = stub_task("forever", HANGS);
    let error = engine.task(owner, too_long).await.unwrap_err();
    assert!(matches!(error, EngineError::Timeout { .. }), "{error}");
}

/// One of three has a mount whose source is missing, which is named; the others start, and are removed. Not for the stub
/// engine, which knows no mounts.
pub async fn one_without_its_mount_does_not_stop_the_others<E: Engine>(engine: &E, owner: &Owner, network: &Network) {
    let mut spec = stub_spec(&["forever"; 3]);
    spec.replicas[1].mounts = vec![Mount {
        source: "/no/such/folder".into(),
        target: "/x".to_owned(),
        read_only: true,
    }];
    let mut launched = launch(engine, owner, network, spec).await.unwrap();
    let (number, failed) = launched.remove(1);
    let error = failed.err().expect("the mount's source is missing");
    assert!(
        number == 1 && matches!(error, EngineError::Launch { .. }),
        "{number}: {error:?}"
    );
    assert!(error.to_string().contains("/no/such/folder"), "{error}");
    for (_, replica) in launched {
        replica.expect("the others start").remove().await.unwrap();
    }
}

/// A container reaches what listens on the network's gateway. Returns its log, in which the steps in `further` (`; reach ...`)
/// have left their lines too. Not for the stub engine, whose containers are nowhere.
pub async fn reaches_the_host<E: Engine>(engine: &E, owner: &Owner, network: &Network, further: &str) -> Vec<String> {
    let index = TcpListener::bind((network.gateway, 0))
        .await
        .expect("the gateway is an address of this host");
    let host = index.local_addr().unwrap();
    let script = format!("reach {host}{further}; log tried");
    let replica = launch_one(engine, owner, network, &script).await;
    let log = log_until(&replica, "tried").await;
    assert!(log.contains(&format!("stub: reached {host}")), "{log:#?}");
    log
}

/// The image is removed, and removing it twice is no error.
pub async fn image_is_removed<E: Engine>(engine: &E, reference: &str) {
    for _ in 0..2 {
        engine.remove_image(reference).await.unwrap();
        assert_eq!(engine.image(reference).await.unwrap(), None);
    }
}
