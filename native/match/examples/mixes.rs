//! Speed of the book in seeded mixes of messages, as JSON: messages/s, and ns a message at three quantiles.
//!
//! `cargo run --release -p millrace-match --example mixes [MESSAGES] [RESTING] [NAME] [FILE]`
//!
//! Messages are made beforehand, against a book of their own, so that cancels and amends name live orders. Throughput is measured without
//! clocks inside; latencies in a second run with a clock read before and after each message, whose own cost is printed and not taken off.
//! FILE takes the messages of the mix NAME, those that fill the book before (`before` tells how many) first, six little-endian int64 each: what (0 limit, 1 immediate or cancel, 2 market, 3 amend, 4 cancel),
//! id, account, side (0 buy, 1 sell), price, size.

use millrace_match::{Book, Fill, Given, OrderChange, Settings, Side, Sink, Status, Terms, TimeInForce};
use std::hint::black_box;
use std::time::Instant;

const SEED: u64 = 20_260_917;
/// Ticks: a price of 1,000.00 in cents, say.
const MID: i64 = 100_000;
const ACCOUNTS: u64 = 64;
/// Runs of a mix; the quickest counts, since other programs only ever make one slower.
const REPEATS: usize = 9;

/// xorshift64*, so that every machine draws the same.
struct Draw(u64);

impl Draw {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 11) % bound
    }

    fn percent(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    /// Mostly small: a distance in ticks.
    fn near(&mut self, spread: u64) -> i64 {
        let (one, two) = (self.below(spread), self.below(spread));
        one.min(two) as i64
    }
}

#[derive(Clone, Copy)]
enum Message {
    Limit { id: i64, account: u32, side: Side, price: i64, size: i64, ioc: bool },
    Market { id: i64, account: u32, side: Side, size: i64 },
    Amend { id: i64, account: u32, price: i64, size: i64 },
    Cancel { id: i64, account: u32 },
}

impl Message {
    fn numbers(&self) -> [i64; 6] {
        match *self {
            Self::Limit { id, account, side, price, size, ioc } => [i64::from(ioc), id, i64::from(account), side as i64, price, size],
            Self::Market { id, account, side, size } => [2, id, i64::from(account), side as i64, 0, size],
            Self::Amend { id, account, price, size } => [3, id, i64::from(account), 0, price, size],
            Self::Cancel { id, account } => [4, id, i64::from(account), 0, 0, 0],
        }
    }
}

fn send<S: Sink>(book: &mut Book, time: i64, message: &Message, sink: &mut S) -> bool {
    book.advance(time, sink);
    let done = match *message {
        Message::Limit { id, account, side, price, size, ioc } => {
            let mut terms = Terms::limit(id, account, side, price, size);
            if ioc {
                terms.time_in_force = Given::Is(TimeInForce::Ioc);
            }
            book.enter(&terms, sink)
        }
        Message::Market { id, account, side, size } => book.enter(&Terms::market(id, account, side, size), sink),
        Message::Amend { id, account, price, size } => {
            let terms = Terms { order_id: id, account, price: Some(price), size: Some(size), ..Terms::default() };
            book.amend(&terms, sink)
        }
        Message::Cancel { id, account } => book.cancel(id, account, sink),
    };
    done.is_ok()
}

/// What a consumer would do at least: looks at every event.
#[derive(Default)]
struct Tally {
    fills: u64,
    changes: u64,
    sum: i64,
}

impl Sink for Tally {
    fn fill(&mut self, fill: &Fill) {
        self.fills += 1;
        self.sum = self.sum.wrapping_add(fill.price ^ fill.size);
    }

    fn order(&mut self, change: &OrderChange) {
        self.changes += 1;
        self.sum = self.sum.wrapping_add(change.leaves ^ change.order_id);
    }
}

/// Live orders of the generator's book, to draw from.
#[derive(Default)]
struct Live {
    orders: Vec<(i64, u32, Side, i64)>,
    at: std::collections::HashMap<i64, usize>,
}

impl Live {
    fn remove(&mut self, id: i64) {
        if let Some(at) = self.at.remove(&id) {
            self.orders.swap_remove(at);
            if let Some(moved) = self.orders.get(at) {
                self.at.insert(moved.0, at);
            }
        }
    }
}

impl Sink for Live {
    fn order(&mut self, change: &OrderChange) {
        match (change.status, change.price) {
            (Status::New, Some(price)) => {
                self.at.insert(change.order_id, self.orders.len());
                self.orders.push((change.order_id, change.account, change.side, price));
            }
            (Status::Filled | Status::Canceled | Status::Expired, _) => self.remove(change.order_id),
            _ => {}
        }
    }
}

