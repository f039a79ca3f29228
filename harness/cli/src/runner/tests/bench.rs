//! A throw-away project and a session on the stub engine, in which a whole run happens.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use seatrial_engine::{Delays, Left, Owner, StubEngine};
use seatrial_index::{Index, IndexConfig, Source};
use seatrial_record::{CaseRecord, RunRecord};
use seatrial_spec::{Plan, Project, Selection};
use tempfile::TempDir;
use tokio::sync::watch;

use super::super::{Event, Instead, Orders, Reporter, run};
use crate::cache::{Cache, RunFolder};
use crate::machine::{Gate, Meter, PageCache};
use crate::session::{Session, listen_here};
use crate::signals::Cancel;
use crate::store::Store;
use crate::turns::Turns;

pub const IMAGE: &str = "stub:1";
pub const SERVES: &str = "log hello; listen; wait 100ms; answer 200; forever";

pub fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// A project of stub scenarios.
pub struct Bench {
    folder: TempDir,
    engine: StubEngine,
    /// Runs made in it.
    runs: AtomicUsize,
    /// What holds timed boots back.
    pub meter: Meter,
    pub patience: Option<Duration>,
    /// The boot, counted from 1, at which the run is interrupted.
    pub interrupted_at: Option<usize>,
}

impl Bench {
    pub fn new() -> Bench {
        let engine = StubEngine::new().with_image(IMAGE).with_delays(Delays {
            create: ms(30),
            start: ms(170),
            boot: Duration::ZERO,
        });
        Bench::on(engine)
    }

    pub fn on(engine: StubEngine) -> Bench {
        let bench = Bench {
            folder: tempfile::tempdir().unwrap(),
            engine,
            runs: AtomicUsize::new(0),
            meter: Meter::scripted(|| None),
            patience: None,
            interrupted_at: None,
        };
        let contract = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/contracts/stub.yaml");
        bench.file("fixtures/contracts/stub.yaml", &fs::read_to_string(contract).unwrap());
        let image = format!("version: 1\nwhy: The stub.\ncontract: stub\nsource: {{ reference: \"{IMAGE}\" }}\n");
        bench.file("fixtures/images/stub/image.yaml", &image);
        bench.file("fixtures/apps/empty/README", "The stub needs no app.\n");
        bench
    }

    pub fn file(&self, name: &str, content: &str) {
        let path = self.folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    /// A scenario whose replicas walk `script`; `more` is further keys, `expect` the expectations, indented by two.
    pub fn scenario(&self, name: &str, script: &str, more: &str, expect: &str) {
        let text = format!(
            "version: 1\nwhy: The script makes it so.\nimage: stub\napp: empty\n{more}env: {{ STUB_SCRIPT: \"{script}\" }}\nexpect:\n{expect}"
        );
        self.file(&format!("scenarios/{name}.yaml"), &text);
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// What the engine still has.
    pub fn left(&self) -> Left {
        self.engine.left()
    }

    /// A session of its own, and the number of the run.
    pub async fn session(&self) -> (Session<StubEngine>, usize) {
        let number = self.runs.fetch_add(1, Ordering::Relaxed);
        let unique = self.folder.path().file_name().unwrap().to_string_lossy();
        let owner = Owner::this_process(format!("bench{unique}-{number}"));
        let cache = Cache::at(&self.folder.path().join("cache")).unwrap();
        let config = IndexConfig {
            cache: cache.folder("index").unwrap(),
            source: Source::Nothing,
        };
        let index = Index::start(config).unwrap();
        let session = Session {
            engine: self.engine.clone(),
            folder: RunFolder::create(&owner).unwrap(),
            owner,
            cache,
            index_local: listen_here(&index).await.unwrap(),
            index,
            behind: String::new(),
            turns: Turns::default(),
        };
        (session, number)
    }

    /// The project, and the plan of all its cases.
    pub fn plan(&self) -> (Project, Plan) {
        let project = Project::find(self.folder.path()).unwrap();
        let selection = Selection {
            all: true,
            ..Selection::default()
        };
        let (plan, _) = project.load(&selection).unwrap();
        (project, plan)
    }

    pub fn orders(&self, seed: u64, jobs: usize) -> Orders {
        Orders {
            instead: BTreeMap::new(),
            seed,
            sampling: Instead::default(),
            gate: Gate::new(self.meter.clone(), self.patience),
            page_cache: PageCache::at(self.folder.path().join("drop_caches")),
            jobs,
            started: jiff::Timestamp::UNIX_EPOCH,
        }
    }

    /// A whole run, and the cases in the order in which they were booted.
    pub async fn run(&self, seed: u64, jobs: usize) -> (RunRecord, Vec<String>) {
        let (session, number) = self.session().await;
        let (project, plan) = self.plan();
        let orders = self.orders(seed, jobs);
        let store = Store::create(self.folder.path().join(format!("out-{number}"))).unwrap();
        let (cancel, stop) = Cancel::by_hand();
        let heard = Heard {
            booted: Mutex::default(),
            stop,
            stop_at: self.interrupted_at,
        };
        let record = run(&session, &project, &plan, &orders, &store, &cancel, &heard)
            .await
            .unwrap();
        session.close().await.unwrap();
        let stored = crate::store::read(store.folder()).unwrap();
        assert_eq!(stored, record, "the record on disk is the one that is shown");
        (record, heard.booted.into_inner().unwrap())
    }
}

/// Listens for boots.
struct Heard {
    booted: Mutex<Vec<String>>,
    stop: watch::Sender<bool>,
    stop_at: Option<usize>,
}

impl Reporter for Heard {
    fn on_event(&self, event: &Event<'_>) {
        if let Event::BootStarted { id, .. } | Event::CaseStarted { id } = event {
            let mut booted = self.booted.lock().unwrap();
            booted.push((*id).to_owned());
            if self.stop_at == Some(booted.len()) {
                self.stop.send_replace(true);
            }
        }
    }
}

/// A case of a record.
pub fn case<'a>(record: &'a RunRecord, id: &str) -> &'a CaseRecord {
    record.cases.iter().find(|case| case.id == id).unwrap()
}
