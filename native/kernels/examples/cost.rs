//! ns of CPU a row costs in the kernels without Node: `cargo run --release --example cost`. Linux only: it reads the scheduler's clock.

#![allow(clippy::unwrap_used, reason = "a measurement may stop")]

use millrace_kernels::host::{Host, RawColumn, RawValues};

const ROWS: usize = 10_000;
const BATCHES: usize = 100;

fn cpu_ns() -> f64 {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    text.split(' ').next().unwrap().parse().unwrap()
}

/// Numbers in `[0, below)`, the same in each run.
fn draws(seed: i64, below: i64) -> Vec<i64> {
    let step = |state: &mut i64| {
        *state = (*state * 1_103_515_245 + 12_345) & 0x7fff_ffff;
        Some((*state >> 8) % below)
    };
    std::iter::repeat_n((), ROWS).scan(seed, |state, ()| step(state)).collect()
}

fn column(values: RawValues) -> RawColumn {
    RawColumn { values, offsets: None, valid: None }
}

fn report(name: &str, mut run: impl FnMut()) {
    let mut best = f64::MAX;
    for _ in 0..5 {
        let started = cpu_ns();
        run();
        best = best.min((cpu_ns() - started) / (ROWS * BATCHES) as f64);
    }
    println!("{name:44}{best:8.1}");
}

fn bars(symbols: i64) {
    let kinds = [("ts_event", "i64"), ("venue", "word"), ("symbol", "word"), ("price", "f64"), ("size", "f64"), ("aggressor_side", "word")];
    let columns = kinds.map(|(name, kind)| format!(r#"{{"name":"{name}","type":"{kind}"}}"#)).join(",");
    let outs = ["venue:word", "symbol:word", "ts_open:i64", "ts_event:i64", "open:f64", "high:f64", "low:f64", "close:f64"];
    let more = ["volume:f64", "notional:f64", "vwap:f64", "trades:i64", "signed_volume:f64", "final:bool"];
    let out = [&outs[..], &more[..]].concat();
    let out = out.iter().map(|entry| entry.split_once(':').unwrap()).map(|(name, kind)| format!(r#"{{"name":"{name}","type":"{kind}"}}"#));
    let config = format!(
        r#"{{"params":{{"every":"1000000000","by":["venue","symbol"],"empty":"skip","max_empty":60,"price":"price","size":"size","side":"aggressor_side"}},
            "inputs":[{{"name":"in","columns":[{columns}]}}],
            "outputs":[{{"name":"out","columns":[{}]}},{{"name":"late","columns":[{{"name":"row","type":"i32"}}]}},{{"name":"rejected","columns":[]}}]}}"#,
        out.collect::<Vec<_>>().join(",")
    );
    let price: Vec<f64> = draws(1, 1000).iter().map(|cents| 100.0 + *cents as f64 / 100.0).collect();
    let size: Vec<f64> = draws(2, 1000).iter().map(|milli| *milli as f64 / 1000.0).collect();
    let symbol: Vec<i32> = draws(3, symbols).iter().map(|code| *code as i32).collect();
    let side: Vec<i32> = draws(4, 2).iter().map(|code| *code as i32).collect();
    let venue = vec![0; ROWS];
    report(&format!("bars 1s, {symbols} symbols"), || {
        let mut host = Host::new("bars", &config).unwrap();
        host.dictionary(0, 1, &[0, 3], b"sim").unwrap();
        let offsets: Vec<i32> = (0..=symbols as i32).map(|i| i * 4).collect();
        let names: String = (0..symbols).map(|i| format!("S{i:03}")).collect();
        host.dictionary(0, 2, &offsets, names.as_bytes()).unwrap();
        host.dictionary(0, 5, &[0, 3, 7], b"buysell").unwrap();
        for batch in 0..BATCHES {
            let times: Vec<i64> = (0..ROWS).map(|row| (batch * ROWS + row) as i64 * 100_000).collect();
            let words = [&venue, &symbol, &side].map(|codes| column(RawValues::I32(codes)));
            let numbers = [&price, &size].map(|values| column(RawValues::F64(values)));
            let raw = [column(RawValues::I64(&times)), words[0], words[1], numbers[0], numbers[1], words[2]];
            host.push(0, ROWS, &raw, i64::MIN).unwrap();
            host.advance(((batch + 1) * ROWS) as i64 * 100_000, 0).unwrap();
        }
    });
}

fn indicators(series: &str, outputs: usize) {
    let names = ["high", "low", "close", "volume"];
    let columns = names.map(|name| format!(r#"{{"name":"{name}","type":"f64"}}"#)).join(",");
    let out: Vec<String> = (0..outputs).map(|i| format!(r#"{{"name":"o{i}","type":"f64"}}"#)).collect();
    let config = format!(
        r#"{{"params":{{"by":[],"series":[{series}]}},"inputs":[{{"name":"in","columns":[{columns}]}}],"outputs":[{{"name":"out","columns":[{}]}}]}}"#,
        out.join(",")
    );
    let close: Vec<f64> = draws(1, 1000).iter().map(|cents| 100.0 + *cents as f64 / 100.0).collect();
    let high: Vec<f64> = close.iter().map(|price| price + 0.5).collect();
    let low: Vec<f64> = close.iter().map(|price| price - 0.5).collect();
    let raw = [&high, &low, &close, &close].map(|values| column(RawValues::F64(values)));
    report(&series.chars().filter(|c| *c != '"').take(42).collect::<String>(), || {
        let mut host = Host::new("indicators", &config).unwrap();
        for _ in 0..BATCHES {
            host.push(0, ROWS, &raw, 0).unwrap();
        }
    });
}

fn main() {
    println!("{:44}{:>8}", "ns of CPU a row, 10,000 rows a batch", "");
    bars(1);
    bars(100);
    let close = r#""column":"close""#;
    let bar = r#""high":"high","low":"low","close":"close""#;
    indicators(&format!(r#"{{"sma":{{"period":20,{close}}}}}"#), 1);
    indicators(&format!(r#"{{"ema":{{"period":20,{close}}}}}"#), 1);
    indicators(&format!(r#"{{"rsi":{{"period":14,{close}}}}}"#), 1);
    indicators(&format!(r#"{{"macd":{{"fast":12,"slow":26,"signal":9,{close}}}}}"#), 3);
    indicators(&format!(r#"{{"bbands":{{"period":20,"deviations":2,{close}}}}}"#), 3);
    indicators(&format!(r#"{{"atr":{{"period":14,{bar}}}}}"#), 1);
    indicators(&format!(r#"{{"stoch":{{"fast_k":5,"slow_k":3,"slow_d":3,{bar}}}}}"#), 2);
    indicators(&format!(r#"{{"adx":{{"period":14,{bar}}}}}"#), 1);
    indicators(r#"{"obv":{"close":"close","volume":"volume"}}"#, 1);
    indicators(&format!(r#"{{"stddev":{{"period":20,"deviations":1,{close}}}}}"#), 1);
}
