//! `PROTOCOL.md` says what the code does: each table in it is computed here, and must be there to the letter.

use fixate_bridge::cobs;
use fixate_bridge::frame::{self, CHECKSUM, HEADER, MAX_FRAME, MAX_WIRE, VERSION, wire_size};
use fixate_bridge::message::{Kind, MAX_PAYLOAD, SCHEMA};
use fixate_bridge::rates::{Link, bytes_per_second};

const LINKS: [Link; 3] = [
    Link::Uart { baud: 115_200 },
    Link::Uart { baud: 1_000_000 },
    Link::UsbFullSpeed,
];

fn document() -> String {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/PROTOCOL.md");
    std::fs::read_to_string(path).expect("the document lies beside the sources")
}

/// Fails with the whole table if it is not in the document.
fn expect(table: &str) {
    assert!(
        document().contains(table),
        "PROTOCOL.md lacks this, to the letter:\n\n{table}\n"
    );
}

#[test]
fn layouts() {
    for &kind in Kind::ALL {
        let mut table = format!(
            "### {:#04x} {}\n\n{}\n\n",
            kind.code(),
            kind.name(),
            kind.meaning()
        );
        table += "| byte | field | type | meaning |\n|-|-|-|-|\n";
        let mut at = 0;
        for field in kind.layout() {
            table += &format!(
                "| {at} | `{}` | {} | {} |\n",
                field.name,
                field.wire.name(),
                field.meaning
            );
            at += field.wire.size();
        }
        assert_eq!(at, kind.size());
        expect(&table);
    }
}

#[test]
fn sizes_and_rates() {
    let mut table = String::from(
        "| message | payload | wire | 115200 baud | 1 Mbit/s | USB full speed |\n|-|-|-|-|-|-|\n",
    );
    for &kind in Kind::ALL {
        table += &format!(
            "| {} | {} | {} |",
            kind.name(),
            kind.size(),
            wire_size(kind)
        );
        for link in LINKS {
            table += &format!(" {} |", link.messages_per_second(kind));
        }
        table += "\n";
    }
    expect(&table);
}

#[test]
fn mixes() {
    let tracker = |imu_hz| {
        [
            (Kind::GazeSample, 200),
            (Kind::ImuSample, imu_hz),
            (Kind::FrameStrobe, 30),
            (Kind::ClockPong, 10),
            (Kind::Health, 1),
        ]
    };
    let mixes: [(&str, &[(Kind, u32)]); 4] = [
        (
            "to the host: gaze 200, IMU 200, strobe 30, pong 10, health 1",
            &tracker(200),
        ),
        (
            "to the host: gaze 200, IMU 100, strobe 30, pong 10, health 1",
            &tracker(100),
        ),
        (
            "to the host: gaze 1000, IMU 1000",
            &[(Kind::GazeSample, 1000), (Kind::ImuSample, 1000)],
        ),
        (
            "to the device: mask 60, ping 10",
            &[(Kind::MaskSummary, 60), (Kind::ClockPing, 10)],
        ),
    ];
    let mut table = String::from(
        "| messages a second | bytes/s | 115200 baud | 1 Mbit/s | USB full speed |\n|-|-|-|-|-|\n",
    );
    for (name, mix) in mixes {
        table += &format!("| {name} | {} |", bytes_per_second(mix));
        for link in LINKS {
            let load = link.load_permille(mix);
            table += &match load {
                0..=1000 => format!(" {}.{} % |", load / 10, load % 10),
                _ => format!(" **{}.{} %** |", load / 10, load % 10),
            };
        }
        table += "\n";
    }
    expect(&table);
}

#[test]
fn numbers() {
    let overhead = HEADER + CHECKSUM + 2;
    expect(&format!(
        "version is {VERSION}, and its schema {SCHEMA:#010x}."
    ));
    expect(&format!(
        "A frame costs {overhead} bytes more than its payload"
    ));
    expect(&format!(
        "the longest payload has {MAX_PAYLOAD} bytes, the longest frame {MAX_FRAME} before COBS and {MAX_WIRE} on the wire."
    ));
    assert_eq!(cobs::max_encoded(MAX_FRAME) + 1, MAX_WIRE);
}

#[test]
fn example() {
    use fixate_bridge::message::ClockPing;
    let mut wire = [0; MAX_WIRE];
    let ping = ClockPing {
        ping: 3,
        ping_time_us: 1_000_000,
    }
    .into();
    let length = frame::seal(0x1234, 5, &ping, &mut wire).expect("it fits");
    let text: Vec<String> = wire[..length]
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    expect(&text.join(" "));
}
