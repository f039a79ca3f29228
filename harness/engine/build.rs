//! Lets the engine tests be left out by name: with `SEATRIAL_TEST_ENGINE=none` they are compiled as ignored.

fn main() {
    println!("cargo::rustc-check-cfg=cfg(no_engine)");
    println!("cargo::rerun-if-env-changed=SEATRIAL_TEST_ENGINE");
    if std::env::var("SEATRIAL_TEST_ENGINE").is_ok_and(|value| value == "none") {
        println!("cargo::rustc-cfg=no_engine");
    }
}