/// Shares of a mix, percent; what is left over cancels.
#[derive(Clone, Copy)]
struct Mix {
    name: &'static str,
    /// Limit orders away from the other side.
    passive: u64,
    /// Limit orders through the middle.
    crossing: u64,
    /// As `crossing`, immediate or cancel.
    ioc: u64,
    market: u64,
    amend: u64,
    /// Distance of passive orders from the middle, ticks.
    spread: u64,
    /// Largest move of the middle, percent of it, forth and back `waves` times.
    swing: i64,
    waves: i64,
    /// Orders that rest far away from the beginning on.
    far: usize,
    /// Every so often the middle falls by a tenth within a hundredth of the time.
    crash: bool,
}

const STEADY: Mix =
    Mix { name: "steady", passive: 46, crossing: 6, ioc: 2, market: 1, amend: 5, spread: 200, swing: 0, waves: 0, far: 0, crash: false };

const MIXES: [Mix; 6] = [
    STEADY,
    Mix { name: "static_far_book", far: 1_000_000, ..STEADY },
    Mix { name: "swing_25", swing: 25, waves: 10, crossing: 10, ..STEADY },
    Mix { name: "swing_40", swing: 40, waves: 10, crossing: 10, ..STEADY },
    Mix { name: "flash_crash", crash: true, far: 100_000, market: 3, ..STEADY },
    // 15 % of the new orders are immediate or cancel, 20 % are amended once, 95 % of those that rest are cancelled
    Mix { name: "heavy_cancels", passive: 38, crossing: 1, ioc: 7, market: 0, amend: 9, ..STEADY },
];

fn middle(mix: &Mix, number: usize, messages: usize) -> i64 {
    let of = number as i64;
    let all = messages as i64;
    if mix.crash {
        let part = all / 10;
        let within = of % part.max(1);
        let (start, length) = (part / 2, (part / 100).max(1));
        let depth = if within < start {
            0
        } else if within < start + length {
            MID / 10 * (within - start) / length
        } else {
            MID / 10 - (MID / 10 * (within - start - length) / (part - start - length).max(1))
        };
        return MID - depth;
    }
    if mix.waves == 0 {
        return MID;
    }
    let wave = (all / mix.waves).max(4);
    let quarter = wave / 4;
    let within = of % wave;
    let step = if within < quarter {
        within
    } else if within < 3 * quarter {
        2 * quarter - within
    } else {
        within - wave
    };
    MID + MID * mix.swing / 100 * step / quarter.max(1)
}

/// Orders that rest far from the middle, a tenth of the prices at most.
fn far(count: usize, draw: &mut Draw) -> Vec<Message> {
    let order = |number: usize| {
        let side = if number & 1 == 0 { Side::Buy } else { Side::Sell };
        let away = 1_000 + draw.below(MID as u64 / 5) as i64 + if draw.percent(1) { 1 << 40 } else { 0 };
        let price = if side == Side::Buy { MID - away } else { MID + away };
        Message::Limit {
            id: -(number as i64) - 1,
            account: draw.below(ACCOUNTS) as u32,
            side,
            price,
            size: 1 + draw.below(100) as i64,
            ioc: false,
        }
    };
    (0..count).map(order).collect()
}

fn messages(mix: &Mix, count: usize, draw: &mut Draw) -> (Vec<Message>, Vec<Message>) {
    let (mut book, mut live) = (Book::new(Settings::default()), Live::default());
    let before = far(mix.far, draw);
    let mut ignore = millrace_match::Ignore;
    for message in &before {
        send(&mut book, 0, message, &mut ignore);
    }
    let mut made = Vec::with_capacity(count);
    while made.len() < count {
        let number = made.len();
        let mid = middle(mix, number, count);
        let (id, account) = (number as i64 + 1, draw.below(ACCOUNTS) as u32);
        let side = if draw.percent(50) { Side::Buy } else { Side::Sell };
        let sign = if side == Side::Buy { -1 } else { 1 };
        let size = 1 + draw.below(100) as i64;
        let what = draw.below(100);
        let [passive, crossing, ioc, market] = [mix.passive, mix.crossing, mix.ioc, mix.market];
        let full = live.orders.len() >= 20_000;
        let message = if live.orders.len() < 1_000 || (what < passive && !full) {
            Message::Limit { id, account, side, price: mid + sign * (1 + draw.near(mix.spread)), size, ioc: false }
        } else if what >= passive && what < passive + crossing + ioc {
            let immediate = what >= passive + crossing;
            Message::Limit { id, account, side, price: mid - sign * draw.near(10), size, ioc: immediate }
        } else if what >= passive && what < passive + crossing + ioc + market {
            Message::Market { id, account, side, size: size * 5 }
        } else {
            let (id, account, side, _) = live.orders[draw.below(live.orders.len() as u64) as usize];
            if what >= passive && what < passive + crossing + ioc + market + mix.amend {
                let sign = if side == Side::Buy { -1 } else { 1 };
                Message::Amend { id, account, price: mid + sign * (1 + draw.near(mix.spread)), size }
            } else {
                Message::Cancel { id, account }
            }
        };
        if send(&mut book, number as i64, &message, &mut live) {
            made.push(message);
        }
    }
    (before, made)
}

