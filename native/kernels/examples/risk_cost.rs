//! ns of CPU a check of the pre-trade gate costs without Node: `cargo run --release --example risk_cost [accounts...]`. Linux only, as `cost`.

#![allow(clippy::unwrap_used, reason = "a measurement may stop")]

use millrace_kernels::host::{Host, RawColumn, RawValues};

const ROWS: usize = 10_000;
const BATCHES: usize = 40;
const SYMBOLS: usize = 50;

fn cpu_ns() -> f64 {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    text.split(' ').next().unwrap().parse().unwrap()
}

/// Numbers in `[0, below)`, the same in each run.
struct Draw(u64);

impl Draw {
    fn below(&mut self, below: u64) -> i64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) % below) as i64
    }
}

fn ports(ports: &[(&str, &str)]) -> String {
    let column = |entry: &str| entry.split_once(':').map(|(name, kind)| format!(r#"{{"name":"{name}","type":"{kind}"}}"#)).unwrap();
    let port = |(name, columns): &(&str, &str)| {
        let columns: Vec<String> = columns.split(' ').map(column).collect();
        format!(r#"{{"name":"{name}","columns":[{}]}}"#, columns.join(","))
    };
    ports.iter().map(port).collect::<Vec<_>>().join(",")
}

/// The same limits as in `bench/risk.ts`: every kind, none of them tight.
fn config(accounts: usize) -> String {
    let own: Vec<String> = (0..accounts).map(|i| format!(r#"["a{i:05}",{{"position":"{}"}}]"#, 1_000_000_000 + i)).collect();
    let symbols: Vec<String> = (0..SYMBOLS).map(|i| format!(r#"["s{i:02}",{{"unit":"10000000000000000"}}]"#)).collect();
    let most = "1000000000000000000000000000000";
    let defaults = format!(
        r#"{{"size":"1000000","notional":"{most}","collar":5000000,"through":5000000,"position":"1000000000","gross":"{most}","net":"{most}","credit":"{most}",
            "max_age":"86400000000000","duplicate":"1000000","rate":{{"messages":100,"per":"1000000"}},"fat":{{"times":1000000,"after":20}}}}"#
    );
    let limits = format!(
        r#"{{"currency":"USD","restricted":[],"defaults":{defaults},"accounts":[{}],"symbols":[{}],"strategies":null,"venues":null}}"#,
        own.join(","),
        symbols.join(",")
    );
    let params = serde_json::json!({ "limits": limits, "price": "price_ticks", "cancel_on_kill": true });
    let inputs = ports(&[
        ("orders", "ts_event:i64 action:word order_id:i64 account:word symbol:word side:word type:word price_ticks:i64 size_lots:i64"),
        ("prices", "ts_event:i64 symbol:word price_ticks:i64"),
        ("fills", "order_id:i64 account:word symbol:word side:word price_ticks:i64 size_lots:i64"),
    ]);
    let named = "ts_event:i64 order_id:i64 account:word symbol:word";
    let outputs = ports(&[
        ("accepted", "row:i32"),
        ("cancels", &format!("{named} side:word type:word size_lots:i64 price_ticks:i64 strategy:word venue:word")),
        ("denied", &format!("{named} strategy:word venue:word code:word scope:word limit:f64 value:f64")),
        ("rejected", "row:i32 code:word reason:bytes"),
    ]);
    format!(r#"{{"params":{params},"inputs":[{inputs}],"outputs":[{outputs}]}}"#)
}

fn names(host: &mut Host, places: &[(usize, usize)], words: &[String]) {
    let mut offsets = vec![0];
    words.iter().for_each(|word| offsets.push(offsets.last().unwrap() + word.len() as i32));
    places.iter().for_each(|(port, column)| host.dictionary(*port, *column, &offsets, words.concat().as_bytes()).unwrap());
}

fn column(values: RawValues) -> RawColumn {
    RawColumn { values, offsets: None, valid: None }
}

fn main() {
    let given: Vec<usize> = std::env::args().skip(1).filter_map(|argument| argument.parse().ok()).collect();
    println!("{:32}{:>12}{:>12}", "ns of CPU, 10,000 rows a batch", "check", "fill");
    for accounts in if given.is_empty() { vec![100, 1_000, 10_000] } else { given } {
        let mut host = Host::new("risk", &config(accounts)).unwrap();
        names(&mut host, &[(0, 3), (2, 1)], &(0..accounts).map(|i| format!("a{i:05}")).collect::<Vec<_>>());
        names(&mut host, &[(0, 4), (1, 1), (2, 2)], &(0..SYMBOLS).map(|i| format!("s{i:02}")).collect::<Vec<_>>());
        names(&mut host, &[(0, 5), (2, 3)], &["buy".into(), "sell".into()]);
        names(&mut host, &[(0, 1), (0, 6)], &["new".into()]);
        names(&mut host, &[(0, 6)], &["limit".into()]);
        let all: Vec<i32> = (0..SYMBOLS as i32).collect();
        let prices = [column(RawValues::I64(&[0; SYMBOLS])), column(RawValues::I32(&all)), column(RawValues::I64(&[10_000; SYMBOLS]))];
        host.push(1, SYMBOLS, &prices, i64::MIN).unwrap();
        let mut draw = Draw(1);
        let (mut check, mut fill) = (0.0, 0.0);
        for batch in 0..BATCHES {
            let ids: Vec<i64> = (0..ROWS).map(|row| (batch * ROWS + row) as i64).collect();
            let times: Vec<i64> = ids.iter().map(|id| id * 1_000).collect();
            let who: Vec<i32> = ids.iter().map(|_| draw.below(accounts as u64) as i32).collect();
            let what: Vec<i32> = who.iter().map(|account| (account + draw.below(4) as i32) % SYMBOLS as i32).collect();
            let side: Vec<i32> = ids.iter().map(|_| draw.below(2) as i32).collect();
            let price: Vec<i64> = ids.iter().map(|_| 9_900 + draw.below(200)).collect();
            let size: Vec<i64> = ids.iter().map(|_| 1 + draw.below(100_000)).collect();
            let zeros = vec![0; ROWS];
            let words = [&zeros, &who, &what, &side].map(|codes| column(RawValues::I32(codes)));
            let [ts, id, price, size] = [&times, &ids, &price, &size].map(|values| column(RawValues::I64(values)));
            let from = cpu_ns();
            let out = host.push(0, ROWS, &[ts, words[0], id, words[1], words[2], words[3], words[0], price, size], i64::MIN).unwrap();
            let to = cpu_ns();
            assert!(out.is_some_and(|out| out.len() < ROWS), "orders were denied: the measurement is about those that pass");
            host.push(2, ROWS, &[id, words[1], words[2], words[3], price, size], i64::MIN).unwrap();
            if batch >= BATCHES / 2 {
                // the first fill the books
                check += to - from;
                fill += cpu_ns() - to;
            }
        }
        let rows = (ROWS * (BATCHES - BATCHES / 2)) as f64;
        println!("{:32}{:12.1}{:12.1}", format!("{accounts} accounts"), check / rows, fill / rows);
    }
}
