//! The clock's rules, one by one.

use fixate_bridge::clock::{ClockError, ClockSync, Exchange, ExchangeError, LinkDelay, Pinger};
use fixate_bridge::message::ClockPong;

#[test]
fn a_reboot_begins_anew() {
    let mut sync: ClockSync = ClockSync::default();
    let exchange = |boot, device: u32, host: u64| Exchange {
        boot,
        host_sent_us: host,
        device_received_us: device,
        device_sent_us: device + 10,
        host_received_us: host + 1_000,
    };
    assert_eq!(
        sync.host_from_device(1, 0, 0),
        Err(ClockError::NotSynchronised)
    );
    assert_eq!(sync.observe(&exchange(1, 900_000_000, 5_000_000)), Ok(()));
    assert_eq!(sync.observe(&exchange(2, 1_000, 6_000_000)), Ok(()));
    assert_eq!(sync.restarts(), 2);
    assert_eq!(
        sync.host_from_device(1, 900_000_100, 6_000_000),
        Err(ClockError::OtherBoot { synchronised: 2 })
    );
    let time = sync
        .host_from_device(2, 1_000, 6_000_000)
        .expect("synchronised");
    assert!(
        time.host_us.abs_diff(6_000_495) < 10 && time.error_us < 520,
        "{time:?}"
    );

    // A clock that was set without a new boot number: refused twice, believed the third time.
    for round in 0..2 {
        let set = exchange(
            2,
            700_000_000 + round * 100_000,
            6_100_000 + u64::from(round) * 100_000,
        );
        assert_eq!(sync.observe(&set), Err(ExchangeError::Contradicts));
    }
    assert_eq!(sync.observe(&exchange(2, 700_200_000, 6_300_000)), Ok(()));
    assert_eq!(sync.restarts(), 3);
}

#[test]
fn impossible_exchanges_are_named() {
    let good = Exchange {
        boot: 1,
        host_sent_us: 1_000,
        device_received_us: u32::MAX,
        device_sent_us: 100,
        host_received_us: 1_500,
    };
    let mut sync: ClockSync = ClockSync::new(LinkDelay {
        ping_us: 220,
        pong_us: 100,
    });
    assert_eq!(
        sync.observe(&Exchange {
            host_received_us: 999,
            ..good
        }),
        Err(ExchangeError::Backwards)
    );
    assert_eq!(
        sync.observe(&Exchange {
            host_received_us: 2_000_000,
            ..good
        }),
        Err(ExchangeError::TooSlow)
    );
    assert_eq!(
        sync.observe(&Exchange {
            host_received_us: 1_400,
            ..good
        }),
        Err(ExchangeError::TooFast)
    );
    assert_eq!(sync.observe(&good), Ok(()));
}

#[test]
fn answers_are_paired_with_their_pings() {
    let mut pinger = Pinger::new(1_000);
    let first = pinger.poll(0).expect("due");
    assert_eq!(pinger.poll(999), None);
    let second = pinger.poll(1_000).expect("due");
    let pong = |ping: u16, ping_time_us| ClockPong {
        ping,
        ping_time_us,
        received_us: 7,
        sent_us: 9,
    };
    assert_eq!(
        pinger.answer(1, &pong(1, 0), 1_100),
        None,
        "the time of another ping"
    );
    let exchange = pinger
        .answer(1, &pong(second.ping, 1_000), 1_200)
        .expect("paired");
    assert_eq!(
        (exchange.host_sent_us, exchange.host_received_us),
        (1_000, 1_200)
    );
    assert_eq!(
        pinger.answer(1, &pong(first.ping, 0), 1_300),
        None,
        "too late"
    );
    assert_eq!(pinger.lost(), 1);
}