fn quantile(sorted: &[u32], of: f64) -> u32 {
    sorted.get(((sorted.len() - 1) as f64 * of) as usize).copied().unwrap_or_default()
}

/// ns between two reads of the clock with nothing between them.
fn clock_ns() -> u32 {
    let mut spent: Vec<u32> = (0..100_000)
        .map(|_| {
            let start = Instant::now();
            black_box(start.elapsed().as_nanos() as u32)
        })
        .collect();
    spent.sort_unstable();
    quantile(&spent, 0.5)
}

/// ns that this thread has run, where the system tells; other programs' share of the core is not in it.
fn cpu_ns() -> Option<u64> {
    std::fs::read_to_string("/proc/thread-self/schedstat").ok()?.split(' ').next()?.parse().ok()
}

struct Measured {
    rate: f64,
    cpu_rate: f64,
    latencies: Vec<u32>,
    tally: Tally,
}

fn measure(prepare: impl Fn() -> Book, messages: &[Message], repeats: usize) -> Measured {
    let (mut rate, mut cpu_rate) = (0_f64, 0_f64);
    for _ in 0..repeats {
        let (mut book, mut tally) = (prepare(), Tally::default());
        let (start, cpu) = (Instant::now(), cpu_ns());
        for (time, message) in messages.iter().enumerate() {
            send(&mut book, time as i64, message, &mut tally);
        }
        rate = rate.max(messages.len() as f64 / start.elapsed().as_secs_f64());
        if let (Some(from), Some(to)) = (cpu, cpu_ns()) {
            cpu_rate = cpu_rate.max(messages.len() as f64 / (to - from).max(1) as f64 * 1e9);
        }
        black_box(tally.sum);
    }
    let (mut book, mut tally) = (prepare(), Tally::default());
    let mut latencies = Vec::with_capacity(messages.len());
    for (time, message) in messages.iter().enumerate() {
        let start = Instant::now();
        send(&mut book, time as i64, message, &mut tally);
        latencies.push(start.elapsed().as_nanos().min(u128::from(u32::MAX)) as u32);
    }
    latencies.sort_unstable();
    Measured { rate, cpu_rate, latencies, tally }
}

fn print(name: &str, messages: usize, measured: &Measured, more: &str) {
    let Measured { rate, cpu_rate, latencies, tally } = measured;
    let [p50, p99, p999] = [0.5, 0.99, 0.999].map(|of| quantile(latencies, of));
    println!(
        "{{\"mix\":\"{name}\",\"messages\":{messages},\"fills\":{},\"messages_per_second\":{rate:.0},\"messages_per_cpu_second\":{cpu_rate:.0},\"p50_ns\":{p50},\"p99_ns\":{p99},\"p999_ns\":{p999},\"clock_ns\":{}{more}}}",
        tally.fills / 2,
        clock_ns()
    );
}

fn main() -> std::io::Result<()> {
    let mut arguments = std::env::args().skip(1).filter_map(|argument| argument.parse::<usize>().ok());
    let count = arguments.next().unwrap_or(2_000_000);
    let resting = arguments.next().unwrap_or(10_000_000);
    let only = std::env::args().nth(3);
    for mix in MIXES.into_iter().filter(|mix| only.as_ref().is_none_or(|name| name == mix.name)) {
        let mut draw = Draw(SEED);
        let (before, made) = messages(&mix, count, &mut draw);
        if let Some(file) = std::env::args().nth(4) {
            let bytes: Vec<u8> = before.iter().chain(&made).flat_map(Message::numbers).flat_map(i64::to_le_bytes).collect();
            std::fs::write(file, bytes)?;
        }
        let prepare = || {
            let (mut book, mut ignore) = (Book::new(Settings::default()), millrace_match::Ignore);
            before.iter().for_each(|message| {
                send(&mut book, 0, message, &mut ignore);
            });
            book
        };
        print(mix.name, count, &measure(prepare, &made, REPEATS), &format!(",\"before\":{}", before.len()));
    }
    if resting > 0 {
        large(count, resting);
    }
    Ok(())
}

/// The steady mix on a book with very many resting orders.
fn large(count: usize, resting: usize) {
    let mix = Mix { name: "many_resting", far: 0, ..STEADY };
    let mut draw = Draw(SEED);
    let before = far(resting, &mut draw);
    let (_, made) = messages(&mix, count, &mut draw);
    let bytes = std::cell::Cell::new(0);
    let prepare = || {
        let (mut book, mut ignore) = (Book::new(Settings::default()), millrace_match::Ignore);
        book.reserve(resting + count);
        before.iter().for_each(|message| {
            send(&mut book, 0, message, &mut ignore);
        });
        bytes.set(book.bytes());
        book
    };
    let measured = measure(prepare, &made, 1);
    print(mix.name, count, &measured, &format!(",\"resting\":{resting},\"bytes_per_order\":{}", bytes.get() / resting));
}
