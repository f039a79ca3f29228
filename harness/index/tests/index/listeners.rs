//! Where the index listens: at the addresses it was told, and nowhere else.

use std::collections::HashSet;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, SocketAddrV4};
use std::process::Command;

use crate::fake_upstream::{LOCALHOST, Stand};
use crate::guest::Alone;

/// Set in the process that has no listeners of other tests.
const ALONE: &str = "SEATRIAL_TEST_LISTENERS_ALONE";

/// The sockets that this process listens on, as the kernel tells it (proc(5)).
fn listening() -> HashSet<SocketAddr> {
    let links = std::fs::read_dir("/proc/self/fd").unwrap().filter_map(|entry| {
        let target = std::fs::read_link(entry.unwrap().path()).ok()?;
        let inode = target.to_str()?.strip_prefix("socket:[")?.strip_suffix(']')?;
        Some(inode.to_owned())
    });
    let ours: HashSet<String> = links.collect();
    let tables = ["/proc/net/tcp", "/proc/net/tcp6"].map(|table| std::fs::read_to_string(table).unwrap_or_default());
    let sockets = tables
        .iter()
        .flat_map(|table| table.lines().skip(1))
        .filter_map(|line| {
            let fields: Vec<&str> = line.split_whitespace().collect();
            let listens = fields[3] == "0A" && ours.contains(fields[9]);
            listens.then(|| local_address(fields[1]))
        });
    sockets.collect()
}

/// `0100007F:1F90` is 127.0.0.1:8080 on a host of little-endian byte order.
fn local_address(hexadecimal: &str) -> SocketAddr {
    let (ip, port) = hexadecimal.split_once(':').unwrap();
    let port = u16::from_str_radix(port, 16).unwrap();
    let ip = u32::from_str_radix(ip, 16).unwrap_or_else(|_| panic!("listens on IPv6: {hexadecimal}"));
    SocketAddrV4::new(Ipv4Addr::from(ip.to_ne_bytes()), port).into()
}

/// Runs itself once more in a process of its own, since other tests listen in this one.
#[test]
fn the_index_listens_where_it_was_told_and_nowhere_else() {
    if std::env::var_os(ALONE).is_some() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        return runtime.unwrap().block_on(listens_where_it_was_told());
    }
    let itself = "listeners::the_index_listens_where_it_was_told_and_nowhere_else";
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", itself])
        .env(ALONE, "1")
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && told.contains("1 passed"), "{told}");
}

async fn listens_where_it_was_told() {
    let stand = Alone::new();
    let (_, still) = (stand.world(vec![]), listening());
    assert_eq!(still, HashSet::new(), "nothing listens before it is told to");
    let first = stand.index.listen(LOCALHOST).await.unwrap();
    let second = stand.index.listen("127.0.0.2".parse().unwrap()).await.unwrap();
    assert_eq!(listening(), HashSet::from([first, second]));
    stand.index.shutdown().await;
    assert_eq!(listening(), HashSet::new());
}

#[tokio::test]
async fn a_port_may_be_chosen_and_is_not_exchanged_for_another() {
    let stand = Stand::new().await;
    let elsewhere: IpAddr = "127.0.0.3".parse().unwrap();
    let chosen = stand.index.listen(elsewhere).await.unwrap();
    assert_eq!(
        stand.index.listen_at(chosen).await.unwrap(),
        chosen,
        "asked again, it is the same"
    );

    let taken = std::net::TcpListener::bind((elsewhere, 0)).unwrap();
    let address = taken.local_addr().unwrap();
    let refused = stand.index.listen_at(address).await.unwrap_err().to_string();
    assert!(
        refused.contains(&address.to_string()) && refused.contains("its port be free"),
        "{refused}"
    );
    drop(taken);
    assert_eq!(stand.index.listen_at(address).await.unwrap(), address);
    assert_eq!(stand.index.listen(elsewhere).await.unwrap(), chosen);
}
